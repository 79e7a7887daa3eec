"""What captions of several languages are measured by: the language they come out in, CIDEr-D among references of one
language, facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from captioner.languages.known import LANGUAGES, MIXED, identified
from captioner.languages.language import Language
from captioner.scores.metrics import Cider
from captioner.scores.similarity import derangement
from captioner.world.language import FACT_KINDS
from captioner.world.scene import Scene

PARTS = ("right", "wrong", "true")


@dataclass(frozen=True)
class Heard:
    """One set of captions, one value an image [N]: the language of each, and its facts of all kinds together."""

    languages: tuple[str, ...]
    right: np.ndarray
    wrong: np.ndarray
    true: np.ndarray

    def share(self, code: str) -> float:
        """The share of the captions that are in this language."""
        return sum(found == code for found in self.languages) / len(self.languages)

    def most(self) -> str:
        """The language of the most captions; of equals the first of those known."""
        counts = Counter(self.languages)
        return max(LANGUAGES, key=lambda code: counts[code])


def heard(captions: Sequence[str], scenes: Sequence[Scene]) -> Heard:
    """Each caption's language and its facts by that language's grammar; one of no language asserts nothing."""
    codes, counts = [], []
    for caption, scene in zip(captions, scenes, strict=True):
        code = identified(caption)
        found = (
            next(iter(LANGUAGES.values())).check_facts("", scene)
            if code == MIXED
            else (LANGUAGES[code].check_facts(caption, scene))
        )
        codes.append(code)
        counts.append([sum(found[kind, part] for kind in FACT_KINDS) for part in PARTS])
    right, wrong, true = np.array(counts, dtype=np.float64).T
    return Heard(tuple(codes), right, wrong, true)


class Standard:
    """The references of one split in one language and one form, with derangements for a control."""

    def __init__(self, language: Language, references: Sequence[Sequence[str]], seed: str, derangements: int) -> None:
        self.language = language
        self.cider = Cider([[language.words(text) for text in several] for several in references])
        self.others = [np.array(derangement(len(references), f"{seed}/{number}")) for number in range(derangements)]

    def scores(self, captions: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """CIDEr-D [N] of each image's caption, and of each caption held against other images (mean over the
        derangements).
        """
        words = [self.language.words(caption) for caption in captions]
        wrong = [self.cider.scores([words[i] for i in np.argsort(other)])[other] for other in self.others]
        return self.cider.scores(words), np.mean(wrong, axis=0)
