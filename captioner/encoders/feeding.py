"""Pictures read, decoded and made ready by worker processes while the model is at work, by torch's own DataLoader."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from captioner.foundation.errors import InputError

MOST_WORKERS = 32


class Pictures(Dataset):
    """The pictures of these ids, each read and made ready once; an InputError is handed on as what came of it."""

    def __init__(
        self, load: Callable[[int], Image.Image], ready: Callable[[Image.Image], torch.Tensor], ids: Sequence[int]
    ) -> None:
        self.load, self.ready, self.ids = load, ready, ids

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, row: int) -> torch.Tensor | InputError:
        try:
            return self.ready(self.load(self.ids[row]))
        except InputError as error:
            return error


def together(items: Sequence[torch.Tensor | InputError]) -> torch.Tensor | InputError:
    """A batch, or the first error in it."""
    return next((item for item in items if isinstance(item, InputError)), None) or torch.stack(items)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_beside(device: torch.device) -> int:
    """Processes that feed a model on this device: all cores but one beside a GPU; half of them on a CPU, where the
    model is at work on the same ones.
    """
    return min(MOST_WORKERS, max(1, cores() // 2 if device.type == "cpu" else cores() - 1))


def batches(pictures: Pictures, batch_size: int, workers: int, device: torch.device) -> Iterator[torch.Tensor]:
    """The pictures in batches, in their order; the InputError of the first that cannot be used.

    `workers` 0 reads them in this process. For a GPU the batches lie in pinned memory.
    """
    loader = DataLoader(
        pictures, batch_size, num_workers=min(workers, -(-len(pictures) // batch_size)), collate_fn=together,
        pin_memory=device.type == "cuda",
    )  # fmt: skip
    for batch in loader:
        if isinstance(batch, InputError):
            raise batch
        yield batch
