"""The prompts ranked by CIDEr-D, and by the CLIP score weighted by the model's certainty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.comparison.compared import Compared, bounds
from captioner.statistics import ranking
from captioner.statistics.intervals import Interval, spread


@dataclass(frozen=True)
class Ranked:
    """The score of every prompt by one ranking, `exponent` that of the weight, with its resamples [P, R]."""

    variant: str
    exponent: float | None
    intervals: Sequence[Interval]
    draws: np.ndarray


def ranked(compared: Compared) -> list[Ranked]:
    """By CIDEr-D, and by the CLIP score weighted in both variants with each exponent."""
    cider = compared.values["cider"]
    found = [Ranked("cider", None, compared.both.intervals(cider), compared.both.means(cider))]
    pair = compared.values["weight"], compared.values["clip_score"]
    for exponent in compared.config.exponents.values():
        for variant in ranking.VARIANTS:
            found.append(Ranked(variant, exponent, *ranking.weighted(*pair, exponent, variant, compared.both)))
    return found


RANKINGS = (
    "variant", "exponent", "prompt", *bounds("score"), "minmax", "expected_rank", "best_probability", "tau",
)  # fmt: skip


def rankings(compared: Compared, found: Sequence[Ranked]) -> Iterator[dict]:
    """A row a ranking and prompt; `tau` is Kendall's, of this ranking with that by the plain CLIP score."""
    plain = compared.values["clip_score"].mean(axis=(1, 2))
    for one in found:
        means = np.array([interval.mean for interval in one.intervals])
        chances = ranking.rank_probabilities(one.draws)
        tau, scaled = ranking.agreement(means, plain), ranking.normalised(means)
        for p, name in compared.named():
            yield {
                "variant": one.variant, "exponent": one.exponent, "prompt": name, **spread("score", one.intervals[p]),
                "minmax": float(scaled[p]), "expected_rank": float(chances[p] @ np.arange(1, len(means) + 1)),
                "best_probability": float(chances[p, 0]), "tau": tau,
            }  # fmt: skip


RANKS = ("variant", "prompt", "rank", "probability")


def ranks(compared: Compared, found: Sequence[Ranked]) -> Iterator[dict]:
    """A row a ranking (of CIDEr-D, and of the weighted CLIP score with exponent 1), prompt and rank."""
    for one in found:
        if one.exponent in (None, 1.0):
            for name, chances in zip(compared.scores.prompts, ranking.rank_probabilities(one.draws), strict=True):
                for place, chance in enumerate(chances.tolist(), start=1):
                    yield {"variant": one.variant, "prompt": name, "rank": place, "probability": chance}
