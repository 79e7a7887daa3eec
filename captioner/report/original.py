"""The table that the original project printed, and what its own arithmetic allows it to say.

The printed figures are quoted, not results of this study; all that follows from them is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from captioner.statistics.pairwise import holm

IMAGES = 1064  # COCO val2017 images of its table


@dataclass(frozen=True)
class Printed:
    """One row of the original's table, as printed."""

    text: str
    mean: float  # 100 x cosine
    sd: float
    wins: int  # of its images
    weighted: float  # "entropy-weighted score"


TABLE = (
    Printed("A detailed photo of", 17.763, 3.65, 202, 44.851),
    Printed("This image shows", 17.785, 3.59, 208, 44.227),
    Printed("A realistic image of", 18.205, 2.99, 185, 46.313),
    Printed("An image of", 18.104, 3.63, 244, 46.336),
    Printed("A picture that depicts", 18.356, 3.23, 225, 46.244),
)


@dataclass(frozen=True)
class Recomputed:
    """What follows from the printed table, its images taken as independent samples (it prints no pairs)."""

    least_ratio: float  # weighted over plain mean; a mean of weights in [0, 1] could not exceed 1
    greatest_ratio: float
    explained: float  # eta squared: share of the variance that the prompts explain
    pairs: int
    certain_pairs: int  # pairs of prompts that differ after Holm, at 5 %
    wins_p: float  # chi-squared test that all prompts win equally often


def recomputed() -> Recomputed:
    """The arithmetic of the printed table."""
    ratios = [row.weighted / row.mean for row in TABLE]
    means, variances = np.array([row.mean for row in TABLE]), np.array([row.sd**2 for row in TABLE])
    between = IMAGES * ((means - means.mean()) ** 2).sum()
    within = (IMAGES - 1) * variances.sum()
    tests = [
        stats.ttest_ind_from_stats(a.mean, a.sd, IMAGES, b.mean, b.sd, IMAGES, equal_var=False).pvalue
        for a, b in combinations(TABLE, 2)
    ]
    return Recomputed(
        least_ratio=min(ratios),
        greatest_ratio=max(ratios),
        explained=float(between / (between + within)),
        pairs=len(tests),
        certain_pairs=int((holm(np.array(tests)) < 0.05).sum()),
        wins_p=float(stats.chisquare([row.wins for row in TABLE]).pvalue),
    )
