"""The study's own bridge: a linear map from an image embedding to k prefix embeddings of the decoder."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from captioner.bridge.base import Bridge, Shape


class Projection(Bridge):
    """One linear layer; with the fixed scaling before it, an affine map of the embedding."""

    kind = "linear"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.linear = nn.Linear(shape.embedding, shape.prefix_length * shape.width)

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        return self.linear(scaled).view(-1, self.shape.prefix_length, self.shape.width)

    @torch.no_grad()
    def enlarge(self, factor: torch.Tensor) -> None:
        self.linear.weight.mul_(factor)
        self.linear.bias.mul_(factor)

    @torch.no_grad()
    def start(self, embeddings: torch.Tensor, standardise: bool, norm: float) -> None:
        """As every bridge's, with a bias of zero."""
        self.linear.bias.zero_()
        super().start(embeddings, standardise, norm)

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
        self.fit_norm(embeddings, norm)


def untrained(shape: Shape, seed: int) -> Projection:
    """A projection as torch initialises it: what the original study's results came from."""
    torch.manual_seed(seed)
    return Projection(shape).eval().requires_grad_(False)
