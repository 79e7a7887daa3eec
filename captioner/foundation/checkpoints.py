"""What an interrupted computation goes on from: the state of a training, or the finished parts of a long list.

Either lies in a folder outside the pipeline's outputs (DVC deletes those before a run) whose name carries a hash of
code, parameters and inputs, so that what another computation has left is never taken up.
"""

from __future__ import annotations

import errno
import pickle
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from captioner.foundation.atomic import replacing

DAMAGE = (RuntimeError, EOFError, ValueError, LookupError, pickle.UnpicklingError, zipfile.BadZipFile, zlib.error)


def _loaded(path: Path) -> Any:
    """What a file holds; None, after a word and without the file, where it is damaged: it only saves time.

    torch does not look at the checksums that it writes, so that a changed byte of a tensor would be taken for a weight.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if (name := archive.testzip()) is not None:
                raise zipfile.BadZipFile(name)
        return torch.load(path, weights_only=True)
    except (*DAMAGE, OSError) as error:  # as zipfile and torch tell it; a position before the file's start is EINVAL
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        print(f"warning: {path}: damaged ({type(error).__name__}); removed, its part is made again", file=sys.stderr)
        path.unlink()
        return None


class Checkpoints:
    """The newest state of one training."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.pt"

    def load(self) -> dict | None:
        """The newest state, or None where there is none or it is damaged."""
        return _loaded(self.path) if self.path.exists() else None

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
        """The parts that are done, up to the first that is damaged; those after it are removed with it."""
        paths = self._paths()
        for number, path in enumerate(paths):
            part = _loaded(path)
            if part is None:
                for later in paths[number + 1 :]:
                    later.unlink()
                return
            yield part

    def add(self, part: Any) -> None:
        """Keep one more part (tensors, numbers, texts, lists and dictionaries of them), whole or not at all."""
        with replacing(self.folder / f"part-{len(self._paths()):06d}.pt") as partial:
            torch.save(part, partial)
