"""The interface of every captioner, and how many pictures are captioned by one."""

from __future__ import annotations

import resource
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from PIL import Image
from tqdm import tqdm

from captioner.captioning.captions import Caption
from captioner.foundation.checkpoints import Parts

GREY = (128, 128, 128)  # in the middle of the scale


class Captioner(ABC):
    """Pictures and a prompt in, greedy captions out: at each step the most likely token, by logits as the model gives
    them, their distribution taken in float32.
    """

    device: torch.device

    @abstractmethod
    def caption(self, pictures: Sequence[Image.Image], prompt: str, max_new_tokens: int) -> list[Caption]:
        """A caption of each picture after this prompt, in one batch, each ended by a stop token or by the cap; what the
        model says is the same in any batch. InputError where the prompt leaves no room for a caption.
        """

    @property
    @abstractmethod
    def vocabulary(self) -> int:
        """|V|, the rows of the output layer."""


@dataclass(frozen=True)
class Work:
    """Captions, the seconds that all of them took, reading included, and the most bytes held meanwhile."""

    captions: list[Caption]
    seconds: float
    memory: int


def caption_all(
    captioner: Captioner,
    load: Callable[[int], Image.Image],
    ids: Sequence[int],
    prompt: str,
    max_new_tokens: int,
    batch_size: int,
    label: str,
    parts: Parts,
) -> Work:
    """A caption of each of these pictures, in batches with progress.

    `parts` keeps each batch with what it took, so that an interrupted run goes on there.
    """
    done = list(parts.load())
    captions = [Caption(**fields) for part in done for fields in part["captions"]]
    with tqdm(total=len(ids), initial=len(captions), desc=label, unit=" captions", mininterval=1.0) as progress:
        for at in range(len(captions), len(ids), batch_size):
            began = time.perf_counter()
            pictures = [load(key) for key in ids[at : at + batch_size]]
            made = captioner.caption(pictures, prompt, max_new_tokens)
            done.append({"seconds": time.perf_counter() - began, "memory": peak_memory(captioner.device)})
            parts.add({"captions": [asdict(caption) for caption in made], **done[-1]})
            captions += made
            progress.update(len(made))
    return Work(captions, sum(part["seconds"] for part in done), max((part["memory"] for part in done), default=0))


def blank(size: tuple[int, int]) -> Image.Image:
    """A uniform grey picture of this width and height, which shows nothing."""
    return Image.new("RGB", size, GREY)


def peak_memory(device: torch.device) -> int:
    """The most bytes that this process has held so far: of a GPU's memory, or resident on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
