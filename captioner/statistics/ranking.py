"""Rankings of prompts: how sure a rank is, min-max scores, and scores weighted by the model's certainty."""

from __future__ import annotations

import numpy as np
from scipy import stats

from captioner.statistics.intervals import Bootstrap, Interval


def rank_probabilities(draws: np.ndarray) -> np.ndarray:
    """For resampled scores [P, R], the share [P, P] of resamples in which each prompt (row) has each rank, 1 the best.

    Equal scores share their ranks evenly. Rows and columns add up to 1.
    """
    above = (draws[None] > draws[:, None]).sum(axis=1)  # [P, R]: prompts that are strictly better
    equal = (draws[None] == draws[:, None]).sum(axis=1)
    ranks = np.arange(len(draws))[:, None, None]  # [P, 1, 1]
    return (((ranks >= above) & (ranks < above + equal)) / equal).mean(axis=2).T


def normalised(values: np.ndarray) -> np.ndarray:
    """(x - min) / (max - min) of values [P]: always a 0 and a 1, however close they are; NaN where all are equal."""
    spread = np.ptp(values)
    return (values - values.min()) / spread if spread > 0 else np.full(len(values), np.nan)


def agreement(left: np.ndarray, right: np.ndarray) -> float:
    """Kendall's tau-b of two rankings by their scores [P]; NaN where one of them ranks nothing."""
    return float(stats.kendalltau(left, right).statistic) if len(left) > 1 else float("nan")


VARIANTS = ("penalised", "self-normalised")


def weighted(
    weights: np.ndarray, scores: np.ndarray, exponent: float, variant: str, bootstrap: Bootstrap
) -> tuple[list[Interval], np.ndarray]:
    """Scores s weighted by certainty w in [0, 1], [P, S, N] each: every prompt's interval, and its resamples [P, R].

    `penalised`: the mean of w^x s, which is below the mean of s where scores are positive. `self-normalised`:
    sum w^x s / sum w^x, which stays on the scale of s. With the exponent x = 0 both are the plain mean.
    """
    powers = weights**exponent
    products = powers * scores
    means, draws = products.mean(axis=(1, 2)), bootstrap.means(products)
    if variant == "self-normalised":
        below = powers.mean(axis=(1, 2))
        means = np.divide(means, below, out=np.full(len(below), np.nan), where=below > 0)
        draws = bootstrap.ratios(products, powers)
    return [bootstrap.around(*one) for one in zip(means.tolist(), draws, strict=True)], draws
