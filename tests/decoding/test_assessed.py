"""What is picked of several captions and how it is scored, against figures made one caption at a time."""

import json
import random

import numpy as np
import pytest

from captioner.captioning.captions import Caption
from captioner.decoding.assessed import COLUMNS, DIVERSITY, Measured, Standard, assessed
from captioner.decoding.diversity import self_cider
from captioner.decoding.several import Several, read_several, write_several
from captioner.evaluation.judge import Judge, fact_table
from captioner.scores.metrics import tokenise
from captioner.statistics.intervals import Bootstrap
from captioner.world.language import references

PICTURES, N = 30, 4


def vectors(texts):
    """A unit vector of each text that depends on its letters alone."""
    made = np.array([np.random.default_rng(list(text.encode()) or [0]).normal(size=8) for text in texts])
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def told(scenes):
    """Six captions of each of thirty scenes, the first five of which are its references."""
    rng = random.Random("assessed")
    return [references(scene, rng, 6) for scene in scenes[:PICTURES]]


@pytest.fixture(scope="module")
def standard(told, scenes):
    images = vectors([several[5] for several in told])
    five = [several[:5] for several in told]
    judge = Judge(five, images, [vectors(several) for several in five], 100, "x", 3, tokenise)
    return Standard(judge, vectors, images, vectors, scenes[:PICTURES])


def several(name, told, choose):
    """By two maps, captions of each picture that `choose` takes by picture and map."""
    rows = []
    for seed in range(2):
        texts = [choose(picture, seed) for picture in range(len(told))]
        rows.append([Several(name, "test", seed, at, tuple(some), tuple(map(len, some)), (-0.5,) * len(some))
                     for at, some in enumerate(texts)])  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def decodings(told):
    """Greedy ones that are right, a beam with the picture's own caption last, and others' captions drawn."""
    return {
        "greedy": several("greedy", told, lambda picture, seed: [told[picture][seed]]),
        "beam_4": several("beam_4", told, lambda picture, seed: [*told[picture - 1][:3], told[picture][5]]),
        "pure": several("pure", told, lambda picture, seed: [told[picture - k][k + seed] for k in (1, 2, 0, 3)]),
    }


@pytest.fixture(scope="module")
def rows(standard, decodings):
    labels = {name: name.upper() for name in decodings}
    return list(assessed("test", standard, decodings, labels, lambda maps: Bootstrap(PICTURES, maps, 200, 0.95, 1)))


def row(rows, name, pick):
    (found,) = [each for each in rows if (each["decoding"], each["pick"]) == (name, pick)]
    return found


def test_rows_are_those_of_every_way_and_pick(rows):
    assert [(each["decoding"], each["pick"], each["captions"]) for each in rows] == [
        ("greedy", "first", 1),
        *(("beam_4", pick, 4) for pick in ("first", "mean", "clip", "shuffled", "oracle")),
        *(("pure", pick, 4) for pick in ("mean", "clip", "shuffled", "oracle")),
        ("people", "mean", 5),
    ]
    assert all(set(each) == set(COLUMNS) for each in rows)
    for name in ("beam_4", "pure"):
        best = row(rows, name, "oracle")
        assert all(best["cider"] >= row(rows, name, pick)["cider"] for pick in ("mean", "clip", "shuffled"))
        assert best["gain_low"] > 0
    assert row(rows, "greedy", "first")["label"] == "GREEDY" and np.isnan(row(rows, "greedy", "first")["difference"])


def test_picks_are_those_of_a_loop(standard, decodings, rows):
    judge = standard.judge
    for name in ("beam_4", "pure"):
        picked = {"clip": [], "oracle": [], "mean": []}
        for one in decodings[name]:
            for at, each in enumerate(one):
                scores = [judge.cider.score(at, tokenise(text)) for text in each.texts]
                near = (vectors(each.texts) @ standard.images[at]).tolist()
                picked["clip"].append(scores[near.index(max(near))])
                picked["oracle"].append(max(scores))
                picked["mean"].append(np.mean(scores))
        for pick, values in picked.items():
            assert row(rows, name, pick)["cider"] == pytest.approx(np.mean(values)), (name, pick)
            gain = np.mean(values) - np.mean(picked["mean"])
            if pick != "mean":
                assert row(rows, name, pick)["gain"] == pytest.approx(gain)
    greedy = np.mean([judge.cider.scores([tokenise(each.texts[0]) for each in one]) for one in decodings["greedy"]])
    assert row(rows, "pure", "clip")["difference"] == pytest.approx(row(rows, "pure", "clip")["cider"] - greedy)


def test_the_own_caption_is_nearest_and_no_other_picture_is(standard, decodings, rows):
    """The beam's last caption has the very embedding of its picture; by other pictures' it is picked by chance."""
    measured = Measured(standard, decodings["beam_4"])
    assert (measured.pick("clip")[:, 3] == 1).all() and measured.pick("first")[:, 0].all()
    assert measured.pick("shuffled")[:, 3].mean() < 0.6
    for pick in ("first", "mean", "clip", "shuffled", "oracle"):
        assert np.allclose(measured.pick(pick).sum(axis=1), 1)
    assert row(rows, "beam_4", "clip")["clip_score"] == pytest.approx(100)


def test_objects_are_those_of_the_fact_table(standard, decodings, rows, scenes):
    texts = [each.texts[0] for one in decodings["greedy"] for each in one]
    (objects,) = [each for each in fact_table(texts, scenes[:PICTURES] * 2) if each["fact"] == "object"]
    told = row(rows, "greedy", "first")
    assert told["object_precision"] == pytest.approx(objects["precision"])
    assert told["object_recall"] == pytest.approx(objects["recall"])
    without = Standard(standard.judge, vectors, standard.images, vectors, ())
    assert np.isnan(Measured(without, decodings["pure"]).objects(np.ones((2, 4, PICTURES)))["object_recall"])


def test_people_are_held_as_the_study_holds_them(standard, decodings, rows):
    judge, people = standard.judge, row(rows, "people", "mean")
    assert people["cider_four"] == pytest.approx(judge.people().mean()) and np.isnan(people["cider"])
    captions = [[Caption(each.texts[0], "", 0, True, (), ()) for each in one] for one in decodings["greedy"]]
    beside = np.mean([judge.beside_people(one) for one in captions])
    assert row(rows, "greedy", "first")["cider_four"] == pytest.approx(beside)
    sets = [several[:4] for several in judge.references]  # as many as were drawn
    assert people["self_cider"] == pytest.approx(np.mean([self_cider(each, standard.idf) for each in sets]))


def test_diversity_is_that_of_a_pictures_captions(standard, decodings, rows):
    told = row(rows, "pure", "mean")
    sets = [[tokenise(text) for text in each.texts] for one in decodings["pure"] for each in one]
    assert told["self_cider"] == pytest.approx(np.mean([self_cider(each, standard.idf) for each in sets]))
    assert told["different"] == pytest.approx(np.mean([len(set(each)) for each in sets]))
    one = [{word for at in part for word in tokenise(at)} for part in (
        [each.texts[k] for each in maps] for maps in decodings["pure"] for k in range(4)
    )]  # fmt: skip
    assert told["vocabulary"] == pytest.approx(np.mean(list(map(len, one))))
    assert all(np.isnan(row(rows, "pure", "clip")[name]) for name in DIVERSITY)


def test_one_reference_leaves_people_out(told, scenes):
    judge = Judge([one[:1] for one in told], vectors([one[5] for one in told]), [vectors(one[:1]) for one in told],
                  100, "x", 2, tokenise)  # fmt: skip
    alone = Standard(judge, vectors, judge.images, vectors, ())
    made = {"greedy": several("greedy", told, lambda picture, _: told[picture][:1]),
            "pure": several("pure", told, lambda picture, _: told[picture][:2])}  # fmt: skip
    rows = list(
        assessed("val", alone, made, dict.fromkeys(made, "x"), lambda maps: Bootstrap(PICTURES, maps, 100, 0.9, 1))
    )
    people = rows[-1]
    assert people["decoding"] == "people" and np.isnan(people["cider_four"]) and np.isnan(people["self_cider"])
    assert row(rows, "pure", "mean")["self_cider"] >= 0 and np.isnan(row(rows, "pure", "mean")["cider_four"])


def test_files_are_read_back_as_written(tmp_path):
    captions = [Caption('a "dog"\u2028', "x", 2, True, (-0.1, -0.2, -0.123456789), (0.0,) * 3)] * 2
    rows = [Several.of("pure", "test", 1, 7, captions), Several.of("greedy", "val", 0, 3, captions[:1])]
    write_several(tmp_path / "a", rows)
    assert read_several(tmp_path / "a") == rows and rows[0].log_probabilities == (-0.14115,) * 2
    assert [json.loads(line)["image_id"] for line in (tmp_path / "a").read_text("utf-8").split("\n")[:-1]] == [7, 3]
