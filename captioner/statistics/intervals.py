"""Intervals over images and seeds, from one seeded bootstrap that all statistics share, so that differences are paired.

Values of one prompt are an array [S, N]: S seeds (trained maps) by N images. Seeds and images are crossed: every map
captions the same images.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate and its percentile bootstrap interval; all NaN where the statistic does not exist."""

    mean: float
    low: float
    high: float


def spread(name: str, interval: Interval) -> dict[str, float]:
    """An interval as three cells."""
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


class Bootstrap:
    """The same resamples for every statistic; images and seeds are drawn independently of one another.

    `counts` [R, N] says how often each of N images stands in each of R resamples, `picks` [R, S] the share of each of
    S seeds. With one seed it is the bootstrap over images alone: hand in means over seeds for what holds of these maps.
    """

    def __init__(self, images: int, seeds: int, resamples: int, confidence: float, seed: int) -> None:
        rng = np.random.default_rng([seed, images])
        self.counts = rng.multinomial(images, np.full(images, 1 / images), size=resamples).astype(np.float64)
        rng = np.random.default_rng([seed, images, seeds])
        self.picks = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
        self.tails = ((1 - confidence) / 2, (1 + confidence) / 2)

    def means(self, values: np.ndarray) -> np.ndarray:
        """The mean of values [..., S, N] in each resample [..., R]."""
        *outer, seeds, images = values.shape
        sums = (values.reshape(-1, images) @ self.counts.T).reshape(*outer, seeds, -1)
        return np.einsum("rs,...sr->...r", self.picks, sums) / images

    def interval(self, values: np.ndarray) -> Interval:
        """Mean and interval of values [S, N]; for a difference, hand in the paired differences."""
        return self.around(float(values.mean()), self.means(values))

    def intervals(self, values: np.ndarray) -> list[Interval]:
        """`interval` of each of values [K, S, N]."""
        means = values.mean(axis=(1, 2)).tolist()
        return [self.around(mean, draws) for mean, draws in zip(means, self.means(values), strict=True)]

    def ratio(self, top: np.ndarray, bottom: np.ndarray) -> Interval:
        """The sum of `top` over the sum of `bottom`, both [S, N]."""
        if not bottom.any():
            return Interval(np.nan, np.nan, np.nan)
        return self.around(float(top.sum() / bottom.sum()), self.ratios(top, bottom))

    def ratios(self, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
        """The ratio of the sums of [..., S, N] in each resample [..., R]; NaN where there is nothing to divide by."""
        below = self.means(bottom)
        return np.divide(self.means(top), below, out=np.full(below.shape, np.nan), where=below != 0)

    def rank_correlation(self, left: np.ndarray, right: np.ndarray) -> tuple[float, np.ndarray]:
        """Spearman's correlation over images, averaged over seeds, of [S, N] each, and its value in each resample [R].

        Each resample is ranked anew; NaN where one side is constant.
        """
        ones = np.ones((1, left.shape[1]))
        pairs = list(zip(left, right, strict=True))
        own = np.mean([_weighted_spearman(x, y, ones)[0] for x, y in pairs])
        with ThreadPoolExecutor() as pool:  # numpy works on large arrays without the interpreter's lock
            drawn = np.stack(
                list(pool.map(lambda pair: _weighted_spearman(*pair, self.counts), pairs)), axis=1
            )  # [R, S]
        return float(own), np.where(self.picks > 0, self.picks * drawn, 0).sum(axis=1)

    def around(self, estimate: float, draws: np.ndarray) -> Interval:
        """An estimate with the percentiles of its resampled values; a resample without a value is left out."""
        draws = draws[np.isfinite(draws)]
        if not np.isfinite(estimate) or not len(draws):
            return Interval(np.nan, np.nan, np.nan)
        low, high = np.quantile(draws, self.tails)
        return Interval(estimate, float(low), float(high))


def _mid_ranks(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mid-rank [R, N] of each of values [N] where each stands `counts` [R, N] times in the sample."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.add.reduceat(counts[:, order], starts, axis=1)  # [R, G]
    return (np.cumsum(sizes, axis=1) - sizes / 2 + 0.5)[:, group]


def _weighted_spearman(left: np.ndarray, right: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Spearman's correlation of left and right [N] in each resample [R]; NaN where one of them is constant."""
    size = counts.sum(axis=1, keepdims=True)
    x, y = _mid_ranks(left, counts), _mid_ranks(right, counts)
    x, y = (ranks - (counts * ranks).sum(axis=1, keepdims=True) / size for ranks in (x, y))
    spread = np.sqrt((counts * x * x).sum(axis=1) * (counts * y * y).sum(axis=1))
    together = (counts * x * y).sum(axis=1)
    return np.divide(together, spread, out=np.full(len(spread), np.nan), where=spread > 1e-9)


def win_shares(values: np.ndarray) -> np.ndarray:
    """For values [P, ...] of P prompts, 1 where a prompt is the highest; a tie is split evenly."""
    best = values == values.max(axis=0)
    return best / best.sum(axis=0)


def cumulative_means(values: Sequence[float], most: int) -> tuple[np.ndarray, np.ndarray]:
    """The running mean of the `most` highest values, best first, and of the lowest, worst first."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    count = np.arange(1, min(most, len(ordered)) + 1)
    return np.cumsum(ordered[::-1][: len(count)]) / count, np.cumsum(ordered[: len(count)]) / count


def cumulative_bands(values: np.ndarray, most: int, bootstrap: Bootstrap) -> list[tuple[np.ndarray, np.ndarray]]:
    """The interval (low, high) at each rank of both curves of `cumulative_means` of values [N], over images."""
    order = np.argsort(values)
    ordered, counts = values[order], bootstrap.counts[:, order].astype(int)
    curves = [cumulative_means(np.repeat(ordered, times), most) for times in counts]
    return [tuple(np.quantile(np.stack(side), bootstrap.tails, axis=0)) for side in zip(*curves, strict=True)]


@dataclass(frozen=True)
class Friedman:
    """Friedman's test over prompts, images as blocks; `concordance` is Kendall's W, its effect size in [0, 1]."""

    statistic: float
    p: float
    concordance: float


def friedman(values: np.ndarray) -> Friedman | None:
    """The test for values [P, N]; None for fewer than three prompts or where all prompts are equal on all images."""
    if len(values) < 3 or np.ptp(values, axis=0).max() == 0:
        return None
    from scipy import stats  # here, since it takes as long to load as a short stage runs

    found = stats.friedmanchisquare(*values)
    return Friedman(
        float(found.statistic), float(found.pvalue), float(found.statistic / (values.shape[1] * (len(values) - 1)))
    )
