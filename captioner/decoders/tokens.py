"""Captions tokenised once: flat arrays of token ids for every form that a caption takes after a prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file, save_file

from captioner.decoders.vocabulary import FORMS, Vocabulary, formed

if TYPE_CHECKING:
    import torch

IGNORED = -100  # label of a position that is not trained: prefix, prompt, padding
CHUNK = 20_000  # captions tokenised at a time


class TokenTable:
    """The tokenised captions of many images.

    `images` [N] are ids in ascending order; `rows` [N + 1] delimits the captions of each image; for each form, `ids`
    (int32) holds all tokens of all captions in a row and `bounds` [C + 1] delimits the captions.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.images = arrays["images"]
        self.rows = arrays["rows"]
        self.ids = {form: arrays[f"{form}.ids"] for form in FORMS}
        self.bounds = {form: arrays[f"{form}.bounds"] for form in FORMS}
        self._place = {int(key): index for index, key in enumerate(self.images)}

    @classmethod
    def build(cls, captions: Mapping[int, Sequence[str]], vocabulary: Vocabulary) -> TokenTable:
        """Tokenise the captions of each image in all forms."""
        keys = sorted(captions)
        arrays = {
            "images": np.array(keys, dtype=np.int64),
            "rows": np.cumsum([0, *(len(captions[key]) for key in keys)], dtype=np.int64),
        }
        for form in FORMS:
            texts = [formed(text, form) for key in keys for text in captions[key]]
            ids, lengths = [], [0]
            for at in range(0, len(texts), CHUNK):
                encoded = vocabulary.encode(texts[at : at + CHUNK])
                ids.append(np.array([token for row in encoded for token in row], dtype=np.int32))
                lengths += map(len, encoded)
            arrays[f"{form}.ids"] = np.concatenate([np.zeros(0, dtype=np.int32), *ids])
            arrays[f"{form}.bounds"] = np.cumsum(lengths, dtype=np.int64)
        return cls(arrays)

    def save(self, path: Path) -> None:
        """Write the table as one safetensors file."""
        arrays = {"images": self.images, "rows": self.rows}
        for form in FORMS:
            arrays[f"{form}.ids"], arrays[f"{form}.bounds"] = self.ids[form], self.bounds[form]
        save_file(arrays, path)

    @classmethod
    def load(cls, path: Path) -> TokenTable:
        """A saved table."""
        return cls(load_file(path))

    def longest(self) -> int:
        """Tokens of the longest caption in any form."""
        return max(int(np.diff(bounds).max(initial=0)) for bounds in self.bounds.values())

    def captions_of(self, image_id: int) -> int:
        """How many captions this image has."""
        place = self._place[image_id]
        return int(self.rows[place + 1] - self.rows[place])

    def caption(self, image_id: int, which: int, form: str) -> np.ndarray:
        """The token ids of one caption of an image, in one form."""
        row = self.rows[self._place[image_id]] + which
        return self.ids[form][self.bounds[form][row] : self.bounds[form][row + 1]]


def batch(captions: Sequence[np.ndarray], stop: int, stop_token: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """Captions as input ids [B, T] and labels [B, T + 1].

    The label at column t is the token that follows t caption tokens; the last is the stop token, unless `stop_token`
    is false. Padding is masked in the labels by `IGNORED` and is the stop token in the inputs, where the causal mask
    keeps it from every trained position.
    """
    import torch

    longest = max(map(len, captions))
    inputs = torch.full((len(captions), longest), stop)
    labels = torch.full((len(captions), longest + 1), IGNORED)
    for row, ids in enumerate(captions):
        tokens = torch.from_numpy(ids.astype(np.int64))
        inputs[row, : len(ids)] = tokens
        labels[row, : len(ids)] = tokens
        if stop_token:
            labels[row, len(ids)] = stop
    return inputs, labels


def prefix_targets(
    table: TokenTable, images: Sequence[int], embedding: torch.Tensor, length: int, chunk: int = 2048
) -> Iterator[torch.Tensor]:
    """For each image a wanted prefix of k = `length` embeddings, in chunks [n, k, W]: what its captions say there.

    Place j is the mean, over the image's captions, of the embedding of the token at the share (j + 1/2) / k of the
    caption; `embedding` [V, W] is the decoder's `embeddings`.
    """
    import torch

    shares = (np.arange(length) + 0.5) / length
    for at in range(0, len(images), chunk):
        rows = []
        for image in images[at : at + chunk]:
            captions = [table.caption(image, which, "alone") for which in range(table.captions_of(image))]
            picked = [ids[(shares * len(ids)).astype(np.int64)] for ids in captions if len(ids)]
            rows.append(embedding[torch.from_numpy(np.stack(picked).astype(np.int64))].mean(dim=0))  # [k, W]
        yield torch.stack(rows)
