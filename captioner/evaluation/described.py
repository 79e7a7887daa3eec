"""What the judge makes of texts: the captions in three forms, and the references, embedded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from captioner.captioning.captions import Caption
from captioner.encoders.encoder import Encoder
from captioner.scores.similarity import DEPICTS


@dataclass(frozen=True)
class Texts:
    """The judge's unit-norm embeddings [N, D] of captions: alone, after "A photo depicts", after their own prompt."""

    alone: np.ndarray
    depicted: np.ndarray
    prompted: np.ndarray

    @classmethod
    def of(cls, captions: Sequence[Caption], judge: Encoder) -> Texts:
        """Embed these captions; equal texts once."""
        return cls.of_each([captions], judge)[0]

    @classmethod
    def of_each(cls, several: Sequence[Sequence[Caption]], judge: Encoder) -> list[Texts]:
        """Embed several sets of captions together; a text that stands in more than one of them once."""
        forms = [
            form
            for captions in several
            for form in (
                [caption.text for caption in captions],
                [DEPICTS + caption.text for caption in captions],
                [caption.text_with_prompt for caption in captions],
            )
        ]
        vectors = judge.encode_texts([text for form in forms for text in form]).numpy()
        parts = iter(np.split(vectors, np.cumsum([len(form) for form in forms])[:-1]))
        return [cls(*parted) for parted in zip(parts, parts, parts, strict=True)]


class References:
    """The judge's unit-norm embeddings of every reference of each image, after "A photo depicts"."""

    def __init__(self, ids: Sequence[int], vectors: torch.Tensor) -> None:
        """`ids` [M]: the image of each reference, those of one image in a row; `vectors` [M, D]."""
        self.ids, self.vectors = list(ids), vectors
        self._rows: dict[int, list[int]] = {}
        for row, key in enumerate(self.ids):
            self._rows.setdefault(key, []).append(row)

    @classmethod
    def embed(cls, references: Mapping[int, Sequence[str]], judge: Encoder) -> References:
        """Embed the references of these images, in the order of the ids."""
        pairs = [(key, text) for key in sorted(references) for text in references[key]]
        return cls([key for key, _ in pairs], judge.encode_texts([DEPICTS + text for _, text in pairs]))

    def of(self, ids: Sequence[int]) -> list[np.ndarray]:
        """The embeddings [R, D] of each of these images; KeyError for an image that was not embedded."""
        return [self.vectors[self._rows[key]].numpy() for key in ids]

    def save(self, path: Path) -> None:
        """Write ids and vectors."""
        save_file({"ids": torch.tensor(self.ids), "vectors": self.vectors.contiguous()}, path)

    @classmethod
    def load(cls, path: Path) -> References:
        """Saved embeddings."""
        tensors = load_file(path)
        return cls(tensors["ids"].tolist(), tensors["vectors"])
