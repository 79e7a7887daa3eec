"""A search by the method that the settings name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from captioner.config.optimise import SearchConfig
from captioner.optimisation.race import Found, Point, halving, schedule
from captioner.optimisation.trials import Trials
from captioner.statistics.intervals import Bootstrap, Interval


def search(
    texts: Sequence[str], trials: Trials, config: SearchConfig, seed: int, progress: tqdm | None = None
) -> Found:
    """The prompts ranked within the budget of captions; InputError where it is too small.

    `progress` shows captions, how many prompts race, and the incumbent.
    """

    def told(point: Point, new: int) -> None:
        if progress is not None:
            best = f"{point.racing} racing, {point.values.mean():.3f} {texts[point.incumbent]!r}"[:70]
            progress.set_postfix_str(best, refresh=False)
            progress.update(new)

    if config.method == "wilcoxon":
        from captioner.optimisation.wilcoxon import wilcoxon

        return wilcoxon(texts, trials, config.budget, config.p_threshold, seed, told)
    rounds = schedule(len(texts), len(trials), config.budget, min(config.finalists, len(texts)))
    return halving(texts, trials, rounds, told)


def interval(values: np.ndarray, images: np.ndarray, count: int, bootstrap: Bootstrap) -> Interval:
    """The mean of values [n] of instances of the images at `images` [n], of `count`, with its interval over images."""
    sums = np.bincount(images, values, minlength=count)[None]
    return bootstrap.ratio(sums, np.bincount(images, minlength=count).astype(float)[None])
