"""What follows from a table of ratings: how often each system is preferred and how it is rated, with intervals over
raters and images; how far raters agree; how many more answers a wanted interval needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite

import numpy as np
from tqdm import tqdm

from captioner.rating import reliability
from captioner.rating.items import TOGETHER
from captioner.rating.preference import TIE, Comparisons, Strengths, fit
from captioner.rating.settings import RatingSettings
from captioner.rating.table import PEOPLE, Rating
from captioner.statistics.intervals import Bootstrap, Interval

NOTHING = Interval(float("nan"), float("nan"), float("nan"))
ALPHA_RESAMPLES = 500


@dataclass(frozen=True)
class System:
    """One system: `preferred` to another one (0 to 1, a tie half), its log-odds `strength` (mean 0 over the systems),
    and its mean rating from 1 to 5; `best`: the share of resamples in which it is the strongest. Counts are of answers;
    one that compares it with two others counts twice.
    """

    system: str
    compared: int
    won: int
    tied: int
    strength: Interval
    preferred: Interval
    preferred_by_all: float  # with the raters that were left out
    best: float
    rated: int
    rating: Interval


@dataclass(frozen=True)
class Analysis:
    """Everything that is told of a table of ratings; `summary` is one flat table of figures."""

    systems: list[System]
    behaviours: list[reliability.Behaviour]
    summary: dict[str, float | int | bool | None]


def kept(ratings: Sequence[Rating], kind: str) -> list[Rating]:
    """The answers of a kind that count: neither checks nor repeats."""
    return [rating for rating in ratings if (rating.kind, rating.role) == (kind, "rating")]


def crossed_weights(rater: np.ndarray, image: np.ndarray, bootstrap: Bootstrap) -> Callable[[int], np.ndarray]:
    """The weight [M] of each answer in resample `r`, raters and images drawn independently (Owen, 2007)."""
    raters = bootstrap.picks.shape[1]
    return lambda r: bootstrap.picks[r, rater] * raters * bootstrap.counts[r, image]


def around(bootstrap: Bootstrap, estimate: float, draws: np.ndarray) -> Interval:
    """An estimate with its interval; without one where a single image was asked about, which cannot vary."""
    if bootstrap.counts.shape[1] < 2:
        return Interval(estimate, float("nan"), float("nan"))
    return bootstrap.around(estimate, draws)


def strengths(found: Comparisons, weights: Callable[[int], np.ndarray], resamples: int, label: str) -> tuple:
    """The model of all answers, and its strengths and preferences [R, K] in each resample; NaN where one has none."""
    size = len(found.systems)
    whole = fit(found.counts(), size)
    drawn = np.full((2, resamples, size), np.nan)
    for r in tqdm(range(resamples), label, disable=None, leave=False):
        counts = found.counts(weights(r))
        if counts.sum() > 0:
            one = fit(counts, size, start=whole)
            drawn[:, r] = one.strength, one.preferred
    return whole, *drawn


@dataclass(frozen=True)
class Scales:
    """Ratings from 1 to 5, one row for each system that wrote the caption."""

    raters: tuple[str, ...]
    images: tuple[str, ...]
    systems: tuple[str, ...]
    system: np.ndarray  # [M]
    rater: np.ndarray  # [M]
    image: np.ndarray  # [M]
    value: np.ndarray  # [M]

    @classmethod
    def of(cls, ratings: Sequence[Rating]) -> Scales:
        """Of ratings of the kind `scale` and the role `rating`."""
        rows = [(name, rating) for rating in ratings for name in rating.left.split(TOGETHER)]
        systems = sorted({name for name, _ in rows})
        raters, images = (sorted({getattr(rating, key) for _, rating in rows}) for key in ("rater", "image"))
        table = np.array(
            [(systems.index(name), raters.index(r.rater), images.index(r.image), int(r.answer)) for name, r in rows]
        ).reshape(-1, 4)
        return cls(tuple(raters), tuple(images), tuple(systems), *table.T)

    def intervals(self, bootstrap: Bootstrap) -> dict[str, Interval]:
        """The mean of each system, with its interval over raters and images."""
        weigh = crossed_weights(self.rater, self.image, bootstrap)
        size, resamples = len(self.systems), len(bootstrap.counts)
        drawn = np.full((resamples, size), np.nan)
        for r in range(resamples):
            weights = weigh(r)
            totals = np.bincount(self.system, weights, minlength=size)
            sums = np.bincount(self.system, weights * self.value, minlength=size)
            np.divide(sums, totals, out=drawn[r], where=totals > 0)
        means = np.bincount(self.system, self.value) / np.bincount(self.system)
        return {name: around(bootstrap, float(means[at]), drawn[:, at]) for at, name in enumerate(self.systems)}


def needed(total: float, alone: float, fixed: float, answers: int, wanted: float) -> tuple[int | None, int | None]:
    """How many more answers bring an interval's half-width from `total` to `wanted`: where new raters come with new
    images, and where they answer about the same images (None: no number of them does).

    `fixed` and `alone` are the half-widths when only images, and only single answers, are resampled: what images
    add, their own variation, more raters on the same images do not take away.
    """
    both = max(0, ceil(answers * ((total / wanted) ** 2 - 1)))
    floor = max(fixed**2 - alone**2, 0.0)
    if floor >= wanted**2:
        return both, None
    rest = max(total**2 - floor, 0.0)
    return both, max(0, ceil(answers * (rest / (wanted**2 - floor) - 1)))


def half_width(drawn: np.ndarray, tails: tuple[float, float]) -> float:
    """The mean over systems of half the interval's width, for resampled values [R, K]."""
    low, high = np.nanquantile(drawn, tails, axis=0)
    return float(np.mean(high - low) / 2)


def more_answers(found: Comparisons, answers: int, wanted: float, drawn: np.ndarray, bootstrap: Bootstrap) -> dict:
    """The half-width of `preferred`, the mean over systems, and how many more answers bring it to `wanted`."""
    resamples = len(drawn)
    rng = np.random.default_rng([answers, resamples])
    few = min(resamples, 200)  # two widths that only steer an estimate
    _, _, images = strengths(found, lambda r: bootstrap.counts[r, found.image], few, "images alone")
    _, _, single = strengths(found, lambda r: rng.poisson(1.0, len(found.first)).astype(float), few, "answers alone")
    total, fixed, alone = (half_width(each, bootstrap.tails) for each in (drawn, images, single))
    both, same = needed(total, alone, fixed, answers, wanted)
    return {"half_width": total, "wanted_half_width": wanted, "more_answers": both, "more_answers_same_images": same}


def analyse(ratings: Sequence[Rating], settings: RatingSettings, confidence: float, seed: int) -> Analysis:
    """Everything; `summary` holds `answers` = 0 and nothing else where nobody has answered."""
    if not kept(ratings, "pair") and not kept(ratings, "scale"):
        return Analysis([], [], {"answers": 0})
    behaviours = reliability.behaviours(ratings, settings.fastest, 1 - confidence, settings.deals, seed)
    random = {each.rater for each in behaviours if each.at_random} if settings.leave_out else set()
    used = [rating for rating in ratings if rating.rater not in random]
    pairs, scales = kept(used, "pair"), kept(used, "scale")
    summary: dict[str, float | int | bool | None] = {
        "answers": len(pairs) + len(scales), "pairs": len(pairs), "scales": len(scales),
        "raters": len({rating.rater for rating in ratings}), "raters_left_out": len(random),
        "raters_at_random": sum(each.at_random for each in behaviours),
        "images": len({rating.image for rating in pairs + scales}),
        "by_people": all(rating.origin == PEOPLE for rating in ratings),
        **shares(used),
    }  # fmt: skip
    systems: dict[str, dict] = {}
    if pairs:
        found = Comparisons.of(pairs)
        bootstrap = Bootstrap(len(found.images), len(found.raters), settings.resamples, confidence, seed)
        weights = crossed_weights(found.rater, found.image, bootstrap)
        whole, drawn, preferred = strengths(found, weights, settings.resamples, "raters and images")
        everybody = Comparisons.of(kept(ratings, "pair")) if random else found
        first = drawn[np.isfinite(drawn).all(axis=1)]
        first = first == first.max(axis=1, keepdims=True)
        by_all = dict(zip(everybody.systems, model(everybody).preferred.tolist(), strict=True))
        for at, name in enumerate(found.systems):
            systems[name] = {
                **tallied(found, at),
                "strength": around(bootstrap, float(whole.strength[at]), drawn[:, at]),
                "preferred": around(bootstrap, float(whole.preferred[at]), preferred[:, at]),
                "preferred_by_all": by_all[name],
                "best": float(first[:, at].mean()),
            }
        summary |= {"connected": found.connected, "tie": whole.tie}
        if len(found.images) > 1:
            summary |= more_answers(found, len(pairs), settings.half_width, preferred, bootstrap)
    if scales:
        every = Scales.of(scales)
        bootstrap = Bootstrap(len(every.images), len(every.raters), settings.resamples, confidence, seed)
        for name, interval in every.intervals(bootstrap).items():
            systems.setdefault(name, {})["rating"] = interval
            systems[name]["rated"] = int((every.system == every.systems.index(name)).sum())
    for kind in ("pair", "scale"):
        summary |= agreed(used, kind, confidence, seed)
    empty = {"compared": 0, "won": 0, "tied": 0, "strength": NOTHING, "preferred": NOTHING, "rated": 0,
             "preferred_by_all": float("nan"), "best": float("nan"), "rating": NOTHING}  # fmt: skip
    rows = [System(system=name, **{**empty, **told}) for name, told in systems.items()]
    rows.sort(key=lambda row: (-ranked(row.preferred.mean), -ranked(row.rating.mean), row.system))
    return Analysis(rows, behaviours, summary)


def ranked(value: float) -> float:
    """A value to sort by: what does not exist comes last."""
    return value if isfinite(value) else -1.0


def model(found: Comparisons) -> Strengths:
    """The model of all answers."""
    return fit(found.counts(), len(found.systems))


def tallied(found: Comparisons, system: int) -> dict[str, int]:
    """How often a system was compared, won and tied."""
    first, second = found.first == system, found.second == system
    won = (first & (found.outcome == 0)) | (second & (found.outcome == 1))
    tied = (first | second) & (found.outcome == TIE)
    return {"compared": int((first | second).sum()), "won": int(won.sum()), "tied": int(tied.sum())}


def shares(ratings: Sequence[Rating]) -> dict[str, float | None]:
    """Of the answers: ties, the left among the sides chosen, checks passed, repeats with the same verdict."""
    pairs = kept(ratings, "pair")
    sides = [rating.answer == "left" for rating in pairs if rating.answer != reliability.TIED]
    checks = [reliability.passed(rating) for rating in ratings if rating.role == "check"]
    known = {(r.rater, reliability.unit(r)): reliability.verdict(r) for r in ratings if r.role == "rating"}
    repeats = [
        known.get((r.rater, reliability.unit(r))) == reliability.verdict(r) for r in ratings if r.role == "repeat"
    ]
    ties = [rating.answer == reliability.TIED for rating in pairs]
    told = {"ties": ties, "left": sides, "checks_passed": checks, "repeats_same": repeats}
    return {name: sum(several) / len(several) if several else None for name, several in told.items()}


def agreed(ratings: Sequence[Rating], kind: str, confidence: float, seed: int) -> dict[str, float | None]:
    """Krippendorff's alpha of a kind with its interval over images; None where there is none."""
    counts, images = reliability.counted(ratings, kind)
    value = reliability.alpha(counts, kind)
    drawn = reliability.alpha_draws(counts, images, kind, ALPHA_RESAMPLES, seed)
    known = drawn[np.isfinite(drawn)]
    low, high = np.quantile(known, ((1 - confidence) / 2, (1 + confidence) / 2)) if len(known) else (np.nan, np.nan)
    told = {f"alpha_{kind}": value, f"alpha_{kind}_low": float(low), f"alpha_{kind}_high": float(high)}
    return {name: each if isfinite(each) else None for name, each in told.items()}
