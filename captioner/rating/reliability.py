"""Whether raters agree with one another, with themselves and with what is known, and which of them answer at random."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from statistics import median

import krippendorff
import numpy as np
from scipy import stats

from captioner.rating.items import FOREIGN, OWN
from captioner.rating.table import ANSWERS, Rating

WRONG_MOST = 2  # on the scale, for a caption of another picture
TIED = "tie"


def passed(rating: Rating) -> bool:
    """Whether an attention check was answered as it has to be."""
    if rating.kind == "pair":
        return rating.answer == ("left" if rating.left == OWN else "right")
    return (int(rating.answer) <= WRONG_MOST) == (rating.left == FOREIGN)


def unit(rating: Rating) -> tuple[str, ...]:
    """What was judged, whatever the sides: the picture and the captions."""
    return (rating.kind, rating.image, *sorted((rating.left_caption, rating.right_caption)))


def verdict(rating: Rating) -> str:
    """The answer, whatever the sides: of a pair, the caption that comes first in the alphabet, the other, or a tie."""
    if rating.kind == "scale" or rating.answer == TIED:
        return rating.answer
    chosen = rating.left_caption if rating.answer == "left" else rating.right_caption
    return "first" if chosen == min(rating.left_caption, rating.right_caption) else "second"


VERDICTS = {"pair": ("first", TIED, "second"), "scale": ANSWERS["scale"]}
LEVELS = {"pair": "nominal", "scale": "ordinal"}


def closeness(kind: str) -> np.ndarray:
    """How close two verdicts [V, V] of a kind are: 1 the same, 0 the opposite ends, evenly between."""
    places = np.arange(len(VERDICTS[kind]))
    return 1 - np.abs(places[:, None] - places) / (len(places) - 1)


def counted(ratings: Iterable[Rating], kind: str) -> tuple[np.ndarray, list[str]]:
    """How often each verdict was given [U, V] in each unit that several raters judged, and each unit's image."""
    units: dict[tuple, np.ndarray] = {}
    for rating in ratings:
        if (rating.kind, rating.role) == (kind, "rating"):
            row = units.setdefault(unit(rating), np.zeros(len(VERDICTS[kind]), np.int64))
            row[VERDICTS[kind].index(verdict(rating))] += 1
    several = {key: row for key, row in units.items() if row.sum() > 1}
    table = np.array(list(several.values())).reshape(-1, len(VERDICTS[kind]))
    return table, [key[1] for key in several]


def alpha(counts: np.ndarray, kind: str) -> float:
    """Krippendorff's alpha of verdicts [U, V]: nominal for pairs, ordinal for the scale; NaN where all are the same or
    no unit has two.
    """
    if not len(counts) or (counts.sum(axis=0) > 0).sum() < 2:
        return float("nan")
    domain = list(range(counts.shape[1]))
    return float(krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=LEVELS[kind]))


def alpha_draws(counts: np.ndarray, images: Sequence[str], kind: str, resamples: int, seed: int) -> np.ndarray:
    """Alpha [R] in resamples of the images, each with all its units. Raters are not resampled: one that is drawn twice
    would agree with itself.
    """
    names, place = np.unique(list(images), return_inverse=True)
    if not len(names):
        return np.full(resamples, np.nan)
    units = [np.flatnonzero(place == at) for at in range(len(names))]
    rng = np.random.default_rng([seed, len(names)])
    drawn = (rng.integers(0, len(names), len(names)) for _ in range(resamples))
    return np.array([alpha(counts[np.concatenate([units[at] for at in each])], kind) for each in drawn])


@dataclass(frozen=True)
class Behaviour:
    """How one rater answered; NaN and None where there is nothing to tell by."""

    rater: str
    answers: int  # without checks and repeats
    checks: int
    checks_passed: int
    repeats: int
    repeats_same: int
    agreement: float  # mean closeness, 0 to 1, to the other raters' verdicts on the same units
    agreement_chance: float  # the same with this one's verdicts dealt to the units at random
    agreement_p: float  # share of random deals that agree as well
    left: float  # share of the left among the sides chosen
    left_p: float  # that a fair coin is so one-sided
    median_ms: float
    flags: tuple[str, ...]  # of: checks, agreement, speed, side
    at_random: bool


def agreement(mine: Sequence[Rating], others: Mapping[tuple, Sequence[str]], deals: int, seed: int) -> tuple:
    """The rater's mean closeness to the others' verdicts (by unit), its mean when the rater's verdicts of each kind are
    dealt out at random, and the share of such deals that come as close; NaN where nobody shares a unit.
    """
    rng = np.random.default_rng([seed, len(mine)])
    total, hits, dealt = 0, 0.0, np.zeros(deals)
    for kind, verdicts in VERDICTS.items():
        shared = [rating for rating in mine if rating.kind == kind and others.get(unit(rating))]
        if not shared:
            continue
        given = np.array([[others[unit(r)].count(each) for each in verdicts] for r in shared], float)
        table = given @ closeness(kind)
        own = np.array([verdicts.index(verdict(rating)) for rating in shared])
        rows = np.arange(len(own))
        total += int(given.sum())
        hits += table[rows, own].sum()
        dealt += np.array([table[rows, rng.permutation(own)].sum() for _ in range(deals)])
    if not total:
        return float("nan"), float("nan"), float("nan")
    p = (1 + (dealt >= hits - 1e-9).sum()) / (1 + deals)
    return float(hits) / total, float(dealt.mean()) / total, float(p)


def behaviours(ratings: Sequence[Rating], fastest: float, level: float, deals: int, seed: int) -> list[Behaviour]:
    """Every rater. Flags: `checks`, half of at least three attention checks failed; `agreement`, no closer to the
    others than the rater's own verdicts dealt at random, at `level`, and less than half as much above such deals as the
    median rater, over at least ten answers; `speed`, a median answer
    faster than `fastest` milliseconds; `side`, one side chosen more often than a fair coin falls, at a hundredth of
    `level`. A rater answers at random by `checks`, or by two others.
    """
    found = []
    for name in dict.fromkeys(rating.rater for rating in ratings):
        mine = [rating for rating in ratings if rating.rater == name]
        answers = [rating for rating in mine if rating.role == "rating"]
        checks = [rating for rating in mine if rating.role == "check"]
        repeats = [rating for rating in mine if rating.role == "repeat"]
        others: dict[tuple, list[str]] = {}
        for rating in ratings:
            if rating.rater != name and rating.role == "rating":
                others.setdefault(unit(rating), []).append(verdict(rating))
        known = {unit(rating): verdict(rating) for rating in answers}
        same = sum(known.get(unit(rating)) == verdict(rating) for rating in repeats)
        share, chance, p = agreement(answers, others, deals, seed)
        sides = [rating.answer == "left" for rating in answers if rating.kind == "pair" and rating.answer != TIED]
        left_p = float(stats.binomtest(sum(sides), len(sides)).pvalue) if sides else float("nan")
        right = sum(map(passed, checks))
        pace = median(rating.milliseconds for rating in mine)
        flags = []
        if len(checks) >= 3 and 2 * right <= len(checks):
            flags.append("checks")
        if pace < fastest:
            flags.append("speed")
        if left_p < level / 100:
            flags.append("side")
        found.append(
            Behaviour(
                rater=name, answers=len(answers), checks=len(checks), checks_passed=right, repeats=len(repeats),
                repeats_same=same, agreement=share, agreement_chance=chance, agreement_p=p,
                left=sum(sides) / len(sides) if sides else float("nan"), left_p=left_p, median_ms=float(pace),
                flags=tuple(flags), at_random=False,
            )
        )  # fmt: skip
    return [judged(each, found, level) for each in found]


def judged(one: Behaviour, every: Sequence[Behaviour], level: float) -> Behaviour:
    """The rater with the flag `agreement`, for which all raters have to be known, and the verdict."""
    excess = {each.rater: each.agreement - each.agreement_chance for each in every if isfinite(each.agreement)}
    flags = one.flags
    alone = one.answers >= 10 and one.agreement_p > level and excess[one.rater] < median(excess.values()) / 2
    if alone:
        flags = (*flags, "agreement")
    return replace(one, flags=flags, at_random="checks" in flags or len(flags) > 1)
