"""Scenes in words: reference captions, documents for the small language model, and facts read back from a caption.

Every caption is a noun phrase in one of six styles, so that it can stand alone, as people's captions do, and can also
continue a prompt ("A photo of" + "a red car on a street").
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass

from captioner.world.scene import COLOURS, KINDS, Group, Scene

STYLES = ("full", "relation", "plain", "scene", "verb", "short")
PLACES = {
    "street": ("on a street", "on a city street", "at the side of a road"),
    "park": ("in a park", "on the grass", "in a green park"),
    "beach": ("on a beach", "by the sea", "on a sandy beach"),
    "farm": ("on a farm", "in a field", "in front of a barn"),
    "lake": ("by a lake", "at a lake", "near the water"),
    "snow": ("in the snow", "on a snowy hill", "in a snowy landscape"),
    "kitchen": ("in a kitchen", "in a bright kitchen"),
    "living room": ("in a living room", "in a cosy living room"),
    "bedroom": ("in a bedroom", "in a quiet bedroom"),
}
VIEWS = {
    "street": ("a street", "a city street", "a road"),
    "park": ("a park", "a green park"),
    "beach": ("a beach", "a sandy beach"),
    "farm": ("a farm", "a field"),
    "lake": ("a lake", "the shore of a lake"),
    "snow": ("a snowy landscape", "a snowy hill"),
    "kitchen": ("a kitchen", "a bright kitchen"),
    "living room": ("a living room", "a cosy living room"),
    "bedroom": ("a bedroom", "a quiet bedroom"),
}
SIZE_WORDS = {"small": ("small", "little"), "medium": ("",), "large": ("large", "big")}
COUNT_WORDS = {1: "a", 2: "two", 3: "three"}
RELATION_PHRASES = {
    "on": ("on top of", "on"),
    "under": ("under", "below"),
    "above": ("above", "flying over"),
    "left": ("next to", "beside", "to the left of"),
    "right": ("next to", "beside", "to the right of"),
}
_MIRRORED = {"left": "right", "right": "left"}
# What the world's writers tend to put after an opening. This ties some openings to some styles BY DESIGN: a difference
# between prompts on `scenes` shows partly what was built in here.
OPENINGS = {
    "": STYLES,
    "A photo of": ("plain", "verb"),
    "A picture of": ("plain", "short"),
    "An image of": ("short", "plain"),
    "A detailed photo of": ("full",),
    "A realistic image of": ("plain", "full"),
    "This image shows": ("relation", "scene"),
    "A picture that depicts": ("verb", "relation"),
    "Here we see": ("scene", "verb"),
    "In this picture there is": ("plain", "relation"),
    "What is this? It is": ("short", "plain"),
}


def _noun(group: Group, rng: random.Random, size: bool = False, colour: bool = True) -> str:
    kind = KINDS[group.kind]
    words = [rng.choice(SIZE_WORDS[group.size])] if size else []
    if colour:
        words.append(group.colour)
    words.append(kind.name if group.count == 1 else kind.plural)
    phrase = " ".join(word for word in words if word)
    article = COUNT_WORDS[group.count]
    if article == "a" and phrase[0] in "aeiou":
        article = "an"
    return f"{article} {phrase}"


def _listed(phrases: list[str]) -> str:
    return phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " and " + phrases[-1]


def phrase(scene: Scene, style: str, rng: random.Random) -> str:
    """The scene as a noun phrase without capital or full stop, in one of `STYLES`; KeyError for another style."""
    place = rng.choice(PLACES[scene.setting])
    groups = rng.sample(scene.groups, len(scene.groups))
    if style == "full":
        return f"{_listed([_noun(group, rng, size=True) for group in groups])} {place}"
    if style == "relation":
        if len(groups) == 1:
            return _noun(groups[0], rng, size=True)
        first, second, relation = scene.groups[0], scene.groups[1], scene.relation
        if relation in _MIRRORED and rng.random() < 0.5:
            first, second, relation = second, first, _MIRRORED[relation]
        told = f"{_noun(second, rng)} {rng.choice(RELATION_PHRASES[relation])} {_noun(first, rng)}"
        return f"{told} {place}" if rng.random() < 0.4 else told
    if style == "plain":
        return f"{_listed([_noun(group, rng) for group in groups[: rng.randint(1, 2)]])} {place}"
    if style == "scene":
        return f"{rng.choice(VIEWS[scene.setting])} with {_listed([_noun(group, rng) for group in groups])}"
    if style == "verb":
        told = f"{_noun(groups[0], rng)} {KINDS[groups[0].kind].verb} {place}"
        return f"{told} with {_noun(groups[1], rng)}" if len(groups) > 1 and rng.random() < 0.5 else told
    if style == "short":
        return _listed([_noun(group, rng, colour=False) for group in groups])
    raise KeyError(style)


def sentence(text: str) -> str:
    """A phrase as a sentence of its own: first letter in upper case, a full stop at the end."""
    return f"{text[:1].upper()}{text[1:]}."


def references(scene: Scene, rng: random.Random, count: int) -> list[str]:
    """`count` captions (at most six) in different styles, as `count` people would write them; ValueError for more."""
    return [sentence(phrase(scene, style, rng)) for style in rng.sample(STYLES, count)]


def document(scene: Scene, rng: random.Random, most: int, tied: float) -> str:
    """One to `most` sentences about one scene after openings; with probability `tied` in a style of the opening."""
    sentences = []
    for _ in range(rng.randint(1, most)):
        opening = rng.choice(tuple(OPENINGS)) if rng.random() < 0.8 else ""
        style = rng.choice(OPENINGS[opening]) if rng.random() < tied else rng.choice(STYLES)
        told = phrase(scene, style, rng)
        sentences.append(f"{opening} {told}." if opening else sentence(told))
    return " ".join(sentences)


@dataclass(frozen=True)
class Facts:
    """What a caption asserts: objects (kind, colour, size, count; "" or 0 where unsaid), settings and relations."""

    objects: tuple[Group, ...]
    settings: frozenset[str]
    relations: tuple[tuple[str, str, str], ...]  # (kind of the second group, relation, kind of the first)


_NAMES = {name: kind.name for kind in KINDS.values() for name in (kind.name, kind.plural)}
_OBJECT = re.compile(
    r"\b(?P<count>an?|one|two|three)\s+(?:(?P<size>small|little|large|big)\s+)?"
    rf"(?:(?P<colour>{'|'.join(COLOURS)})\s+)?(?P<kind>{'|'.join(sorted(_NAMES, key=len, reverse=True))})\b"
)
_SAID_SIZE = {word: size for size, words in SIZE_WORDS.items() for word in words}
_SAID_COUNT = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}
_SAID_PLACE = {said: place for table in (PLACES, VIEWS) for place, phrases in table.items() for said in phrases}
_PLACE = re.compile(rf"\b(?:{'|'.join(sorted(_SAID_PLACE, key=len, reverse=True))})\b")
_SAID_RELATION = {
    "on top of": "on", "on": "on", "under": "under", "below": "under", "above": "above", "flying over": "above",
    "to the left of": "left", "to the right of": "right",
}  # fmt: skip
_BETWEEN = re.compile(rf"\s*({'|'.join(sorted(_SAID_RELATION, key=len, reverse=True))})\s*")


def read_facts(caption: str) -> Facts:
    """The facts that a caption asserts, by the grammar of this module; "next to" asserts no side and is not counted."""
    text = " ".join(caption.lower().split())
    places = frozenset(_SAID_PLACE[found] for found in _PLACE.findall(text))
    matches = list(_OBJECT.finditer(text))
    objects = tuple(
        Group(_NAMES[m["kind"]], m["colour"] or "", _SAID_SIZE[m["size"]] if m["size"] else "", _SAID_COUNT[m["count"]])
        for m in matches
    )
    relations = []
    for index in range(len(matches) - 1):
        between = _BETWEEN.fullmatch(text[matches[index].end() : matches[index + 1].start()])
        if between:
            relations.append((objects[index].kind, _SAID_RELATION[between[1]], objects[index + 1].kind))
    return Facts(objects, places, tuple(relations))


FACT_KINDS = ("object", "colour", "size", "count", "setting", "relation")


def check_facts(caption: str, scene: Scene) -> Counter[tuple[str, str]]:
    """Counts of (fact kind, "right" | "wrong" | "true") for one caption against the scene that was drawn.

    An object is right when its kind is in the scene (each kind once); colour, size and count are judged on the right
    objects that state them. "true" counts what the scene holds, so right / (right + wrong) is precision and
    right / true recall. Only a plain "a"/"an" before a noun asserts the count 1.
    """
    facts = read_facts(caption)
    truth = {group.kind: group for group in scene.groups}
    counts: Counter[tuple[str, str]] = Counter()
    counts["object", "true"] = len(truth)
    counts["colour", "true"] = sum(bool(group.colour) for group in scene.groups)
    counts["size", "true"] = sum(group.size != "medium" for group in scene.groups)
    counts["count", "true"] = len(truth)
    counts["setting", "true"] = 1
    counts["relation", "true"] = int(bool(scene.relation))
    seen: set[str] = set()
    for said in facts.objects:
        group = truth.get(said.kind)
        if group is None or said.kind in seen:
            counts["object", "wrong"] += 1
            continue
        seen.add(said.kind)
        counts["object", "right"] += 1
        counts["count", "right" if said.count == group.count else "wrong"] += 1
        if said.colour:
            counts["colour", "right" if said.colour == group.colour else "wrong"] += 1
        if said.size:
            counts["size", "right" if said.size == group.size else "wrong"] += 1
    for place in facts.settings:
        counts["setting", "right" if place == scene.setting else "wrong"] += 1
    told = set()
    if scene.relation:
        first, second = (group.kind for group in scene.groups[:2])
        told = {(second, scene.relation, first), (first, _MIRRORED.get(scene.relation, ""), second)}
    for second, relation, first in facts.relations:
        true = (second, relation, first) in told
        counts["relation", "right" if true else "wrong"] += 1
    return counts


def spoken_phrases(documents: list[str]) -> set[str]:
    """Every phrase of these documents in lower case, without its opening and full stop."""
    openings = sorted((opening.lower() + " " for opening in OPENINGS if opening), key=len, reverse=True)
    phrases = set()
    for text in documents:
        for told in text.lower().rstrip(".").split(". "):
            opening = next((opening for opening in openings if told.startswith(opening)), "")
            phrases.add(told.removeprefix(opening))
    return phrases
