"""Arms and controls beside one another: their scores over seeds, and against the headline arm, paired by image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

import numpy as np

from captioner.evaluation.judge import Scored
from captioner.statistics.intervals import Bootstrap, spread


class Arm:
    """The scores of one arm on one split, of each of its seeds."""

    def __init__(self) -> None:
        self.scored: list[Scored] = []
        self.summaries: list[dict[str, float]] = []

    def add(self, scored: Scored, summary: dict[str, float]) -> None:
        """One seed more."""
        self.scored.append(scored)
        self.summaries.append(summary)

    def values(self, name: str) -> np.ndarray:
        """A score by seed and image [S, N]."""
        return np.stack([getattr(scored, name) for scored in self.scored])

    def means(self) -> dict[str, float]:
        """The summaries' means over seeds."""
        return {name: float(np.mean([summary[name] for summary in self.summaries])) for name in self.summaries[0]}


def controls(
    split: str, arms: dict[str, Arm], bootstrap: Callable[[str, int], Bootstrap], captioners: Iterable[str] = ()
) -> Iterator[dict]:
    """A row for the headline arm and every other arm and control of a split, and for the headline arm and the other
    captioners on shuffled images: means over seeds, `difference` the headline's CIDEr-D minus this one's, intervals
    over seeds and images.
    """
    linear = arms["linear"]
    tried = {name: (arm.values("cider"), arm.means()) for name, arm in arms.items()}
    for name in ("linear", *(name for name in captioners if name in arms)):
        shuffled = {measure: arms[name].means()[f"{measure}_shuffled"] for measure in ("cider", "clip_score")}
        tried["shuffled" if name == "linear" else f"{name}-shuffled"] = (arms[name].values("cider_shuffled"), shuffled)
    for name, (cider, means) in tried.items():
        row = {"split": split, "control": name, "maps": len(cider), **means}
        row |= spread("cider", bootstrap(split, len(cider)).interval(cider))
        if name != "linear":
            apart = linear.values("cider") - cider
            row |= spread("difference", bootstrap(split, len(apart)).interval(apart))
        yield row


def beside_headline(split: str, arms: dict[str, Arm], headline: str, bootstrap: Bootstrap) -> Iterator[dict]:
    """A row for every arm of a split, all of as many seeds as the arm `headline`: means over seeds, the lowest and the
    highest seed, `difference` its CIDEr-D minus the headline's, paired by seed and image, intervals over both.
    """
    own = arms[headline].values("cider")
    for name, arm in arms.items():
        cider = arm.values("cider")
        row = {"split": split, "arm": name, "maps": len(cider), **arm.means()}
        row |= spread("cider", bootstrap.interval(cider)) | spread("difference", bootstrap.interval(cider - own))
        seeds = cider.mean(axis=1)
        yield row | {"lowest": float(seeds.min()), "highest": float(seeds.max())}


def pairs(split: str, arms: dict[str, Arm], bootstrap: Bootstrap) -> Iterator[dict]:
    """A row for every two arms of a split, all of as many seeds: `difference` the CIDEr-D of `arm` minus that of
    `versus`, paired by seed and image, with its interval over both.
    """
    for one, other in combinations(arms, 2):
        apart = bootstrap.interval(arms[one].values("cider") - arms[other].values("cider"))
        yield {"split": split, "arm": one, "versus": other, **spread("difference", apart)}
