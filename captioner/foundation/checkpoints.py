"""What an interrupted computation goes on from: the state of a training, or the finished parts of a long list.

Either lies in a folder outside the pipeline's outputs (DVC deletes those before a run) whose name carries a hash of
code, parameters and inputs, so that what another computation has left is never taken up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from captioner.foundation.atomic import replacing


class Checkpoints:
    """The newest state of one training."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.pt"

    def load(self) -> dict | None:
        """The newest state, or None where there is none."""
        return torch.load(self.path, weights_only=True) if self.path.exists() else None

    def save(self, state: dict) -> None:
        """Replace the state, whole or not at all."""
        with replacing(self.path) as partial:
            torch.save(state, partial)


class Parts:
    """The finished parts of one computation, in order, each a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.pt"))

    def load(self) -> Iterator[Any]:
        """The parts that are done."""
        for path in self._paths():
            yield torch.load(path, weights_only=True)

    def add(self, part: Any) -> None:
        """Keep one more part (tensors, numbers, texts, lists and dictionaries of them), whole or not at all."""
        with replacing(self.folder / f"part-{len(self._paths()):06d}.pt") as partial:
            torch.save(part, partial)
