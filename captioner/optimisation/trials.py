"""Candidates tried on the same instances in the same order, so that every comparison is paired.

An instance is one image captioned by one of several trained maps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NoReturn

import numpy as np
import torch

from captioner.captioning.captions import Caption
from captioner.foundation.checkpoints import Parts
from captioner.foundation.errors import InputError


def ordered_instances(images: int, maps: int, seed: int) -> np.ndarray:
    """All images x maps as rows (image, map) [images * maps, 2], shuffled by image.

    The first `images` rows show every image once, the next ones once more by the next map, so that few instances
    already spread over many images and over all maps.
    """
    order = np.random.default_rng([seed, images, maps]).permutation(images)
    return np.concatenate([np.stack([order, (np.arange(images) + shift) % maps], axis=1) for shift in range(maps)])


class Trials:
    """Makes and measures captions, instance after instance, and counts them; never the same one twice.

    `words` captions prefixes [n, k, W] after each of some prompts; `measure` gives M measures [n, M] of captions of the
    images at n different places; a caption is worth their sum by `weights` [M]. `parts` keeps what was measured, so
    that an interrupted search goes on there with the same result.
    """

    def __init__(
        self,
        words: Callable[[torch.Tensor, Sequence[str]], Sequence[Sequence[Caption]]],
        measure: Callable[[Sequence[int], Sequence[Caption]], np.ndarray],
        weights: Sequence[float],
        prefixes: torch.Tensor,
        instances: np.ndarray,
        batch_size: int,
        parts: Parts | None = None,
    ) -> None:
        """`prefixes` [S, N, k, W] of N images by S maps; `instances` as `ordered_instances` gives them, or those of
        some of the images.
        """
        self._words, self._measure, self._weights = words, measure, np.array(weights)
        self._prefixes, self.instances, self._batch_size = prefixes, instances, batch_size
        self._parts = parts
        self._known: dict[str, list[list[float]]] = {}
        self._asked: dict[str, int] = {}
        self.spent = 0
        for text, rows in parts.load() if parts else ():
            self._known.setdefault(text, []).extend(rows)

    def __len__(self) -> int:
        return len(self.instances)

    def values(self, text: str, count: int) -> np.ndarray:
        """The worth [count] of the prompt's captions of the first instances; what is new is counted in `spent`."""
        self.ahead([text], count)
        known = self._known[text]
        self.spent += max(0, count - self._asked.get(text, 0))
        self._asked[text] = max(count, self._asked.get(text, 0))
        return np.array(known[:count]) @ self._weights

    def group(self, text: str, count: int) -> int:
        """How many prompts that have seen as much as this one go through the decoder together."""
        return max(1, self._batch_size // max(1, count - len(self._known.get(text, []))))

    def ahead(self, texts: Sequence[str], count: int) -> None:
        """Try several prompts on the first instances at once, for `values` to be asked for later."""
        by_length: dict[int, list[str]] = {}
        for text in texts:
            by_length.setdefault(len(self._known.setdefault(text, [])), []).append(text)
        for length, several in by_length.items():
            if length >= count:
                continue
            tried = [self._tried(several, at, end) for at, end in self._pieces(length, count)]  # [pieces][P][n][M]
            for place, text in enumerate(several):
                new = [row for piece in tried for row in piece[place]]
                self._known[text] += new
                if self._parts:
                    self._parts.add([text, new])

    def measured(self, text: str, count: int) -> np.ndarray:
        """The measures [count, M] of the prompt's captions of the first instances, which `values` was asked for."""
        return np.array(self._known[text][:count])

    def _pieces(self, start: int, end: int) -> list[tuple[int, int]]:
        """Batches in which no image stands twice."""
        images = len(np.unique(self.instances[:, 0]))
        cuts = sorted({start, end, *(cut for cut in range(0, len(self), images) if start < cut < end)})
        return [
            (at, min(at + self._batch_size, last))
            for first, last in pairwise(cuts)
            for at in range(first, last, self._batch_size)
        ]

    def _tried(self, texts: Sequence[str], start: int, end: int) -> list[list[list[float]]]:
        places, maps = self.instances[start:end].T
        prefix = self._prefixes[torch.from_numpy(maps), torch.from_numpy(places)]  # [n, k, W]
        return [self._measure(places.tolist(), captions).tolist() for captions in self._words(prefix, texts)]


class Replayed(Trials):
    """Trials whose values are known: a search on them costs nothing and goes as it would have gone."""

    def __init__(self, values: Mapping[str, np.ndarray], instances: np.ndarray) -> None:
        """`values` [S, N] of each prompt, by S maps of N images."""
        shape = next(iter(values.values())).shape
        super().__init__(_never, _never, [1.0], torch.zeros(*shape, 0, 0), instances, len(instances))
        self._values = values

    def _tried(self, texts: Sequence[str], start: int, end: int) -> list[list[list[float]]]:
        images, maps = self.instances[start:end].T
        return [[[value] for value in self._values[text][maps, images].tolist()] for text in texts]


def _never(*_: object) -> NoReturn:
    raise AssertionError("nothing is captioned anew")


def check_prompts(texts: Sequence[str], tokens: Callable[[str], int], room: int) -> None:
    """InputError that names the prompts of more tokens than there is room for."""
    too_long = [text for text in texts if tokens(text) > room]
    if too_long:
        shown = ", ".join(repr(text if len(text) <= 40 else text[:40] + "...") for text in too_long[:3])
        raise InputError(
            f"candidates: {len(too_long)} of {len(texts)} prompts have more than the {room} tokens for which the "
            f"decoder has room: {shown}; shorten or remove them"
        )
