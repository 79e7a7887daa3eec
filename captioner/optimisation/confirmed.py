"""The winner of a search held against its rivals on images that the search has not seen."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from captioner.optimisation.candidates import Candidate
from captioner.optimisation.ensembles import picked
from captioner.statistics.intervals import Bootstrap, spread
from captioner.statistics.pairwise import holm, sign_flip


@dataclass(frozen=True)
class Rival:
    """A prompt that is judged: its part in the comparison, and whether the ensembles draw on its captions."""

    text: str
    part: str  # winner, runner-up, headline, study, empty or random
    together: bool


def rivals(
    found: Sequence[str], headline: str, study: Mapping[str, str], unrelated: Container[str], drawn: Sequence[Candidate]
) -> list[Rival]:
    """The search's best prompts, the headline's, the study's, the empty one and random ones; each text once, by the
    first of these parts that it has, but the headline's and the empty prompt keep theirs among runners-up.
    """
    texts: dict[str, Rival] = {}
    related = {text for name, text in study.items() if name not in unrelated}
    for place, text in enumerate(found):
        part = "winner" if place == 0 else "headline" if text == headline else "runner-up" if text else "empty"
        texts[text] = Rival(text, part, True)
    texts.setdefault(headline, Rival(headline, "headline", True))
    for text in study.values():
        texts.setdefault(text, Rival(text, "study" if text else "empty", text in related))
    texts.setdefault("", Rival("", "empty", True))
    for candidate in drawn:
        texts.setdefault(candidate.text, Rival(candidate.text, "random", False))
    return list(texts.values())


MEANS = ("worth", "cider", "clip_score", "facts", "tokens")
COLUMNS = (
    "split", "prompt", "part", *(f"{name}{bound}" for name in MEANS for bound in ("", "_low", "_high")),
    "difference", "difference_low", "difference_high", "p",
)  # fmt: skip
ENSEMBLES = ("consensus", "reranked", "oracle")


@dataclass(frozen=True)
class Confirmed:
    """The measures of every rival's captions by split, [M, T, S, N] of T rivals, the first of which is the winner, by S
    maps; those of the ensembles, [M, S, N]; and the weights [M] of what the search looked for.

    `bootstrap` gives the resamples for so many images and maps.
    """

    rivals: tuple[Rival, ...]
    names: tuple[str, ...]
    found: Mapping[str, np.ndarray]
    ensembles: Mapping[str, Mapping[str, np.ndarray]]
    weights: np.ndarray
    bootstrap: Callable[[int, int], Bootstrap]
    permutations: int
    seed: int

    def values(self, split: str, name: str) -> np.ndarray:
        """A measure, or what a caption is worth, of every rival [T, S, N]."""
        return self._measure(self.found[split], name)

    def _measure(self, found: np.ndarray, name: str) -> np.ndarray:
        if name == "worth":
            return np.tensordot(self.weights, found, 1)
        return found[self.names.index(name)]

    @cached_property
    def _samples(self) -> dict[str, Bootstrap]:
        return {split: self.bootstrap(*values.shape[:1:-1]) for split, values in self.found.items()}

    def rows(self) -> Iterator[dict]:
        """A row a split and prompt or ensemble: its means with intervals, and what it is worth against the winner."""
        for split, found in self.found.items():
            worth = self.values(split, "worth")
            best = worth.argmax(axis=0)  # the oracle knows which prompt serves each map and image best
            together = {
                **self.ensembles[split],
                "oracle": np.stack([picked(values, best) for values in found]),
            }
            differences = np.stack([one - worth[0] for one in worth[1:]])  # [T - 1, S, N]
            p = iter(holm(sign_flip(differences.mean(axis=1), self.permutations, self.seed)))
            for place, rival in enumerate(self.rivals):
                tested = float(next(p)) if place else float("nan")
                yield self._row(split, rival.text, rival.part, found[:, place]) | {"p": tested}
            for name in ENSEMBLES:
                yield self._row(split, "", name, together[name]) | {"p": float("nan")}

    def _row(self, split: str, prompt: str, part: str, found: np.ndarray) -> dict:
        """`found` [M, S, N]."""
        sample = self._samples[split]
        row: dict = dict.fromkeys(COLUMNS, float("nan")) | {"split": split, "prompt": prompt, "part": part}
        for name in ("worth", *self.names):
            row |= spread(name, sample.interval(self._measure(found, name)))
        away = self._measure(found, "worth") - self.values(split, "worth")[0]
        return row | spread("difference", sample.interval(away))

    def advantage(self, split: str, over: str) -> np.ndarray:
        """What the winner's captions are worth above those of the first rival of this part [S, N]."""
        place = next(place for place, rival in enumerate(self.rivals) if rival.part == over)
        worth = self.values(split, "worth")
        return worth[0] - worth[place]

    def figures(self) -> dict:
        """The winner's worth by split, its advantage over the headline's and the empty prompt, and how much of it was
        the luck of the search: `shrinkage` is the advantage on val less that on test, `optimism` what choosing the best
        of these finalists on a resample of val flatters it by (Efron, 1983).
        """
        told: dict = {"winner": self.rivals[0].text, "rivals": len(self.rivals)}
        for split in self.found:
            told[split] = vars(self._samples[split].interval(self.values(split, "worth")[0]))
        for over in ("headline", "empty"):
            if not any(rival.part == over for rival in self.rivals):
                continue  # the winner itself
            gains = {split: self.advantage(split, over) for split in self.found}
            drawn = {split: self._samples[split].means(gain) for split, gain in gains.items()}
            told |= {f"{over}_{split}": vars(self._samples[split].interval(gain)) for split, gain in gains.items()}
            lost = self._samples["val"].around(gains["val"].mean() - gains["test"].mean(), drawn["val"] - drawn["test"])
            told[f"{over}_shrinkage"] = vars(lost)
        told["optimism"] = self.optimism()
        return told

    def optimism(self) -> float:
        """Mean over resamples of val of: the best finalist's mean there, less the same prompt's mean on all of val."""
        places = [place for place, rival in enumerate(self.rivals) if rival.part in ("winner", "runner-up")]
        worth = self.values("val", "worth")[places]  # [F, S, N]
        drawn = self._samples["val"].means(worth)  # [F, R]
        best = drawn.argmax(axis=0)
        return float((drawn.max(axis=0) - worth.mean(axis=(1, 2))[best]).mean())
