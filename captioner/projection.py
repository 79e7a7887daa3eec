"""The one trained part: a linear map from an image embedding to k prefix embeddings of the decoder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from captioner.errors import InputError

FORMAT = 1


@dataclass(frozen=True)
class Shape:
    """The sizes of a projection: D, k, W."""

    embedding: int  # D, dimensions of an image embedding
    prefix_length: int  # k
    width: int  # W, dimensions of a token embedding


class Projection(nn.Module):
    """Image embeddings [B, D] to prefix embeddings [B, k, W]: (x - mean) / deviation, then one linear layer.

    The scaling is fixed, so that the whole is one affine map of the embedding.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.embedding))
        self.register_buffer("deviation", torch.ones(shape.embedding))
        self.linear = nn.Linear(shape.embedding, shape.prefix_length * shape.width)

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        scaled = (embeddings - self.mean) / self.deviation  # [B, D]
        return self.linear(scaled).view(-1, self.shape.prefix_length, self.shape.width)

    @torch.no_grad()
    def start(self, embeddings: torch.Tensor, standardise: bool, norm: float) -> None:
        """Scale inputs by the training embeddings [N, D], weights so that the mean norm of a prefix is `norm`."""
        if standardise:
            self.mean.copy_(embeddings.mean(dim=0))
            self.deviation.copy_(embeddings.std(dim=0).clamp_min(1e-6))
        self.linear.bias.zero_()
        self._scale(embeddings, norm)

    @torch.no_grad()
    def start_by_ridge(
        self, embeddings: torch.Tensor, targets: Iterator[torch.Tensor], ridge: float, norm: float
    ) -> None:
        """Weights and bias by ridge regression of `targets` on the scaled training embeddings [N, D], then scaled so
        that the mean norm of a prefix is `norm`; call `start` first.

        `targets` gives the wanted prefixes [n, k, W] of successive embeddings, a chunk at a time. With X the scaled
        and centred embeddings, W = (X'X + ridge * tr(X'X) / D * I)^-1 X'Y (Hoerl and Kennard, 1970); a closed-form
        start of a map from CLIP to a language model's tokens is SITTA's (Paischer et al., 2023).
        """
        scaled = (embeddings - self.mean) / self.deviation  # [N, D]
        middle = scaled.mean(dim=0)  # [D]
        scaled = (scaled - middle).double()
        gram = scaled.T @ scaled  # [D, D]
        gram.diagonal().add_(ridge * gram.diagonal().mean())
        product = torch.zeros(scaled.shape[1], self.linear.out_features, dtype=torch.float64, device=scaled.device)
        total, done = torch.zeros_like(product[0]), 0
        for chunk in targets:
            wanted = chunk.flatten(1).double().to(scaled.device)  # [n, kW]
            product += scaled[done : done + len(chunk)].T @ wanted
            total += wanted.sum(dim=0)
            done += len(chunk)
        weight = torch.linalg.solve(gram, product).T  # [kW, D]; X is centred, so Y need not be
        self.linear.weight.copy_(weight)
        self.linear.bias.copy_(total / done - weight @ middle.double())
        self._scale(embeddings, norm)

    def _scale(self, embeddings: torch.Tensor, norm: float) -> None:
        factor = norm / torch.cat([self(chunk).norm(dim=-1) for chunk in embeddings.split(4096)]).mean()
        self.linear.weight.mul_(factor)
        self.linear.bias.mul_(factor)

    def save(self, path: Path) -> None:
        """Write weights and shape as one safetensors file."""
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in self.state_dict().items()}
        save_file(state, path, metadata={"captioner.projection": json.dumps({"format": FORMAT, **asdict(self.shape)})})

    @classmethod
    def load(cls, path: Path, device: torch.device) -> Projection:
        """A saved projection, without gradients; InputError where the file is missing or of another kind or version."""
        if not path.is_file():
            raise InputError(f"{path}: no such projection; run `dvc repro project`")
        try:
            with safe_open(path, framework="pt") as file:
                header = json.loads((file.metadata() or {}).get("captioner.projection", "{}"))
                if header.pop("format", None) != FORMAT:
                    raise InputError(
                        f"{path}: no projection of format {FORMAT}; make it again with `dvc repro project`"
                    )
                projection = cls(Shape(**header))
                projection.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        except SafetensorError as error:
            raise InputError(f"{path}: damaged ({error}); make it again with `dvc repro project`") from error
        return projection.eval().requires_grad_(False).to(device)


def untrained(shape: Shape, seed: int) -> Projection:
    """A projection as torch initialises it: what the original study's results came from."""
    torch.manual_seed(seed)
    return Projection(shape).eval().requires_grad_(False)
