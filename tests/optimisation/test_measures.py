"""What a caption is worth, by hand-counted cases; all prompts at once, against every way to choose."""

import random
from itertools import product

import numpy as np
import pytest
from conftest import CPU

from captioner.captioning.captions import Caption
from captioner.encoders.encoder import ClipEncoder
from captioner.foundation.errors import InputError
from captioner.optimisation.ensembles import consensus, picked, reranked
from captioner.optimisation.measures import Measures, facts_f1, measured
from captioner.scores.metrics import Cider, Idf, tokenise
from captioner.world.language import references
from captioner.world.scene import Group, Scene, sample_scene


def caption(text: str) -> Caption:
    return Caption(text, text, len(text.split()), True, (), ())


@pytest.fixture(scope="module")
def several():
    """Scenes, three references each, and another caption of each."""
    rng = random.Random("measures")
    scenes = [sample_scene(rng) for _ in range(12)]
    told = [references(scene, rng, 4) for scene in scenes]
    return scenes, [texts[:3] for texts in told], [texts[3] for texts in told]


def test_facts_are_counted_by_hand():
    scene = Scene("park", (Group("dog", "black", "medium", 2),), "", "clear")
    # true: object, colour, count, setting (a medium size is not said)
    assert facts_f1("two black dogs in a park", scene) == pytest.approx(2 * 4 / (4 + 0 + 4))
    assert facts_f1("a black dog in a park", scene) == pytest.approx(2 * 3 / (3 + 1 + 4))  # the count is wrong
    assert facts_f1("a red car on a street", scene) == pytest.approx(0)
    assert facts_f1("", scene) == 0


def test_the_measures_are_those_of_the_scores(several, clip_model):
    scenes, told, others = several
    tokens = [[tokenise(text) for text in texts] for texts in told]
    judge = ClipEncoder(clip_model, CPU)
    images = judge.encode_texts([texts[0] for texts in told]).numpy()  # any unit vectors
    measures = Measures(Cider(tokens), tokenise, judge, images, scenes)
    places = [7, 2, 11]
    captions = [caption(others[place]) for place in places]
    table = measures.table(["cider", "clip_score", "facts", "tokens"], places, captions)
    whole = Cider(tokens).scores([tokenise(text) for text in others])
    assert np.allclose(table[:, 0], whole[places])
    vectors = judge.encode_texts([others[place] for place in places]).numpy()
    assert np.allclose(table[:, 1], [100 * images[p] @ v for p, v in zip(places, vectors, strict=True)], atol=1e-4)
    assert table[:, 2].tolist() == [facts_f1(others[place], scenes[place]) for place in places]
    assert table[:, 3].tolist() == [len(others[place].split()) for place in places]
    with pytest.raises(ValueError, match="twice"):
        measures.table(["cider"], [1, 1], captions[:2])


def test_what_cannot_be_measured_is_refused(several):
    _, told, _ = several
    bare = Measures(Cider([[tokenise(text) for text in texts] for texts in told]), tokenise)
    bare.check(["cider", "tokens"])
    for name in ("facts", "clip_score"):
        with pytest.raises(InputError, match=rf"search\.objective: {name}: .*leave it out"):
            bare.check(["cider", name])
    assert measured({"clip_score": 0.5}) == {"cider": 0.0, "clip_score": 0.5, "tokens": 0.0}


def test_consensus_is_the_caption_with_the_greatest_mean_gain(several):
    _, told, others = several
    idf = Idf.of([[tokenise(text) for text in texts] for texts in told])
    by_prompt = [[tokenise(texts[n]) for texts in told] for n in range(3)] + [[tokenise(text) for text in others]]
    found = consensus(by_prompt, idf)
    for image, place in enumerate(found):
        gains = [
            np.mean([Cider([[other[image]]], idf).scores([one[image]])[0] for other in by_prompt]) for one in by_prompt
        ]
        assert gains[place] == pytest.approx(max(gains))


def test_reranking_and_picking():
    rng = np.random.default_rng(5)
    images, texts = rng.normal(size=(6, 4)), rng.normal(size=(3, 6, 4))
    found = reranked(images, texts)
    for image, place in enumerate(found):
        products = [images[image] @ texts[prompt, image] for prompt in range(3)]
        assert products[place] == max(products)
    values = rng.normal(size=(3, 2, 6))
    places = rng.integers(0, 3, (2, 6))
    chosen = picked(values, places)
    assert all(chosen[s, i] == values[places[s, i], s, i] for s, i in product(range(2), range(6)))
