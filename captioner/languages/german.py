"""German: gender, case and number agree, an opening governs the case of what follows, verbs end relative clauses."""

from __future__ import annotations

import random
import re
from functools import cached_property
from types import MappingProxyType

from captioner.languages.declension import CASES, PATTERNS, Noun, declined, inflected
from captioner.languages.language import Language, listed
from captioner.world.language import STYLES, Facts
from captioner.world.scene import KINDS, Group, Scene

NOUNS = {
    "car": Noun("Auto", "n", "Autos"),
    "bus": Noun("Bus", "m", "Busse", "Busses"),
    "truck": Noun("Lastwagen", "m", "Lastwagen"),
    "bicycle": Noun("Fahrrad", "n", "Fahrräder"),
    "dog": Noun("Hund", "m", "Hunde"),
    "cat": Noun("Katze", "f", "Katzen"),
    "horse": Noun("Pferd", "n", "Pferde"),
    "cow": Noun("Kuh", "f", "Kühe"),
    "sheep": Noun("Schaf", "n", "Schafe"),
    "bird": Noun("Vogel", "m", "Vögel"),
    "tree": Noun("Baum", "m", "Bäume"),
    "house": Noun("Haus", "n", "Häuser"),
    "umbrella": Noun("Regenschirm", "m", "Regenschirme"),
    "kite": Noun("Drachen", "m", "Drachen"),
    "ball": Noun("Ball", "m", "Bälle"),
    "boat": Noun("Boot", "n", "Boote"),
    "chair": Noun("Stuhl", "m", "Stühle"),
    "table": Noun("Tisch", "m", "Tische"),
    "lamp": Noun("Lampe", "f", "Lampen"),
    "sofa": Noun("Sofa", "n", "Sofas"),
    "cup": Noun("Tasse", "f", "Tassen"),
    "apple": Noun("Apfel", "m", "Äpfel"),
    "book": Noun("Buch", "n", "Bücher"),
    "vase": Noun("Vase", "f", "Vasen"),
}
COLOURS = {
    "red": "rot", "orange": "orange", "yellow": "gelb", "green": "grün", "blue": "blau", "purple": "violett",
    "pink": "rosa", "brown": "braun", "black": "schwarz", "white": "weiß",
}  # fmt: skip
SIZES = {"small": ("klein", "winzig"), "medium": ("",), "large": ("groß", "riesig")}
NUMERALS = {2: "zwei", 3: "drei"}
VERBS = {  # of the English participles: singular, plural
    "parked": ("parkt", "parken"), "standing": ("steht", "stehen"), "sitting": ("sitzt", "sitzen"),
    "grazing": ("grast", "grasen"), "perched": ("sitzt", "sitzen"), "growing": ("wächst", "wachsen"),
    "open": ("steht", "stehen"), "flying": ("fliegt", "fliegen"), "lying": ("liegt", "liegen"),
    "resting": ("liegt", "liegen"),
}  # fmt: skip
PRONOUNS = {"m": "der", "f": "die", "n": "das", "p": "die"}  # relative, nominative
PREPOSITIONS = {  # with the dative
    "on": ("auf", "oben auf"),
    "under": ("unter", "direkt unter"),
    "above": ("über", "hoch über"),
    "left": ("neben", "direkt neben", "links von"),
    "right": ("neben", "direkt neben", "rechts von"),
}
SIDED = {"auf": "on", "oben auf": "on", "unter": "under", "direkt unter": "under", "über": "above",
         "hoch über": "above", "links von": "left", "rechts von": "right"}  # fmt: skip
MIRRORED = {"left": "right", "right": "left"}
# Where: a preposition with the dative, an adjective, the place's noun; or ready where the article is drawn in.
STREET, ROADSIDE = Noun("Straße", "f"), "am Straßenrand"
PARK, MEADOW = Noun("Park", "m"), Noun("Wiese", "f")
BEACH, SANDS = Noun("Strand", "m"), Noun("Sandstrand", "m")
FARM, FIELD, BARN = Noun("Bauernhof", "m"), Noun("Feld", "n"), Noun("Scheune", "f")
LAKE, SHORE = Noun("See", "m"), Noun("Seeufer", "n")
LAND, HILL = Noun("Landschaft", "f"), Noun("Hügel", "m")
KITCHEN, LIVING, BEDROOM = Noun("Küche", "f"), Noun("Wohnzimmer", "n"), Noun("Schlafzimmer", "n")
Place = tuple[str, str, Noun]
PLACES: dict[str, tuple[Place | str, ...]] = {
    "street": (("auf", "", STREET), ("auf", "breit", STREET), ROADSIDE),
    "park": (("in", "", PARK), ("auf", "", MEADOW), ("in", "grün", PARK)),
    "beach": (("an", "", BEACH), "am Meer", ("an", "", SANDS)),
    "farm": (("auf", "", FARM), ("auf", "", FIELD), ("vor", "", BARN)),
    "lake": (("an", "", LAKE), ("an", "", SHORE), "am Wasser"),
    "snow": ("im Schnee", ("auf", "verschneit", HILL), ("in", "verschneit", LAND)),
    "kitchen": (("in", "", KITCHEN), ("in", "hell", KITCHEN)),
    "living room": (("in", "", LIVING), ("in", "gemütlich", LIVING)),
    "bedroom": (("in", "", BEDROOM), ("in", "ruhig", BEDROOM)),
}
VIEWS: dict[str, tuple[tuple[str, Noun], ...]] = {
    "street": (("", STREET), ("breit", STREET)),
    "park": (("", PARK), ("grün", PARK)),
    "beach": (("", BEACH), ("", SANDS)),
    "farm": (("", FARM), ("", FIELD)),
    "lake": (("", LAKE), ("", SHORE)),
    "snow": (("verschneit", LAND), ("verschneit", HILL)),
    "kitchen": (("", KITCHEN), ("hell", KITCHEN)),
    "living room": (("", LIVING), ("gemütlich", LIVING)),
    "bedroom": (("", BEDROOM), ("ruhig", BEDROOM)),
}
GOVERNED = {  # the openings, in English's order, and the case that each asks for
    "": "nominative", "Ein Foto von": "dative", "Ein Bild von": "dative", "Eine Aufnahme von": "dative",
    "Ein detailliertes Foto von": "dative", "Ein realistisches Bild von": "dative", "Dieses Bild zeigt": "accusative",
    "Diese Aufnahme zeigt": "accusative", "Hier sehen wir": "accusative", "Auf diesem Bild gibt es": "accusative",
    "Was siehst du? Ich sehe": "accusative",
}  # fmt: skip
TIED = (
    STYLES, ("plain", "verb"), ("plain", "short"), ("short", "plain"), ("full",), ("plain", "full"),
    ("relation", "scene"), ("verb", "relation"), ("scene", "verb"), ("plain", "relation"), ("short", "plain"),
)  # fmt: skip


def noun_phrase(group: Group, case: str, size: str = "", colour: bool = True) -> str:
    """One group in this case: `size` as a word of SIZES."""
    adjectives = tuple(word for word in (size, COLOURS[group.colour] if colour and group.colour else "") if word)
    if group.count == 1:
        return declined(NOUNS[group.kind], "indefinite", case, adjectives)
    return declined(NOUNS[group.kind], "", case, adjectives, NUMERALS[group.count], plural=True)


def where(place: Place | str) -> str:
    """The place with its preposition."""
    if isinstance(place, str):
        return place
    preposition, adjective, noun = place
    return f"{preposition} {view((adjective, noun), 'dative')}"


def view(place: tuple[str, Noun], case: str) -> str:
    """The place itself in this case."""
    adjective, noun = place
    return declined(noun, "indefinite", case, (adjective,) if adjective else ())


class German(Language):
    """The styles of the English grammar in German words and German order."""

    name = "German"
    openings = MappingProxyType(dict(zip(GOVERNED, TIED, strict=True)))

    def governed(self, opening: str) -> str:
        """The case."""
        return GOVERNED[opening]

    def phrase(self, scene: Scene, style: str, rng: random.Random, opening: str = "") -> str:
        """In the case that the opening governs."""
        case, groups = GOVERNED[opening], rng.sample(scene.groups, len(scene.groups))
        place = where(rng.choice(PLACES[scene.setting]))

        def sized(group: Group) -> str:
            return noun_phrase(group, case, rng.choice(SIZES[group.size]))

        match style:
            case "full":
                return f"{_listed([sized(group) for group in groups])} {place}"
            case "relation":
                return sized(groups[0]) if len(groups) == 1 else self._related(scene, case, place, rng)
            case "plain":
                return f"{_listed([noun_phrase(group, case) for group in groups[: rng.randint(1, 2)]])} {place}"
            case "scene":
                held = _listed([noun_phrase(group, "dative") for group in groups])
                return f"{view(rng.choice(VIEWS[scene.setting]), case)} mit {held}"
            case "verb":
                told = f"{noun_phrase(groups[0], case)}, {self._clause(groups[0], place)}"
                beside = len(groups) > 1 and rng.random() < 0.5
                return f"{told}, mit {noun_phrase(groups[1], 'dative')}" if beside else told
            case "short":
                return _listed([noun_phrase(group, case, colour=False) for group in groups])
        raise KeyError(style)

    @staticmethod
    def _related(scene: Scene, case: str, place: str, rng: random.Random) -> str:
        first, second, relation = scene.groups[0], scene.groups[1], scene.relation
        if relation in MIRRORED and rng.random() < 0.5:
            first, second, relation = second, first, MIRRORED[relation]
        told = f"{noun_phrase(second, case)} {rng.choice(PREPOSITIONS[relation])} {noun_phrase(first, 'dative')}"
        return f"{told} {place}" if rng.random() < 0.4 else told

    @staticmethod
    def _clause(group: Group, place: str) -> str:
        """A relative clause: the verb stands at its end and agrees in number, the pronoun in gender too."""
        noun = NOUNS[group.kind]
        verb = VERBS[KINDS[group.kind].verb][group.count > 1]
        return f"{PRONOUNS[noun.gender if group.count == 1 else 'p']} {place} {verb}"

    def read_facts(self, caption: str) -> Facts:
        """ "neben" asserts no side and is not counted; endings are not judged."""
        text = " ".join(caption.lower().split())
        matches = list(self._object.finditer(text))
        objects = tuple(
            Group(
                self._kinds[found["kind"]], self._colours.get(found["colour"], ""),
                self._sizes.get(found["size"], ""), _COUNTS.get(found["count"], 1),
            )
            for found in matches
        )  # fmt: skip
        relations = []
        for index in range(len(matches) - 1):
            between = text[matches[index].end() : matches[index + 1].start()].strip()
            if between in SIDED:
                relations.append((objects[index].kind, SIDED[between], objects[index + 1].kind))
        places = frozenset(self._said_places[found] for found in self._place.findall(text))
        return Facts(objects, places, tuple(relations))

    def texts(self) -> list[str]:
        verbs = [form for forms in VERBS.values() for form in forms]
        relations = [text for several in PREPOSITIONS.values() for text in several]
        return [*self._kinds, *self._colours, *self._sizes, *self._said_places, *_NUMBERS, *verbs, *relations,
                *PRONOUNS.values(), "und mit"]  # fmt: skip

    @cached_property
    def _kinds(self) -> dict[str, str]:
        return {
            noun.form(case, plural).lower(): kind
            for kind, noun in NOUNS.items()
            for case in CASES[:3]
            for plural in (False, True)
        }

    @cached_property
    def _colours(self) -> dict[str, str]:
        return {form: colour for colour, adjective in COLOURS.items() for form in _forms(adjective)}

    @cached_property
    def _sizes(self) -> dict[str, str]:
        return {form: size for size, words in SIZES.items() for word in words if word for form in _forms(word)}

    @cached_property
    def _said_places(self) -> dict[str, str]:
        said = {where(place).lower(): name for name, places in PLACES.items() for place in places}
        return said | {
            view(place, case).lower(): name for name, places in VIEWS.items() for place in places for case in CASES[:3]
        }

    @cached_property
    def _place(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{_any(self._said_places)})\b")

    @cached_property
    def _object(self) -> re.Pattern[str]:
        return re.compile(
            rf"\b(?P<count>{_any(_NUMBERS)})\s+(?:(?P<size>{_any(self._sizes)})\s+)?"
            rf"(?:(?P<colour>{_any(self._colours)})\s+)?(?P<kind>{_any(self._kinds)})\b"
        )


_COUNTS = {word: count for count, word in NUMERALS.items()}
_NUMBERS = ("ein", "eine", "einen", "einem", "einer", *_COUNTS)


def _listed(phrases: list[str]) -> str:
    return listed(phrases, ", ", " und ")


def _forms(adjective: str) -> set[str]:
    """Every form of the adjective before a noun."""
    return {inflected(adjective, article, case, column) for article in PATTERNS for case in CASES for column in "mfnp"}


def _any(words) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))
