"""Which image belongs to which split, and which pairs of the drawn world are held out of all training."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from captioner.config.split import DrawnSplit
from captioner.foundation.errors import InputError
from captioner.photographs.photographs import chosen

Pair = tuple[str, str]
SPLITS = ("train", "val", "test", "novel")


def held_out_pairs(pairs: Sequence[Pair], count: int, rng: random.Random) -> list[Pair]:
    """`count` pairs drawn at random so that each first and each second member keeps at least two pairs.

    InputError where so many cannot be held out.
    """
    left, right = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    chosen: list[Pair] = []
    for first, second in rng.sample(list(pairs), len(pairs)):
        if len(chosen) == count:
            break
        if left[first] > 2 and right[second] > 2:
            left[first] -= 1
            right[second] -= 1
            chosen.append((first, second))
    if len(chosen) < count:
        raise InputError(f"params.yaml: split: at most {len(chosen)} pairs of this kind can be held out, not {count}")
    return sorted(chosen)


def assign(
    sets: Mapping[str, Sequence[int]],
    pairs: Mapping[int, frozenset[Pair]],
    held_out: frozenset[Pair],
    config: DrawnSplit,
    rng: random.Random,
) -> dict[str, list[int]]:
    """The image ids of each split, sorted.

    `sets` are the source's own sets, `train` and `test`. The splits train and val come out of the set train, test and
    novel out of the set test; an image with a held-out pair can only be in novel. InputError where a set is too small.
    """
    novel_pool = [key for key in sets["test"] if pairs.get(key, frozenset()) & held_out]
    novel_ids = set(novel_pool)
    train_pool = [key for key in sets["train"] if not pairs.get(key, frozenset()) & held_out]
    test_pool = [key for key in sets["test"] if key not in novel_ids]
    for pool in (train_pool, test_pool, novel_pool):
        rng.shuffle(pool)
    splits = {}
    for name, pool, count, setting in (
        ("train", train_pool, config.train, "train_images"),
        ("val", train_pool, config.val, "train_images"),
        ("test", test_pool, config.test, "test_images"),
        ("novel", novel_pool, config.novel, "test_images"),
    ):
        if len(pool) < count:
            raise InputError(
                f"params.yaml: split.{name}: {count} images wanted, {len(pool)} left; lower it or raise data.{setting}"
            )
        splits[name] = sorted(pool[:count])
        del pool[:count]
    return splits


def assign_given(sets: Mapping[str, Sequence[int]], val: int, seed: str) -> dict[str, list[int]]:
    """The image ids of each split of a source that has sets of its own, sorted; `novel` is empty.

    Split test is the set test; val is `val` images of the set val, or of the set train where there is no set val,
    chosen by the rule of `captioner.photographs.photographs.chosen`; train is the rest of the set train. InputError
    where a set is too small.
    """
    home = "val" if sets.get("val") else "train"
    for name, least in ((home, val if home == "val" else val + 1), ("train", 1), ("test", 2)):
        if len(sets.get(name, ())) < least:
            found = len(sets.get(name, ()))
            raise InputError(f"params.yaml: split: the set {name} has {found} images, but at least {least} are needed")
    kept = chosen(sets[home], val, seed)
    train = sorted(set(sets["train"]) - set(kept))
    return {"train": train, "val": kept, "test": sorted(sets["test"]), "novel": []}
