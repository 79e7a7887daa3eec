"""Splits are disjoint, and what is held out shows up in `novel` alone."""

import random
from collections import Counter

import pytest

from captioner.config.split import DrawnSplit
from captioner.foundation.errors import InputError
from captioner.photographs.splits import SPLITS, assign, assign_given, held_out_pairs
from captioner.world.scene import all_pairs

SIZES = {"train": 200, "val": 40, "test": 60, "novel": 30}


def config(**changes):
    return DrawnSplit(**{"source": "drawn", **SIZES, "held_out_colours": 6, "held_out_settings": 4, **changes})


@pytest.fixture(scope="module")
def world(scenes):
    """Two sets of images, the pairs of each image, and what is held out."""
    sets = {"train": list(range(500, 900)), "test": list(range(1000, 1300))}
    ids = [*sets["train"], *sets["test"]]
    pairs = {key: scene.pairs for key, scene in zip(ids, scenes, strict=False)}
    coloured, placed = all_pairs()
    rng = random.Random(0)
    return sets, pairs, frozenset(held_out_pairs(coloured, 6, rng) + held_out_pairs(placed, 4, rng))


@pytest.mark.parametrize("seed", range(5))
def test_splits_keep_their_promises(world, seed):
    sets, pairs, held_out = world
    splits = assign(sets, pairs, held_out, config(), random.Random(seed))
    assert {name: len(keys) for name, keys in splits.items()} == SIZES and tuple(splits) == SPLITS
    everything = [key for keys in splits.values() for key in keys]
    assert len(everything) == len(set(everything))
    assert {*splits["train"], *splits["val"]} <= set(sets["train"])
    assert {*splits["test"], *splits["novel"]} <= set(sets["test"])
    assert all(keys == sorted(keys) for keys in splits.values())
    for name in ("train", "val", "test"):
        assert not any(pairs[key] & held_out for key in splits[name])
    assert all(pairs[key] & held_out for key in splits["novel"])
    assert splits == assign(sets, pairs, held_out, config(), random.Random(seed))
    assert splits != assign(sets, pairs, held_out, config(), random.Random(seed + 1))


def test_images_without_pairs_split_too(world):
    splits = assign(world[0], {}, frozenset(), config(novel=0), random.Random(0))
    assert {name: len(keys) for name, keys in splits.items()} == {**SIZES, "novel": 0}


@pytest.mark.parametrize("name", SPLITS)
def test_too_few_images_are_named(world, name):
    with pytest.raises(InputError, match=rf"split\.{name}: 999 "):
        assign(*world, config(**{name: 999}), random.Random(0))


@pytest.mark.parametrize("which", [0, 1])
def test_held_out_pairs_leave_two_of_each_member(which):
    pairs = all_pairs()[which]
    before = [Counter(pair[side] for pair in pairs) for side in (0, 1)]
    for seed in range(20):
        chosen = held_out_pairs(pairs, 12, random.Random(seed))
        assert len(set(chosen)) == 12 and set(chosen) <= set(pairs)
        for side in (0, 1):
            gone = Counter(pair[side] for pair in chosen)
            assert all(before[side][member] - n >= 2 for member, n in gone.items())
    assert held_out_pairs(pairs, 0, random.Random(0)) == []


def test_too_many_held_out_pairs_are_refused():
    square = [(a, b) for a in "xyz" for b in "123"]
    assert len(held_out_pairs(square, 2, random.Random(0))) == 2
    with pytest.raises(InputError, match=r"at most [23] pairs"):
        held_out_pairs(square, 4, random.Random(0))


def test_given_sets_are_dealt_by_a_rule_that_nests():
    sets = {"train": range(100, 160), "val": [], "test": range(10)}
    small, large = (assign_given(sets, count, "1/val") for count in (5, 20))
    for splits in (small, large):
        assert splits["novel"] == [] and splits["test"] == list(range(10))
        assert sorted(splits["train"] + splits["val"]) == list(sets["train"])
    assert set(small["val"]) < set(large["val"]) and small["val"] != list(range(100, 105))
    assert assign_given(sets, 5, "2/val")["val"] != small["val"]
    own = assign_given({**sets, "val": range(60, 70)}, 4, "1/val")
    assert own["train"] == list(sets["train"]) and set(own["val"]) < set(range(60, 70)) and len(own["val"]) == 4


@pytest.mark.parametrize(("sets", "named"), [
    ({"train": range(5), "test": range(9)}, "train"), ({"train": range(50), "test": [1]}, "test"),
    ({"train": range(50), "val": range(3), "test": range(9)}, "val"), ({"train": [], "val": range(9)}, "train"),
])  # fmt: skip
def test_given_sets_that_are_too_small_are_named(sets, named):
    with pytest.raises(InputError, match=f"the set {named} has"):
        assign_given(sets, 5, "1")
