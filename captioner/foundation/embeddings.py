"""Image embeddings with their ids, in one safetensors file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


class Embeddings:
    """Unit-norm embeddings [N, D] (float32) of images by id."""

    def __init__(self, ids: Sequence[int], vectors: torch.Tensor) -> None:
        self.ids, self.vectors = list(ids), vectors
        self._row = {key: row for row, key in enumerate(self.ids)}

    def of(self, ids: Sequence[int]) -> torch.Tensor:
        """The embeddings of these images, in this order; KeyError for an image that was not embedded."""
        return self.vectors[torch.tensor([self._row[key] for key in ids], dtype=torch.long)]

    def save(self, path: Path) -> None:
        """Write ids and vectors."""
        save_file({"ids": torch.tensor(self.ids), "vectors": self.vectors.contiguous()}, path)

    @classmethod
    def load(cls, path: Path) -> Embeddings:
        """Saved embeddings."""
        tensors = load_file(path)
        return cls(tensors["ids"].tolist(), tensors["vectors"])
