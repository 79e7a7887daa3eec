"""Scores of captions against images: cosine of CLIP embeddings, CLIP-S and RefCLIP-S, derangements for a control,
entropy weights.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

DEPICTS = "A photo depicts "  # what CLIP-S puts in front of a text


def cosine_scores(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """100 x cosine of matching rows of unit-norm embeddings [N, D]: scores [N] in [-100, 100], not clipped."""
    return 100.0 * np.einsum("nd,nd->n", images.astype(np.float64), texts.astype(np.float64))


def clip_s(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """CLIP-S [N] in [0, 2.5]: 2.5 x max(cosine, 0) (Hessel et al., 2021), `texts` embedded with `DEPICTS` in front."""
    return 2.5 * np.clip(cosine_scores(images, texts) / 100, 0, None)


def ref_clip_s(own: np.ndarray, texts: np.ndarray, references: Sequence[np.ndarray]) -> np.ndarray:
    """RefCLIP-S [N]: the harmonic mean of CLIP-S (`own`) and of the greatest cosine with a reference, that one at least
    0.

    `texts` [N, D] and each image's `references` [R, D] are embedded with `DEPICTS` in front. As in the paper; the
    published code leaves out the 0, which matters where no reference is nearer than a right angle.
    """
    nearest = np.array(
        [
            float((several.astype(np.float64) @ text.astype(np.float64)).max())
            for several, text in zip(references, texts, strict=True)
        ]
    )
    nearest = np.clip(nearest, 0, None)
    total = own + nearest
    return np.divide(2 * own * nearest, total, out=np.zeros(len(total)), where=total > 0)


def derangement(count: int, seed: str) -> list[int]:
    """A random cyclic permutation (Sattolo's algorithm): no position keeps its own; ValueError for fewer than two."""
    if count < 2:
        raise ValueError("a derangement needs at least two items")
    rng = random.Random(seed)
    order = list(range(count))
    for index in range(count - 1, 0, -1):
        other = rng.randrange(index)
        order[index], order[other] = order[other], order[index]
    return order


def entropy_weight(entropies: Sequence[float], vocabulary: int) -> float:
    """1 - mean entropy / ln |V| of one caption's tokens (nats), clipped to [0, 1]: near 1 where the model is sure.

    |V| is the number of rows of the output layer. ValueError without tokens.
    """
    if not entropies:
        raise ValueError("a caption without tokens has no entropy")
    mean = sum(entropies) / len(entropies)
    return min(1.0, max(0.0, 1.0 - mean / math.log(vocabulary)))
