"""How prompts go together: by the image that a caption retrieves, by what captions mean, by where they succeed.

Every figure is reduced to one value an image, so that all are resampled alike. A mean over pairs of different images is
linearised (Hajek): its value of an image is the mean over the pairs that the image is part of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from captioner.statistics.intervals import Bootstrap, Interval


def matched(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The cosine [N] of matching rows of unit-norm vectors [N, D]."""
    return np.einsum("nd,nd->n", left, right)


def crossed(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The mean cosine over all pairs of different rows of [N, D], linearised to one value a row [N].

    Its mean is exactly the mean over the N (N - 1) pairs. ValueError for fewer than two rows.
    """
    count = len(left)
    if count < 2:
        raise ValueError("pairs of different images need two images at least")
    own = matched(left, right)
    first = (left @ right.sum(axis=0) - own) / (count - 1)
    second = (right @ left.sum(axis=0) - own) / (count - 1)
    return first + second - first.mean()


def retrieved(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """For each caption, the row [N] of the image that fits it best, its own left out; images and texts [N, D]."""
    scores = texts @ images.T
    np.fill_diagonal(scores, -np.inf)
    return scores.argmax(axis=1)


@dataclass(frozen=True)
class Together:
    """One prompt (row) with another (column).

    `compatibility`: 100 x cosine of the other's caption with the image that this one's caption retrieves; `chance` is
    its mean over pairs of different images and `lift` what is above that. `agreement`: cosine of both captions of one
    image, rescaled to 0 where it is that of different images and 1 where they are the same; NaN where all are one.
    """

    compatibility: float
    chance: float
    lift: Interval
    agreement: Interval


def together(images: np.ndarray, texts: np.ndarray, bootstrap: Bootstrap) -> list[list[Together]]:
    """All pairs of prompts [P][P] for images [N, D] and captions [P, S, N, D], unit-norm.

    The diagonal of `compatibility` is biased: the caption that chooses the image is the one that is scored.
    """
    prompts, seeds = texts.shape[:2]
    images, texts = images.astype(np.float64), texts.astype(np.float64)
    found = images[[[retrieved(images, texts[p, s]) for s in range(seeds)] for p in range(prompts)]]  # [P, S, N, D]

    def both(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pairs = list(zip(left, right, strict=True))
        return np.stack([matched(*pair) for pair in pairs]), np.stack([crossed(*pair) for pair in pairs])

    rows = []
    for p in range(prompts):
        fits, chances, same, other = (np.stack(several) for several in zip(  # [P, S, N] each
            *((*both(found[p], texts[q]), *both(texts[p], texts[q])) for q in range(prompts)), strict=True
        ))  # fmt: skip
        lifts = bootstrap.intervals(100 * (fits - chances))
        agreements = [
            bootstrap.ratio(one - two, 1 - two) if 1 - two.mean() > 1e-6 else Interval(np.nan, np.nan, np.nan)
            for one, two in zip(same, other, strict=True)
        ]
        rows.append(
            [
                Together(100 * float(fits[q].mean()), 100 * float(chances[q].mean()), lifts[q], agreements[q])
                for q in range(prompts)
            ]
        )
    return rows


def double_centred(table: np.ndarray) -> np.ndarray:
    """A table [P, P] less its row and column means, plus its mean: what neither row nor column explains."""
    return table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()


def success(scores: np.ndarray) -> np.ndarray:
    """Spearman's correlation [P, P] over images of scores [P, N]; NaN for a prompt with the same score everywhere."""
    ranks = stats.rankdata(scores, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    spread = np.sqrt((ranks**2).sum(axis=1))
    bottom = np.outer(spread, spread)
    return np.divide(ranks @ ranks.T, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0)
