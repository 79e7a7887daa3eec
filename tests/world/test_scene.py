"""The sampler keeps to the grammar of the world and reaches all of it."""

import json

import pytest

from captioner.world.scene import (
    CAN_FLY,
    CARRIERS,
    COLOURS,
    FLYING,
    INDOOR,
    KINDS,
    RELATIONS,
    SETTINGS,
    SHELTERS,
    SIZES,
    SKIES,
    Group,
    Scene,
    all_pairs,
)


def test_scenes_hold_allowed_things_only(scenes):
    for scene in scenes:
        names = [group.kind for group in scene.groups]
        assert 1 <= len(names) == len(set(names)) <= 3
        assert (scene.sky == "") == (scene.setting in INDOOR)
        assert bool(scene.relation) == (len(names) > 1)
        for group in scene.groups:
            kind = KINDS[group.kind]
            assert scene.setting in kind.settings
            assert group.colour in (kind.colours or ("",))
            assert 1 <= group.count <= kind.most


def test_relations_are_possible(scenes):
    for scene in scenes:
        if not scene.relation:
            continue
        first, second = scene.groups[:2]
        single = first.count == second.count == 1
        if scene.relation == "on":
            assert single and second.kind in CARRIERS[first.kind]
        if scene.relation == "under":
            assert single and second.kind in SHELTERS[first.kind]
        if scene.relation == "above":
            assert second.kind in CAN_FLY
        else:
            assert second.kind not in FLYING


def test_every_part_of_the_world_occurs(scenes):
    groups = [group for scene in scenes for group in scene.groups]
    assert {scene.setting for scene in scenes} == set(SETTINGS)
    assert {scene.relation for scene in scenes} == {*RELATIONS, ""}
    assert {scene.sky for scene in scenes} == {*SKIES, ""}
    assert {group.size for group in groups} == set(SIZES)
    assert {group.count for group in groups} == {1, 2, 3}
    assert {group.colour for group in groups} == {*COLOURS, ""}
    coloured, placed = all_pairs()
    assert len(set(coloured + placed)) == len(coloured) + len(placed)
    assert frozenset().union(*(scene.pairs for scene in scenes)) == set(coloured) | set(placed)


def test_carriers_and_shelters_can_meet_their_things():
    for table in (CARRIERS, SHELTERS):
        for holder, things in table.items():
            for thing in things:
                assert set(KINDS[holder].settings) & set(KINDS[thing].settings), (holder, thing)


def test_json_round_trip(scenes):
    for scene in scenes[:300]:
        copy = Scene.from_json(json.loads(json.dumps(scene.to_json())))
        assert copy == scene and hash(copy) == hash(scene)


@pytest.mark.parametrize("record", [{}, {"setting": "park", "groups": [["dog"]], "relation": "", "sky": ""}])
def test_json_of_another_shape_is_refused(record):
    with pytest.raises((KeyError, TypeError)):
        Scene.from_json(record)


def test_signature_ignores_the_order_of_the_telling():
    car, dog = Group("car", "red", "small", 1), Group("dog", "black", "large", 2)
    told = Scene("street", (car, dog), "left", "clear").signature
    assert Scene("street", (dog, car), "right", "night").signature == told
    assert Scene("street", (dog, car), "left", "clear").signature != told
    assert Scene("park", (car, dog), "left", "clear").signature != told
    assert Scene("street", (car,), "", "clear").signature != told
