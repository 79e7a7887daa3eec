"""Intervals and comparisons over images: every statistic is paired by image and resampled with one seeded bootstrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A mean and its percentile bootstrap interval."""

    mean: float
    low: float
    high: float


class Bootstrap:
    """The same resampled images for every statistic, so that differences are paired.

    `counts` [R, N] says how often each of N images stands in each of R resamples.
    """

    def __init__(self, images: int, resamples: int, confidence: float, seed: int) -> None:
        rng = np.random.default_rng([seed, images])
        self.counts = rng.multinomial(images, np.full(images, 1 / images), size=resamples).astype(np.float64)
        self.images, self.tails = images, ((1 - confidence) / 2, (1 + confidence) / 2)

    def means(self, values: np.ndarray) -> np.ndarray:
        """The mean of values [N] in each resample [R]."""
        return np.einsum("rn,n->r", self.counts, values) / self.images

    def interval(self, values: np.ndarray) -> Interval:
        """Mean and interval of values [N]; for a difference, hand in the paired differences."""
        low, high = np.quantile(self.means(values), self.tails)
        return Interval(float(values.mean()), float(low), float(high))


def win_rate(left: np.ndarray, right: np.ndarray) -> float:
    """The share of images [N] on which `left` is higher; a tie counts half."""
    return float(((left > right) + 0.5 * (left == right)).mean())


def wins(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    """For each name, on how many images it is the highest; a tie is split evenly."""
    table = np.stack(list(values.values()))  # [P, N]
    best = table == table.max(axis=0)
    return dict(zip(values, (best / best.sum(axis=0)).sum(axis=1).tolist(), strict=True))


def cumulative_means(values: Sequence[float], most: int) -> tuple[np.ndarray, np.ndarray]:
    """The running mean of the `most` highest values, best first, and of the lowest, worst first."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    count = np.arange(1, min(most, len(ordered)) + 1)
    return np.cumsum(ordered[::-1][: len(count)]) / count, np.cumsum(ordered[: len(count)]) / count
