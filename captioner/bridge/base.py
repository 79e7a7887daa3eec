"""What every map from image to prefix is: its sizes, the scaling of its inputs, its start."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Shape:
    """The sizes of a bridge: D, k, W."""

    embedding: int  # D, dimensions of an image embedding
    prefix_length: int  # k
    width: int  # W, dimensions of a token embedding


class Bridge(nn.Module, ABC):
    """Image embeddings [B, D] to prefix embeddings [B, k, W]: (x - mean) / deviation, then a network.

    The scaling is fixed; what is trained is the network.
    """

    kind: str

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.embedding))
        self.register_buffer("deviation", torch.ones(shape.embedding))

    @abstractmethod
    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        """Scaled embeddings [B, D] to [B, k, W]."""

    @abstractmethod
    def enlarge(self, factor: torch.Tensor) -> None:
        """Multiply what `mapped` gives by this factor."""

    def read(self, embeddings: torch.Tensor) -> torch.Tensor:
        """What the network reads [..., D] of what it is given of B images; here all of it."""
        return embeddings

    @property
    def sizes(self) -> dict[str, int]:
        """What else than the shape tells how large the network is."""
        return {}

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        return self.mapped((self.read(embeddings) - self.mean) / self.deviation)

    @torch.no_grad()
    def start(self, embeddings: torch.Tensor, standardise: bool, norm: float) -> None:
        """Scale inputs by what is given of the training images, outputs so that the mean norm of a prefix is `norm`."""
        if standardise:
            rows = self.read(embeddings).flatten(0, -2)
            self.mean.copy_(rows.mean(dim=0))
            self.deviation.copy_(rows.std(dim=0).clamp_min(1e-6))
        self.fit_norm(embeddings, norm)

    @torch.no_grad()
    def fit_norm(self, embeddings: torch.Tensor, norm: float) -> None:
        """Enlarge the output so that the mean norm of a prefix over these images is `norm`."""
        self.enlarge(norm / torch.cat([self(chunk).norm(dim=-1) for chunk in embeddings.split(1024)]).mean())


class Gained(Bridge):
    """A network times a gain that is fixed at the start, so that weights of any kind start as they are."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.register_buffer("gain", torch.ones(()))

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        return self.gain * super().forward(embeddings)

    @torch.no_grad()
    def enlarge(self, factor: torch.Tensor) -> None:
        self.gain.mul_(factor)
