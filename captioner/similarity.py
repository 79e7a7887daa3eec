"""Scores of captions against images: cosine of CLIP embeddings, a derangement for a control, entropy weights."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np


def cosine_scores(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """100 x cosine of matching rows of unit-norm embeddings [N, D]: scores [N] in [-100, 100], not clipped."""
    return 100.0 * np.einsum("nd,nd->n", images.astype(np.float64), texts.astype(np.float64))


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
