"""What all tables of the comparison share: the scores of the prompts, and the resamples that pair every difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from captioner.config.compare import CompareConfig
from captioner.statistics.crossed import Crossed
from captioner.statistics.intervals import Bootstrap

SCORES = (  # columns of a prompt's table
    "cider", "cider_shuffled", "rouge_l", "clip_score", "clip_score_shuffled", "clip_score_with_prompt", "clip_s",
    "ref_clip_s", "weight", "tokens",
)  # fmt: skip


def bounds(*names: str) -> tuple[str, ...]:
    """The columns of intervals, as `spread` names them."""
    return tuple(f"{name}{part}" for name in names for part in ("", "_low", "_high"))


@dataclass(frozen=True)
class Compared:
    """The prompts of one split; intervals are over images and seeds where nothing else is said."""

    scores: Crossed
    config: CompareConfig
    seed: int

    def bootstrap(self, seeds: int) -> Bootstrap:
        """Resamples of these images and of as many seeds."""
        return Bootstrap(len(self.scores.images), seeds, self.config.resamples, self.config.confidence, self.seed)

    @cached_property
    def both(self) -> Bootstrap:
        """Over images and seeds."""
        return self.bootstrap(len(self.scores.seeds))

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """The scores and what is made of them caption by caption, [P, S, N] each."""
        scores = self.scores
        return {
            **scores.columns,
            "lift": scores["clip_score"] - scores["clip_score_shuffled"],
            "cider_lift": scores["cider"] - scores["cider_shuffled"],
            "entropy_weighted_clip_score": scores["weight"] * scores["clip_score"],
        }

    @cached_property
    def certainties(self) -> list[tuple[float, np.ndarray]]:
        """For each prompt, Spearman's correlation of the entropy weight with CIDEr-D, and its resampled values."""
        pairs = zip(self.values["weight"], self.values["cider"], strict=True)
        return [self.both.rank_correlation(weight, cider) for weight, cider in pairs]

    def named(self) -> Iterator[tuple[int, str]]:
        """The place and name of every prompt."""
        return enumerate(self.scores.prompts)
