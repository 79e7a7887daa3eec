"""English: the grammar of the study itself."""

from __future__ import annotations

import random

from captioner.languages.language import Language
from captioner.world import language as world
from captioner.world.language import Facts
from captioner.world.scene import COLOURS, KINDS, Scene


class English(Language):
    """`captioner.world.language` behind the common interface; the same draws give the same texts."""

    name = "English"
    openings = world.OPENINGS

    def phrase(self, scene: Scene, style: str, rng: random.Random, opening: str = "") -> str:
        """As in the study; what follows an opening does not depend on it."""
        return world.phrase(scene, style, rng)

    def read_facts(self, caption: str) -> Facts:
        return world.read_facts(caption)

    def texts(self) -> list[str]:
        tables = (world.PLACES, world.VIEWS, world.SIZE_WORDS, world.RELATION_PHRASES)
        nouns = [word for kind in KINDS.values() for word in (kind.name, kind.plural, kind.verb)]
        phrases = [text for table in tables for several in table.values() for text in several]
        return [*phrases, *nouns, *COLOURS, *world.COUNT_WORDS.values(), "an and with"]
