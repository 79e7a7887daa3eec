"""Which metric to trust: how far its values and people's judgements order captions alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from tqdm import tqdm

from captioner.statistics.intervals import Bootstrap, Interval

Values = Mapping[str, np.ndarray]  # of each metric, a value for each caption
RESAMPLES = 500


@dataclass(frozen=True)
class Trust:
    """One metric against people: Kendall's tau of one of its kinds ("b", "c"), or an accuracy, with its interval over
    images. `judgements`: how many there are.
    """

    metric: str
    measure: str
    value: Interval
    judgements: int


def tau(metric: np.ndarray, people: np.ndarray, variant: str) -> float:
    """Kendall's tau-b or tau-c of values and judgements [N]; NaN where one side says the same of all."""
    if len(metric) < 2 or np.ptp(metric) == 0 or np.ptp(people) == 0:
        return float("nan")
    return float(stats.kendalltau(metric, people, variant=variant).statistic)


def resampled(images: Sequence[str], resamples: int, seed: int) -> list[np.ndarray]:
    """The rows of the judgements in resamples of the images, each with all of its judgements."""
    names, place = np.unique(list(images), return_inverse=True)
    rows = [np.flatnonzero(place == at) for at in range(len(names))]
    rng = np.random.default_rng([seed, len(names)])
    return [np.concatenate([rows[at] for at in rng.integers(0, len(names), len(names))]) for _ in range(resamples)]


def correlations(
    values: Values, people: np.ndarray, images: Sequence[str], variants: str, confidence: float, seed: int
) -> list[Trust]:
    """Tau of each metric's values [N] with judgements [N] of captions of `images` [N], for each letter of `variants`.

    A caption that several people judged stands once for each of them.
    """
    around = Bootstrap(1, 1, 1, confidence, seed).around  # its percentiles
    drawn = resampled(images, RESAMPLES, seed)
    found = []
    for name, own in tqdm(values.items(), "tau", disable=None, leave=False):
        for variant in variants:
            draws = np.array([tau(own[rows], people[rows], variant) for rows in drawn])
            interval = around(tau(own, people, variant), draws)
            found.append(Trust(name, f"tau-{variant}", interval, len(people)))
    return found


def agreed(first: np.ndarray, second: np.ndarray, people: np.ndarray) -> np.ndarray:
    """For each pair [N] whether the metric prefers the caption that people prefer (`people` 1: the first, -1: the
    second): 1, 0, and half where the metric gives both the same.
    """
    return (1 + np.sign(first - second) * people) / 2


def accuracies(
    first: Values, second: Values, people: np.ndarray, categories: Sequence[str], images: Sequence[str],
    confidence: float, seed: int,
) -> list[Trust]:  # fmt: skip
    """The accuracy of each metric by category of the pairs, and the mean over the categories, as it is published."""
    around = Bootstrap(1, 1, 1, confidence, seed).around
    kinds, place = np.unique(list(categories), return_inverse=True)
    drawn = resampled(images, RESAMPLES, seed)

    def by_category(right: np.ndarray, rows: np.ndarray) -> np.ndarray:
        counts = np.bincount(place[rows], minlength=len(kinds))
        sums = np.bincount(place[rows], right[rows], minlength=len(kinds))
        return np.divide(sums, counts, out=np.full(len(kinds), np.nan), where=counts > 0)

    found = []
    for name in first:
        right = agreed(first[name], second[name], people)
        whole = by_category(right, np.arange(len(right)))
        draws = np.stack([by_category(right, rows) for rows in drawn])
        for at, kind in enumerate(kinds):
            interval = around(float(whole[at]), draws[:, at])
            found.append(Trust(name, f"accuracy {kind}", interval, int((place == at).sum())))
        if len(kinds) > 1:
            found.append(Trust(name, "accuracy", around(float(whole.mean()), draws.mean(axis=1)), len(right)))
    return found
