"""How often an interval over seeds and images holds the truth, by simulation with the spread of the study itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from captioner.statistics.intervals import Bootstrap


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a prompt's scores: between seeds, between images, and of what is left."""

    seed: float
    image: float
    rest: float


def spread(values: np.ndarray) -> Spread | None:
    """The spread within prompts of scores [P, S, N], by analysis of variance; None for one seed or one image."""
    _, seeds, images = values.shape
    if min(seeds, images) < 2:
        return None
    by_seed, by_image = values.mean(axis=2, keepdims=True), values.mean(axis=1, keepdims=True)
    rest = values - by_seed - by_image + values.mean(axis=(1, 2), keepdims=True)
    left = (rest**2).sum(axis=(1, 2)).mean() / ((seeds - 1) * (images - 1))
    between_seeds = by_seed.var(axis=1, ddof=1).mean() - left / images
    between_images = by_image.var(axis=2, ddof=1).mean() - left / seeds
    return Spread(*(float(np.sqrt(max(0.0, one))) for one in (between_seeds, between_images, left)))


def coverage(of: Spread, bootstrap: Bootstrap, trials: int, seed: int) -> float:
    """The share of simulated studies, of the bootstrap's seeds and images, whose interval holds the true mean.

    All parts are normal. Its standard error is about 0.22 / sqrt(trials) near 0.95.
    """
    seeds, images = bootstrap.picks.shape[1], bootstrap.counts.shape[1]
    rng = np.random.default_rng([seed, seeds, images])
    held = 0
    for at in range(0, trials, 100):
        size = min(100, trials - at)
        scores = rng.normal(0, of.rest, (size, seeds, images))
        scores += rng.normal(0, of.seed, (size, seeds, 1)) + rng.normal(0, of.image, (size, 1, images))
        held += sum(one.low <= 0 <= one.high for one in bootstrap.intervals(scores))
    return held / trials
