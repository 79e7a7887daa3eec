"""Captions say what their scenes hold, and the reader of facts hears it."""

import random
from collections import Counter

import pytest

from captioner.world.language import (
    OPENINGS,
    STYLES,
    VIEWS,
    check_facts,
    document,
    phrase,
    read_facts,
    references,
    sentence,
    spoken_phrases,
)
from captioner.world.scene import KINDS, Group, Scene

PICNIC = Scene("park", (Group("table", "brown", "medium", 1), Group("cat", "black", "small", 1)), "on", "clear")
ROAD = Scene("street", (Group("car", "red", "large", 2), Group("dog", "brown", "medium", 1)), "left", "night")


def outcome(caption, scene):
    """The counts of right and wrong facts that are not zero."""
    return {key: n for key, n in check_facts(caption, scene).items() if n and key[1] != "true"}


@pytest.mark.parametrize("style", STYLES)
def test_every_phrase_is_true_of_its_scene(scenes, style):
    """No fact that is read back is wrong, and what the style names is all found."""
    rng = random.Random(style)
    for scene in scenes[:1500]:
        told = phrase(scene, style, rng)
        counts = check_facts(sentence(told), scene)
        assert not [key for key, n in counts.items() if n and key[1] == "wrong"], (told, scene)
        named = counts["object", "right"]
        every = len(scene.groups)
        if style in ("full", "scene", "short"):
            assert named == every
        elif style == "relation":
            assert named == min(2, every)
            unsided = "next to" in told or "beside" in told
            assert counts["relation", "right"] == int(every > 1 and not unsided)
        else:
            assert 1 <= named <= min(2, every)
        assert counts["count", "right"] == named
        if style == "full":
            assert counts["size", "right"] == counts["size", "true"]
        coloured = sum(bool(KINDS[said.kind].colours) for said in read_facts(told).objects)
        assert counts["colour", "right"] == (0 if style == "short" else coloured)
        if style in ("full", "plain", "verb", "scene"):
            assert counts["setting", "right"] == 1


def test_true_counts_are_what_the_scene_holds():
    counts = check_facts("", ROAD)
    assert {key[0]: n for key, n in counts.items() if key[1] == "true"} == {
        "object": 2, "colour": 2, "size": 1, "count": 2, "setting": 1, "relation": 1,
    }  # fmt: skip
    assert outcome("", ROAD) == {}


@pytest.mark.parametrize(
    ("caption", "scene", "wrong"),
    [
        ("A small black cat on a brown table in a park.", PICNIC, {}),
        ("A black dog on a brown table.", PICNIC, {("object", "wrong"): 1, ("relation", "wrong"): 1}),
        ("A white cat.", PICNIC, {("colour", "wrong"): 1}),
        ("A large cat.", PICNIC, {("size", "wrong"): 1}),
        ("Two cats.", PICNIC, {("count", "wrong"): 1}),
        ("A cat on a beach.", PICNIC, {("setting", "wrong"): 1}),
        ("A cat under a table.", PICNIC, {("relation", "wrong"): 1}),
        ("A table on a cat.", PICNIC, {("relation", "wrong"): 1}),
        ("A cat and a cat.", PICNIC, {("object", "wrong"): 1}),
        ("A cat in a park in a kitchen.", PICNIC, {("setting", "wrong"): 1}),
        ("A dog to the left of two cars.", ROAD, {}),
        ("Two cars to the right of a dog.", ROAD, {}),
        ("Two cars to the left of a dog.", ROAD, {("relation", "wrong"): 1}),
        ("A dog next to three cars.", ROAD, {("count", "wrong"): 1}),
        ("A DOG  beside\ntwo big RED cars", ROAD, {}),
        ("It is what it is", ROAD, {}),
    ],
)
def test_wrong_facts_are_detected(caption, scene, wrong):
    found = {key: n for key, n in outcome(caption, scene).items() if key[1] == "wrong"}
    assert found == wrong


def test_facts_of_a_hand_made_caption():
    facts = read_facts("A big orange cat under three umbrellas, and an apple, by the sea.")
    cat, umbrellas, apple = facts.objects
    assert (cat, umbrellas) == (Group("cat", "orange", "large", 1), Group("umbrella", "", "", 3))
    assert apple == Group("apple", "", "", 1)
    assert facts.settings == {"beach"}
    assert facts.relations == (("cat", "under", "umbrella"),)


def test_references_differ_in_style_and_read_as_sentences(scenes):
    rng = random.Random(0)
    for scene in scenes[:300]:
        told = references(scene, rng, len(STYLES))
        for text in told:
            assert text[0].isupper() and text.endswith(".") and text.count(".") == 1 and "  " not in text
        lower = [text.lower() for text in told]
        assert sum(text.startswith(VIEWS[scene.setting]) for text in lower) == 1  # style `scene`
        if not any(group.kind == "kite" for group in scene.groups):  # "flying over" tells a relation
            verbs = [f" {KINDS[group.kind].verb} " for group in scene.groups]
            assert sum(any(verb in text for verb in verbs) for text in lower) == 1  # style `verb`
        if all(group.colour for group in scene.groups):
            assert sum(not any(said.colour for said in read_facts(text).objects) for text in told) == 1  # `short`
    with pytest.raises(ValueError):
        references(scenes[0], rng, 7)
    with pytest.raises(KeyError):
        phrase(scenes[0], "sonnet", rng)


@pytest.mark.parametrize(
    ("group", "style", "expected"),
    [
        (Group("apple", "red", "medium", 1), "short", "an apple"),
        (Group("apple", "red", "medium", 1), "scene", "a red apple"),
        (Group("umbrella", "orange", "medium", 1), "scene", "an orange umbrella"),
        (Group("bus", "red", "medium", 2), "short", "two buses"),
        (Group("sheep", "white", "medium", 3), "short", "three sheep"),
    ],
)
def test_articles_and_plurals(group, style, expected):
    told = phrase(Scene("park", (group,), "", "clear"), style, random.Random(0))
    assert told == expected or told.endswith(f" with {expected}")


def test_documents_tell_of_their_scene_only(scenes):
    """Each sentence of a document is true of the scene; so a pair that the scene lacks is never told."""
    rng = random.Random(1)
    lengths, openings = Counter(), Counter()
    for scene in scenes[:500]:
        text = document(scene, rng, 4, 0.5)
        assert text.endswith(".") and text[0].isupper()
        phrases = spoken_phrases([text])
        lengths[text.count(".")] += 1
        openings.update(opening for opening in OPENINGS if opening and opening in text)
        for told in phrases:
            assert not [key for key in outcome(told, scene) if key[1] == "wrong"]
            facts = read_facts(told)
            assert {(g.kind, g.colour) for g in facts.objects if g.colour} <= scene.pairs
            assert {(g.kind, place) for g in facts.objects for place in facts.settings} <= scene.pairs
    assert set(lengths) == {1, 2, 3, 4}
    assert set(openings) == set(OPENINGS) - {""}


def test_tied_documents_keep_to_the_styles_of_their_openings(scenes):
    """`short` alone names no colour; fully tied, it never follows an opening that is not tied to it."""
    rng = random.Random(2)
    coloured = [scene for scene in scenes if all(group.colour for group in scene.groups)]
    for scene in coloured[:400]:
        text = document(scene, rng, 1, 1.0)
        opening = max((opening for opening in OPENINGS if text.startswith(opening)), key=len)
        said = [group.colour for group in read_facts(text).objects]
        if opening and "short" not in OPENINGS[opening]:
            assert all(said), text


def test_spoken_phrases_drop_openings_and_full_stops():
    told = "a red car on a street"
    for opening in OPENINGS:
        text = f"{opening} {told}." if opening else sentence(told)
        assert spoken_phrases([text]) == {told}
    assert spoken_phrases(["A photo of a dog. What is this? It is two cats."]) == {"a dog", "two cats"}
