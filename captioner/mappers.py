"""ClipCap's mapping networks (Mokady et al., 2021), the field's own baselines for the linear map.

Both take the image embedding scaled as the linear map does, and their prefix starts at the same mean norm.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from captioner.decoder import NARROW
from captioner.errors import InputError
from captioner.projection import Shape

FORMAT = 1


class Mapper(nn.Module, ABC):
    """Image embeddings [B, D] to prefix embeddings [B, k, W]: (x - mean) / deviation, a network, times a fixed gain."""

    kind: str

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.embedding))
        self.register_buffer("deviation", torch.ones(shape.embedding))
        self.register_buffer("gain", torch.ones(()))

    @abstractmethod
    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        """Scaled embeddings [B, D] to [B, k, W]."""

    @property
    def sizes(self) -> dict[str, int]:
        """What else than the shape tells how large the network is."""
        return {}

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        return self.gain * self.mapped((embeddings - self.mean) / self.deviation)

    @torch.no_grad()
    def start(self, embeddings: torch.Tensor, standardise: bool, norm: float) -> None:
        """Scale inputs by the training embeddings [N, D], and the gain so that the mean norm of a prefix is `norm`."""
        if standardise:
            self.mean.copy_(embeddings.mean(dim=0))
            self.deviation.copy_(embeddings.std(dim=0).clamp_min(1e-6))
        self.gain.mul_(norm / torch.cat([self(chunk).norm(dim=-1) for chunk in embeddings.split(1024)]).mean())

    def save(self, path: Path) -> None:
        """Write weights, kind and sizes as one safetensors file."""
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in self.state_dict().items()}
        told = {"format": FORMAT, "kind": self.kind, **asdict(self.shape), **self.sizes}
        save_file(state, path, metadata={"captioner.mapper": json.dumps(told)})

    @staticmethod
    def load(path: Path, device: torch.device) -> Mapper:
        """A saved network, without gradients; InputError where the file is missing or of another kind or version."""
        cure = "make it again with `dvc repro`"
        if not path.is_file():
            raise InputError(f"{path}: no such mapping network; {cure}")
        try:
            with safe_open(path, framework="pt") as file:
                told = json.loads((file.metadata() or {}).get("captioner.mapper", "{}"))
                if told.pop("format", None) != FORMAT:
                    raise InputError(f"{path}: no mapping network of format {FORMAT}; {cure}")
                kind = KINDS[told.pop("kind")]
                shape = Shape(*(told.pop(name) for name in ("embedding", "prefix_length", "width")))
                mapper = kind(shape, **told)
                mapper.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        except SafetensorError as error:
            raise InputError(f"{path}: damaged ({error}); {cure}") from error
        return mapper.eval().requires_grad_(False).to(device)


class Mlp(Mapper):
    """One hidden layer of k W / 2 units with tanh."""

    kind = "mlp"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        outputs = shape.prefix_length * shape.width
        self.network = nn.Sequential(
            nn.Linear(shape.embedding, outputs // 2), nn.Tanh(), nn.Linear(outputs // 2, outputs)
        )

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        return self.network(scaled).view(-1, self.shape.prefix_length, self.shape.width)


class Transformer(Mapper):
    """`slots` embeddings made from the image, then k learnt constants, through a transformer: what stands in the
    constants' places at the end is the prefix. Pre-norm, ReLU, inner width 2 W, no dropout.

    ValueError where W is no multiple of `heads`.
    """

    kind = "transformer"

    def __init__(self, shape: Shape, slots: int, layers: int, heads: int) -> None:
        super().__init__(shape)
        if shape.width % heads:
            raise ValueError(f"{heads} attention heads do not divide the decoder's width of {shape.width}")
        self.slots, self.layers, self.heads = slots, layers, heads
        self.linear = nn.Linear(shape.embedding, slots * shape.width)
        self.constants = nn.Parameter(torch.randn(shape.prefix_length, shape.width))
        layer = nn.TransformerEncoderLayer(
            shape.width, heads, 2 * shape.width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        for block in self.body.layers:  # copies of one layer otherwise
            for parameter in block.parameters():
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)

    @property
    def sizes(self) -> dict[str, int]:
        return {"slots": self.slots, "layers": self.layers, "heads": self.heads}

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        image = self.linear(scaled).view(-1, self.slots, self.shape.width)  # [B, slots, W]
        constants = self.constants.to(image.dtype).expand(len(image), -1, -1)  # [B, k, W]
        plain = scaled.device.type == "cpu" and self.shape.width <= NARROW
        with sdpa_kernel(SDPBackend.MATH) if plain else nullcontext():
            return self.body(torch.cat([image, constants], dim=1))[:, self.slots :]


KINDS: dict[str, type[Mapper]] = {"mlp": Mlp, "transformer": Transformer}
