"""What every language of the drawn world is: scenes in its words, openings, facts read back, words for the metrics."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from captioner.languages.gloss import gloss
from captioner.scores.metrics import Tokens, tokenise
from captioner.world.language import STYLES, Facts, check_facts
from captioner.world.scene import Scene

OPENED = 0.8  # share of a document's sentences that may take an opening
SURE = 0.9  # least share of a caption's words that a language has to know for the caption to be in it


class Language(ABC):
    """A grammar of noun phrases in the styles of the English one, each of which can continue an opening."""

    name: str
    openings: Mapping[str, tuple[str, ...]]  # the styles that tend to follow each, as in English; "" is none
    blank: str = " "  # between an opening and a phrase, and between sentences
    stop: str = "."

    @abstractmethod
    def phrase(self, scene: Scene, style: str, rng: random.Random, opening: str = "") -> str:
        """The scene as a noun phrase as it follows this opening; KeyError for another style or opening."""

    @abstractmethod
    def read_facts(self, caption: str) -> Facts:
        """The facts that a caption asserts, by this grammar."""

    @abstractmethod
    def texts(self) -> list[str]:
        """Texts in which every word of the grammar stands."""

    def governed(self, opening: str) -> str:
        """The form that an opening asks of what follows, a case in German; "" where there is but one."""
        return ""

    def sentence(self, text: str) -> str:
        """A phrase as a sentence of its own."""
        return f"{text[:1].upper()}{text[1:]}{self.stop}"

    def references(self, scene: Scene, rng: random.Random, count: int, opening: str = "") -> list[str]:
        """`count` captions (at most six) in different styles, in the form that follows this opening; ValueError for
        more.
        """
        return [self.sentence(self.phrase(scene, style, rng, opening)) for style in rng.sample(STYLES, count)]

    def telling(self, scene: Scene, rng: random.Random, tied: float) -> str:
        """One sentence after an opening or none; with probability `tied` in a style of the opening."""
        opening = rng.choice(tuple(self.openings)) if rng.random() < OPENED else ""
        style = rng.choice(self.openings[opening]) if rng.random() < tied else rng.choice(STYLES)
        told = self.phrase(scene, style, rng, opening)
        return f"{opening}{self.blank}{told}{self.stop}" if opening else self.sentence(told)

    def document(self, scene: Scene, rng: random.Random, most: int, tied: float) -> str:
        """One to `most` sentences about one scene."""
        return self.blank.join([self.telling(scene, rng, tied) for _ in range(rng.randint(1, most))])

    def check_facts(self, caption: str, scene: Scene) -> Counter[tuple[str, str]]:
        """Counts of right, wrong and true facts of each kind: the facts are judged in English by the English module's
        own function, so that the figures of all languages are of one measure.
        """
        return check_facts(gloss(self.read_facts(caption)), scene)

    def words(self, caption: str) -> Tokens:
        """The words that metrics count."""
        return tokenise(caption)

    @cached_property
    def lexicon(self) -> frozenset[str]:
        """Every word of the grammar."""
        return frozenset(word for text in (*self.texts(), *self.openings) for word in self.words(text))

    def known(self, caption: str) -> float:
        """The share of a caption's words that the grammar knows; 0 for no words."""
        words = self.words(caption)
        return sum(word in self.lexicon for word in words) / len(words) if words else 0.0


def listed(phrases: list[str], comma: str, last: str) -> str:
    """Phrases as a list: between them `comma`, before the last `last`."""
    return phrases[0] if len(phrases) == 1 else comma.join(phrases[:-1]) + last + phrases[-1]
