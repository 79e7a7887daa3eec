"""What raters are asked: even over systems, blind to order and side, checked, and the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import pytest
from made_ratings import captions

from captioner.foundation.errors import InputError
from captioner.rating import items
from captioner.rating.items import Asked, Item, Sizes

MADE, REFERENCES = captions(30, ("a", "b", "c", "d"))
IMAGES = sorted(REFERENCES)
SIZES = Sizes(pairs=20, scales=10, overlap=3)


def asked(seed: int = 1) -> list[Item]:
    pairs = items.questions(MADE, IMAGES, "pair", 60, seed)
    return pairs + items.questions(MADE, IMAGES, "scale", 30, seed) + items.attention_checks(REFERENCES, IMAGES, seed)


def plans(raters: int, seed: int = 1) -> tuple[list[Item], list[list[Asked]]]:
    every, found = asked(seed), []
    times = [0] * len(every)
    for number in range(raters):
        found.append(items.plan(every, times, SIZES, random.Random(f"{seed}/{number}")))
        for task in found[-1]:
            times[task.item] += task.role == "rating"
    return every, found


def test_captions_with_the_same_words_are_one():
    for item in items.questions(MADE, IMAGES, "pair", 10_000, 1):
        assert len(set(item.captions)) == 2
        for text, systems in zip(item.captions, item.systems, strict=True):
            wrote = [name for name in MADE if MADE[name][item.image] == text]
            assert systems.split("+") == wrote
    scales = items.questions(MADE, IMAGES, "scale", 10_000, 1)
    assert len({(item.image, *item.captions) for item in scales}) == len(scales) == 4 * 30 - 6


def test_every_pair_of_systems_is_asked_about_as_often():
    about = Counter()
    for item in items.questions(MADE, IMAGES, "pair", 60, 1):
        about.update((a, b) for a in item.systems[0].split("+") for b in item.systems[1].split("+"))
    assert set(about) == set(combinations("abcd", 2))
    assert max(about.values()) - min(about.values()) <= 2


def test_the_seed_decides_everything():
    assert plans(3, 1) == plans(3, 1)
    assert plans(3, 1)[1] != plans(3, 2)[1]


def test_a_rater_is_asked_pairs_then_scales_with_checks_between_and_repeats_on_the_other_side():
    every, found = plans(6)
    for tasks in found:
        kinds = [every[task.item].kind for task in tasks]
        assert kinds == sorted(kinds)  # "pair" comes before "scale"
        assert Counter(task.role for task in tasks) == {"rating": 30, "check": 4, "repeat": 1}
        assert all((task.role == "check") == (every[task.item].role == "check") for task in tasks)
        assert not any(task.swapped for task in tasks if every[task.item].kind == "scale")
        ratings = [task.item for task in tasks if task.role == "rating"]
        assert len(set(ratings)) == len(ratings)
        assert {task.role for task in tasks[:2]} == {"rating"}
        for at, task in enumerate(tasks):
            if task.role == "repeat":
                (before,) = [n for n, each in enumerate(tasks) if each.item == task.item and each.role == "rating"]
                assert tasks[before].swapped != task.swapped and at - before > items.SPACING


def test_questions_go_to_as_many_raters_and_sides_and_orders_differ():
    every, found = plans(9)
    times = Counter(task.item for tasks in found for task in tasks if task.role == "rating")
    for kind in ("pair", "scale"):
        own = [times[place] for place, item in enumerate(every) if (item.kind, item.role) == (kind, "rating")]
        assert set(own) == {3}
    swapped = [task.swapped for tasks in found for task in tasks if every[task.item].kind == "pair"]
    assert 0.3 < sum(swapped) / len(swapped) < 0.7
    assert len({tuple(task.item for task in tasks) for tasks in found}) == 9


def test_an_attention_check_shares_no_telling_word_with_its_picture():
    checks = items.attention_checks(REFERENCES, IMAGES, 1)
    assert len(checks) == 60
    for item in checks:
        foreign = item.captions[item.systems.index("foreign")]
        assert foreign not in REFERENCES[item.image]
        telling = items.words(foreign) - {"a", *["red", "green", "blue", "white"]}
        assert telling and not telling & set().union(*map(items.words, REFERENCES[item.image]))
    same = {image: ["a dog"] for image in IMAGES}
    assert items.attention_checks(same, IMAGES, 1) == []  # nothing is wrong where all pictures show the same


@pytest.mark.parametrize(
    ("captions", "told"),
    [
        ({"a": {"1": "x", "2": "y"}}, "one system only"),
        ({"a": {"1": "x"}, "b": {"1": "y"}}, "fewer than two images"),
        ({"a": {"1": "x"}, "b+c": {"1": "y"}}, "no name for captions"),
        ({"a": {"1": "x"}, "own": {"1": "y"}}, "no name for captions"),
    ],
)
def test_what_cannot_be_asked_is_told(captions, told):
    with pytest.raises(InputError, match=told):
        items.chosen_images(captions, {"1": ["r"], "2": ["r"]}, 5, 1)
