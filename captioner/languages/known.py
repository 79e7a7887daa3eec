"""The languages that are known, which of them a caption is in, and documents that may change between them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from captioner.languages.chinese import Chinese
from captioner.languages.english import English
from captioner.languages.german import German
from captioner.languages.language import SURE, Language
from captioner.world.scene import Scene

LANGUAGES: Mapping[str, Language] = {"en": English(), "de": German(), "zh": Chinese()}  # by ISO 639-1
MIXED = "mixed"


def identified(caption: str) -> str:
    """The language whose grammar knows the most words of the caption, at least `SURE` of them; else `MIXED`."""
    shares = {code: language.known(caption) for code, language in LANGUAGES.items()}
    best = max(shares, key=lambda code: shares[code])
    return best if shares[best] >= SURE else MIXED


def document(
    scene: Scene, rng: random.Random, codes: Sequence[str], most: int, tied: float, mixed: float
) -> tuple[str, str]:
    """A document about one scene and its language: with probability `mixed` each sentence is in one at random."""
    if rng.random() >= mixed:
        code = rng.choice(codes)
        return LANGUAGES[code].document(scene, rng, most, tied), code
    told = [LANGUAGES[rng.choice(codes)].telling(scene, rng, tied) for _ in range(rng.randint(1, most))]
    return " ".join(told), MIXED
