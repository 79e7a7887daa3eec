"""Bridges that read a picture's patches: one linear layer from their mean, or one that all patches share."""

from __future__ import annotations

import torch
from torch import nn

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.linear import Projection


class OfPatches(Bridge):
    """Patch features [B, P, F] to prefix embeddings [B, k, W]; D of `Shape` is F, and all patches have one scaling."""


class Pooled(OfPatches, Projection):
    """The study's own linear map, of the mean over the patches instead of the encoder's embedding."""

    kind = "pooled"

    def read(self, embeddings: torch.Tensor) -> torch.Tensor:
        return embeddings.mean(dim=1)


class Patches(OfPatches):
    """One linear layer from a patch to k / P prefix embeddings, the same for all P patches, in the patches' order; a
    learnt bias for each of the k. With k = P it is LiMBeR's map (Merullo et al., 2023).

    ValueError where k is no multiple of P.
    """

    kind = "patches"

    def __init__(self, shape: Shape, patches: int) -> None:
        super().__init__(shape)
        if shape.prefix_length % patches:
            raise ValueError(f"a prefix of {shape.prefix_length} is no multiple of the {patches} patches")
        self.patches = patches
        self.linear = nn.Linear(shape.embedding, shape.prefix_length // patches * shape.width, bias=False)
        self.bias = nn.Parameter(torch.zeros(shape.prefix_length, shape.width))

    @property
    def sizes(self) -> dict[str, int]:
        return {"patches": self.patches}

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        return self.linear(scaled).view(-1, self.shape.prefix_length, self.shape.width) + self.bias

    @torch.no_grad()
    def enlarge(self, factor: torch.Tensor) -> None:
        self.linear.weight.mul_(factor)
        self.bias.mul_(factor)
