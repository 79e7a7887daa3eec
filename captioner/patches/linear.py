"""Bridges that read a picture's patches: one linear layer from their mean, or one that all patches share."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

import torch
from torch import nn

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.files import CURE, KINDS, load_bridge
from captioner.foundation.errors import InputError


class OfPatches(Bridge):
    """Patch features [B, P, F] to prefix embeddings [B, k, W]; D of `Shape` is F."""

    @abstractmethod
    def read(self, features: torch.Tensor) -> torch.Tensor:
        """What the network reads of patch features [B, P, F]."""

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        return super().forward(self.read(embeddings))

    @torch.no_grad()
    def start(self, embeddings: torch.Tensor, standardise: bool, norm: float) -> None:
        """As every bridge's, from the training images' features [N, P, F]; one scaling for all patches."""
        if standardise:
            rows = self.read(embeddings).flatten(0, -2)
            self.mean.copy_(rows.mean(dim=0))
            self.deviation.copy_(rows.std(dim=0).clamp_min(1e-6))
        self.fit_norm(embeddings, norm)


class Pooled(OfPatches):
    """The study's own linear map, of the mean over the patches instead of the encoder's embedding."""

    kind = "pooled"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.linear = nn.Linear(shape.embedding, shape.prefix_length * shape.width)
        nn.init.zeros_(self.linear.bias)

    def read(self, features: torch.Tensor) -> torch.Tensor:
        return features.mean(dim=1)

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        return self.linear(scaled).view(-1, self.shape.prefix_length, self.shape.width)

    @torch.no_grad()
    def enlarge(self, factor: torch.Tensor) -> None:
        self.linear.weight.mul_(factor)
        self.linear.bias.mul_(factor)


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

    def read(self, features: torch.Tensor) -> torch.Tensor:
        return features

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        return self.linear(scaled).view(-1, self.shape.prefix_length, self.shape.width) + self.bias

    @torch.no_grad()
    def enlarge(self, factor: torch.Tensor) -> None:
        self.linear.weight.mul_(factor)
        self.bias.mul_(factor)


KINDS.update({kind.kind: kind for kind in (Pooled, Patches)})  # `load_bridge` opens these too


def load_of_patches(path: Path, device: torch.device) -> OfPatches:
    """A saved bridge that reads patches, without gradients; InputError where it is missing, damaged or of others."""
    bridge = load_bridge(path, device)
    if not isinstance(bridge, OfPatches):
        raise InputError(f"{path}: a map of the kind {bridge.kind!r}, which reads no patches; {CURE}")
    return bridge
