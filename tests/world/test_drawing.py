"""Pictures show what their scenes say: places by geometry, colours by counting pixels."""

import random
from itertools import combinations

import numpy as np
import pytest

from captioner.world.drawing import draw
from captioner.world.layout import MARGIN, layout
from captioner.world.palette import TONES
from captioner.world.scene import KINDS, SETTINGS, SIZES, Group, Scene


def alone(kind, colour, size="medium", count=1):
    setting = KINDS[kind].settings[0]
    indoor = setting in ("kitchen", "living room", "bedroom")
    return Scene(setting, (Group(kind, colour, size, count),), "", "" if indoor else "clear")


def pixels(scene, seed=0, size=64):
    return np.asarray(draw(scene, random.Random(seed), size))


def span(things):
    boxes = np.array([thing.box for thing in things])
    return boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()


@pytest.fixture(scope="module")
def laid_out(scenes):
    """Scenes, their things, and the things of each group."""
    rows = []
    for seed, scene in enumerate(scenes):
        things = layout(scene, random.Random(seed))
        rows.append((scene, things, [[t for t in things if t.group == n] for n in range(len(scene.groups))]))
    return rows


def test_layout_places_every_thing_inside_the_picture(laid_out):
    tiny = 1e-9
    for scene, things, groups in laid_out:
        assert [len(group) for group in groups] == [group.count for group in scene.groups]
        left, top, right, bottom = span(things)
        assert left >= MARGIN - tiny and top >= MARGIN - tiny and right <= 1 - MARGIN + tiny and bottom <= 1
        assert min(min(thing.width, thing.height) for thing in things) > 0.04  # still to be seen


def test_neighbours_overlap_by_a_tenth_at_most(laid_out):
    for scene, things, _ in laid_out:
        stacked = {0, 1} if scene.relation in ("on", "under", "above") else set()
        for one, other in combinations(things, 2):
            if {one.group, other.group} != stacked:
                overlap = min(one.box[2], other.box[2]) - max(one.box[0], other.box[0])
                assert overlap <= 0.1 * min(one.width, other.width)


def test_relations_hold_in_the_layout(laid_out):
    seen = set()
    for scene, _, groups in laid_out:
        if not scene.relation:
            continue
        seen.add(scene.relation)
        first, second = groups[:2]
        left, top, right, bottom = span(first)
        x0, y0, x1, y1 = span(second)
        shared = min(right, x1) - max(left, x0)
        if scene.relation == "left":
            assert x1 <= left + 0.1 * min(x1 - x0, right - left)
        elif scene.relation == "right":
            assert x0 >= right - 0.1 * min(x1 - x0, right - left)
        elif scene.relation == "above":
            assert y1 < top and left < (x0 + x1) / 2 < right
        elif scene.relation == "on":
            assert top <= y1 < bottom and shared >= 0.8 * (x1 - x0)
        else:
            assert top < y0 and abs(y1 - bottom) < 0.03 and shared >= 0.8 * (x1 - x0)
    assert seen == {"left", "right", "above", "on", "under"}


def test_what_stands_on_or_under_is_painted_after_its_holder(laid_out):
    for scene, things, _ in laid_out:
        if scene.relation in ("on", "under"):
            order = [thing.group for thing in things]
            assert order.index(0) < order.index(1)


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_grow(kind):
    colour = (KINDS[kind].colours or ("",))[0]
    for seed in range(10):
        areas = []
        for size in SIZES:
            (thing,) = layout(alone(kind, colour, size), random.Random(seed))
            areas.append(thing.width * thing.height)
        assert areas[1] > 1.2 * areas[0] and areas[2] > 1.2 * areas[1]


def test_same_scene_and_seed_give_the_same_bytes(scenes):
    for scene in scenes[:12]:
        assert draw(scene, random.Random(5), 48).tobytes() == draw(scene, random.Random(5), 48).tobytes()
        assert draw(scene, random.Random(5), 48).tobytes() != draw(scene, random.Random(6), 48).tobytes()


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.colours])
def test_the_colour_can_be_seen(kind):
    """The colour's own tone covers part of the thing's box, and more of it than in a picture in another colour."""
    pictures = {colour: pixels(alone(kind, colour)) for colour in KINDS[kind].colours}
    (thing,) = layout(alone(kind, KINDS[kind].colours[0]), random.Random(0))
    area = thing.width * thing.height * 64 * 64
    for colour in pictures:
        cover = {
            other: (np.abs(picture.astype(int) - TONES[colour].base).max(axis=-1) <= 12).sum()
            for other, picture in pictures.items()
        }
        own = cover.pop(colour)
        assert own > 0.05 * area, (kind, colour, own / area)
        assert own - max(cover.values()) > 0.04 * area


def test_kinds_settings_and_skies_look_different():
    def distinct(scenes):
        pictures = [pixels(scene).astype(int) for scene in scenes]
        return min(np.abs(a - b).mean() for a, b in combinations(pictures, 2))

    cat = (Group("cat", "black", "medium", 1),)
    assert distinct([Scene(setting, cat, "", "") for setting in SETTINGS]) > 5
    assert distinct([Scene("farm", cat, "", sky) for sky in ("clear", "cloudy", "sunset", "night")]) > 5
    white = sorted(kind.name for kind in KINDS.values() if "red" in kind.colours)
    assert distinct([Scene("street", (Group(kind, "red", "large", 1),), "", "clear") for kind in white]) > 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_things_are_painted_in_their_boxes(count):
    scene = alone("ball", "purple", "small", count)
    for seed in range(5):
        purple = np.abs(pixels(scene, seed, 128).astype(int) - TONES["purple"].base).max(axis=-1) <= 12
        boxes = np.zeros_like(purple)
        for thing in layout(scene, random.Random(seed)):
            left, top, right, bottom = (round(128 * edge) for edge in thing.box)
            boxes[top - 1 : bottom + 1, left - 1 : right + 1] = True
            assert purple[top:bottom, left:right].mean() > 0.15
        assert not purple[~boxes].any()


@pytest.mark.parametrize(
    "scene",
    [
        Scene("park", (Group("dragon", "red", "medium", 1),), "", "clear"),
        Scene("park", (Group("dog", "mauve", "medium", 1),), "", "clear"),
        Scene("park", (Group("dog", "brown", "huge", 1),), "", "clear"),
        Scene("moon", (Group("dog", "brown", "medium", 1),), "", "clear"),
        Scene("park", (Group("dog", "brown", "medium", 1),), "", "hail"),
    ],
)
def test_what_the_world_does_not_have_is_refused(scene):
    with pytest.raises(KeyError):
        draw(scene, random.Random(0), 32)
