"""The drawn world of the study `scenes`: what can be in a picture, where, in which colour, and a sampler of scenes.

A scene is data alone: `captioner.world.drawing` paints it, `captioner.world.language` puts it into words.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
SIZES = ("small", "medium", "large")
RELATIONS = ("on", "under", "above", "left", "right")
INDOOR = ("kitchen", "living room", "bedroom")
OUTDOOR = ("street", "park", "beach", "farm", "lake", "snow")
SETTINGS = OUTDOOR + INDOOR
SKIES = ("clear", "cloudy", "sunset", "night")


@dataclass(frozen=True)
class Kind:
    """A kind of object: its colours (none where it has but one), its settings, its verb, and the most in a row."""

    name: str
    plural: str
    colours: tuple[str, ...]
    settings: tuple[str, ...]
    verb: str
    most: int = 3


def _kind(name: str, colours: str, settings: str, verb: str, plural: str = "", most: int = 3) -> Kind:
    places = tuple(place.strip() for place in settings.split(","))
    return Kind(name, plural or name + "s", tuple(colours.split()), places, verb, most)


KINDS = {
    kind.name: kind
    for kind in (
        _kind("car", "red blue yellow black white green", "street, park, beach, snow", "parked"),
        _kind("bus", "red yellow blue green orange", "street, beach, snow", "parked", "buses", 2),
        _kind("truck", "red blue white green orange", "street, farm, snow", "parked", most=2),
        _kind("bicycle", "red blue black green pink", "street, park, beach, farm", "standing"),
        _kind("dog", "brown black white orange", "street, park, beach, farm, lake, snow, living room", "sitting"),
        _kind("cat", "black white orange brown", "street, farm, park, kitchen, living room, bedroom", "sitting"),
        _kind("horse", "brown black white", "farm, park, beach, snow", "standing"),
        _kind("cow", "brown black white", "farm, park, lake, snow", "grazing"),
        _kind("sheep", "white black brown", "farm, park, snow, lake", "grazing", "sheep"),
        _kind("bird", "blue red yellow black", "street, park, beach, farm, lake, snow", "perched"),
        _kind("tree", "", "street, park, farm, lake, snow", "growing"),
        _kind("house", "red white yellow blue brown pink", "street, farm, lake, snow, beach", "standing", most=2),
        _kind("umbrella", "red blue yellow purple pink green", "street, park, beach, lake", "open"),
        _kind("kite", "red orange purple yellow pink", "beach, park, farm, lake", "flying"),
        _kind("ball", "red orange blue green purple pink", "park, beach, street, living room, bedroom", "lying"),
        _kind("boat", "white red blue brown", "lake, beach", "resting"),
        _kind("chair", "brown white red purple", "kitchen, living room, bedroom, park, beach", "standing"),
        _kind("table", "brown white black", "kitchen, living room, bedroom", "standing", most=2),
        _kind("lamp", "yellow white purple green", "living room, bedroom, kitchen", "standing"),
        _kind("sofa", "blue red green brown purple", "living room, bedroom", "standing", most=1),
        _kind("cup", "white blue red pink", "kitchen, living room, bedroom", "standing"),
        _kind("apple", "red green yellow", "kitchen, living room, farm, park", "lying"),
        _kind("book", "red blue green purple black", "living room, bedroom, kitchen", "lying"),
        _kind("vase", "blue white purple pink orange", "kitchen, living room, bedroom", "standing"),
    )
}

FLYING = ("kite",)
CAN_FLY = ("kite", "bird")
CARRIERS = {  # what can stand on what
    "table": ("cup", "apple", "book", "vase", "lamp", "cat"),
    "chair": ("cat", "book", "ball"),
    "sofa": ("cat", "dog", "book", "ball"),
    "car": ("bird", "cat"),
    "house": ("bird",),
    "horse": ("bird",),
    "cow": ("bird",),
    "boat": ("bird", "dog"),
}
SHELTERS = {  # what can stand under what
    "table": ("cat", "dog", "ball"),
    "tree": ("dog", "sheep", "bicycle", "chair", "cow", "ball"),
    "umbrella": ("dog", "chair", "ball", "cat"),
}


@dataclass(frozen=True)
class Group:
    """One to three things of the same kind, colour and size, in a row."""

    kind: str
    colour: str  # "" for a kind without colours of its own
    size: str
    count: int


@dataclass(frozen=True)
class Scene:
    """What is in a picture: `relation` says where the second group is, seen from the first ("" where there is none)."""

    setting: str
    groups: tuple[Group, ...]
    relation: str
    sky: str  # "" indoors

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Its (kind, colour) and (kind, setting) pairs: what a split can hold out."""
        coloured = {(group.kind, group.colour) for group in self.groups if group.colour}
        return frozenset(coloured | {(group.kind, self.setting) for group in self.groups})

    @property
    def signature(self) -> tuple:
        """All that a caption can tell of it (the sky is never told): two scenes with one signature read the same.

        The order of the groups does not count, and "the car right of the dog" is "the dog left of the car".
        """
        groups = sorted((group.kind, group.colour, group.size, group.count) for group in self.groups)
        told = (self.relation, *(group.kind for group in self.groups[:2])) if self.relation else ()
        if self.relation == "right":
            told = ("left", told[2], told[1])
        return (self.setting, told, *groups)

    def to_json(self) -> dict:
        """The scene as plain JSON values; `from_json` is its inverse."""
        groups = [[group.kind, group.colour, group.size, group.count] for group in self.groups]
        return {"setting": self.setting, "groups": groups, "relation": self.relation, "sky": self.sky}

    @classmethod
    def from_json(cls, record: dict) -> Scene:
        """The scene of a `to_json` record; KeyError or TypeError where the record has another shape."""
        groups = tuple(Group(*group) for group in record["groups"])
        return cls(record["setting"], groups, record["relation"], record["sky"])


def all_pairs() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Every (kind, colour) and every (kind, setting) pair that the world allows, in a fixed order."""
    coloured = [(kind.name, colour) for kind in KINDS.values() for colour in kind.colours]
    placed = [(kind.name, setting) for kind in KINDS.values() for setting in kind.settings]
    return coloured, placed


def _group(kind: Kind, rng: random.Random, crowd: float) -> Group:
    count = 1
    if rng.random() < crowd:
        count = min(kind.most, rng.choice((2, 2, 3)))
    size = rng.choices(SIZES, (0.25, 0.5, 0.25))[0]
    return Group(kind.name, rng.choice(kind.colours) if kind.colours else "", size, count)


def _relation(first: Group, second: Group, rng: random.Random) -> str:
    if second.kind in FLYING:
        return "above"
    if first.kind in FLYING:
        return rng.choice(("left", "right"))
    single = first.count == 1 and second.count == 1
    options = []
    if single and second.kind in CARRIERS.get(first.kind, ()):
        options += ["on"] * 3
    if single and second.kind in SHELTERS.get(first.kind, ()):
        options += ["under"] * 3
    if second.kind in CAN_FLY and first.kind not in CAN_FLY:
        options += ["above"]
    return rng.choice(options or ["left", "right"])


def sample_scene(rng: random.Random) -> Scene:
    """A scene drawn at random from the whole grammar: a setting, then one to three different kinds that fit it."""
    setting = rng.choice(SETTINGS)
    kinds = [kind for kind in KINDS.values() if setting in kind.settings]
    chosen = rng.sample(kinds, rng.choices((1, 2, 3), (0.25, 0.5, 0.25))[0])
    groups = [_group(kind, rng, crowd) for kind, crowd in zip(chosen, (0.4, 0.15, 0.0), strict=False)]
    relation = _relation(groups[0], groups[1], rng) if len(groups) > 1 else ""
    sky = "" if setting in INDOOR else rng.choices(SKIES, (0.45, 0.3, 0.15, 0.1))[0]
    return Scene(setting, tuple(groups), relation, sky)
