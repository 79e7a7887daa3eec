"""What a caption is worth to a search: measures of single captions, and their weighted mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.captioning.captions import Caption
from captioner.encoders.encoder import Encoder
from captioner.foundation.errors import InputError
from captioner.scores.metrics import Cider
from captioner.scores.similarity import cosine_scores
from captioner.scores.words import Words
from captioner.world.language import check_facts
from captioner.world.scene import Scene

MEASURES = ("cider", "clip_score", "facts", "tokens")


def facts_f1(text: str, scene: Scene) -> float:
    """F1 of the facts that a caption of a drawn scene asserts, in [0, 1]: 2 right / (right + wrong + true).

    Counts as in `check_facts`, over all kinds of facts.
    """
    counts = check_facts(text, scene)
    right, wrong, true = (
        sum(n for (_, part), n in counts.items() if part == one) for one in ("right", "wrong", "true")
    )
    return 2 * right / (right + wrong + true)


@dataclass(frozen=True)
class Measures:
    """Measures captions of N images: against their references, and where there are any, their embeddings and scenes.

    `words` gives a caption's words; `images` [N, D] are the unit-norm embeddings of `judge`, which embeds the captions.
    """

    cider: Cider
    words: Words
    judge: Encoder | None = None
    images: np.ndarray | None = None
    scenes: Sequence[Scene] = ()

    def __call__(self, name: str, places: Sequence[int], captions: Sequence[Caption]) -> np.ndarray:
        """A measure [n] of one caption each of the images at these places, each place once.

        CIDEr-D (1.0 scale), CLIP score (100 x cosine), F1 of facts, or tokens without the stop token.
        """
        texts = [caption.text for caption in captions]
        if name == "cider":
            return self.cider.scores_at(places, [self.words(text) for text in texts])
        if name == "clip_score":
            return cosine_scores(self.images[list(places)], self.judge.encode_texts(texts).numpy())
        if name == "facts":
            return np.array([facts_f1(text, self.scenes[place]) for place, text in zip(places, texts, strict=True)])
        if name == "tokens":
            return np.array([caption.tokens for caption in captions], dtype=np.float64)
        raise KeyError(name)

    def table(self, names: Sequence[str], places: Sequence[int], captions: Sequence[Caption]) -> np.ndarray:
        """Several measures [n, M] of one caption each of the images at these places, each place once."""
        return np.stack([self(name, places, captions) for name in names], axis=1)

    def check(self, names: Sequence[str]) -> None:
        """InputError where one of these cannot be measured here."""
        if "facts" in names and not self.scenes:
            raise InputError("search.objective: facts: only drawn pictures have facts to be right; leave it out")
        if "clip_score" in names and self.judge is None:
            raise InputError("search.objective: clip_score: there is no judge to score with; leave it out")


def measured(objective: Mapping[str, float]) -> dict[str, float]:
    """The weight of each measure that a search takes down: those of the objective, CIDEr-D and tokens in any case."""
    return {name: objective.get(name, 0.0) for name in MEASURES if name in objective or name in ("cider", "tokens")}
