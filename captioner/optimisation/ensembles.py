"""All prompts at once: for every image one of the captions that several prompts gave it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from captioner.scores.metrics import Cider, Idf, Tokens


def consensus(captions: Sequence[Sequence[Tokens]], idf: Idf) -> np.ndarray:
    """For each of N images the place [N] of the caption that agrees best with all P prompts' captions [P][N].

    Minimum Bayes risk with CIDEr-D as the gain and the prompts' captions as the sample, equally likely (Kumar and
    Byrne, 2004; for captions Devlin et al., 2015). Of equal ones the first.
    """
    cider = Cider([list(several) for several in zip(*captions, strict=True)], idf)
    return np.stack([cider.scores(one) for one in captions]).argmax(axis=0)


def reranked(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """For each of N images the place [N] of the caption nearest to it by cosine, of P prompts' captions.

    `images` [N, D] and `texts` [P, N, D] are unit-norm embeddings of one CLIP; of equal ones the first.
    """
    return np.einsum("nd,pnd->pn", images, texts).argmax(axis=0)


def picked(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The values [..., N] at each image's place [..., N], of values [P, ..., N]."""
    return np.take_along_axis(values, places[None], axis=0)[0]
