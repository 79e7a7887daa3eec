"""The judge of a split on a few captions made by hand, and its controls."""

import numpy as np
import pytest

from captioner.captioning.captions import Caption
from captioner.evaluation.described import Texts
from captioner.evaluation.judge import Judge, fact_table
from captioner.scores.metrics import Cider, bleu, tokenise
from captioner.world.language import FACT_KINDS
from captioner.world.scene import Group, Scene

REFERENCES = [
    ["A red car on a street.", "A car parked by a road.", "One shiny red automobile."],
    ["Two black cats under a table.", "A pair of cats in a kitchen.", "Two cats hide beneath the table."],
    ["A boat near the water.", "A white boat at a lake.", "Some vessel resting ashore."],
    ["Three green apples in a bowl.", "Green apples on top of the shelf.", "Fresh fruit."],
]


def caption(text, entropy=0.5, stopped=True):
    words = text.split()
    steps = len(words) + stopped
    return Caption(text, f"A photo of {text}", len(words), stopped, (-0.1,) * steps, (entropy,) * steps)


def judged(references, images, **more):
    """A judge for whom each image's references lie where the image lies."""
    described = [
        np.repeat(image[None], len(several), axis=0) for image, several in zip(images, references, strict=True)
    ]
    usual = {"vocabulary": 100, "seed": "x", "derangements": 3, "words": tokenise}
    return Judge(references, images, described, **{**usual, **more})


def placed(rows):
    """Texts that all lie at these images, in every form."""
    vectors = np.eye(4, dtype=np.float32)[rows]
    return Texts(vectors, vectors, vectors)


@pytest.fixture
def judge():
    return judged(REFERENCES, np.eye(4, dtype=np.float32))


def test_scores_of_each_image(judge):
    captions = [caption(several[0]) for several in REFERENCES]
    scored = judge.score(captions, placed([0, 1, 2, 3]))
    np.testing.assert_allclose(scored.clip_score, 100.0)
    np.testing.assert_allclose(scored.clip_score_shuffled, 0.0)
    np.testing.assert_allclose(scored.clip_s, 2.5)
    np.testing.assert_allclose(scored.ref_clip_s, 2 * 2.5 / 3.5)
    np.testing.assert_allclose(scored.rouge_l, 1.0)
    np.testing.assert_allclose(scored.weight, 1 - 0.5 / np.log(100))
    np.testing.assert_allclose(scored.tokens, [6, 6, 5, 6])
    words = [[tokenise(text) for text in several] for several in REFERENCES]
    np.testing.assert_allclose(scored.cider, Cider(words).scores([several[0] for several in words]))


def test_summary_of_a_set(judge):
    captions = [caption("a red car on a street"), caption("A boat.", 1.0), caption("A boat.", 2.0, stopped=False)]
    captions.append(caption("", 0.0, stopped=True))
    scored = judge.score(captions, placed([0, 2, 2, 3]))
    summary = judge.summary(captions, scored)
    assert summary["clip_score"] == pytest.approx(75.0)
    weights = 1 - np.array([0.5, 1.0, 2.0, 0.0]) / np.log(100)
    assert summary["entropy_weighted_clip_score"] == pytest.approx(100 * (weights[0] + weights[2] + weights[3]) / 4)
    assert summary["distinct"] == 0.75 and summary["capped"] == 0.25 and summary["tokens"] == (6 + 2 + 2 + 0) / 4
    words = [[tokenise(text) for text in several] for several in REFERENCES]
    expected = bleu([tokenise(told.text) for told in captions], words)
    assert [summary[f"bleu{n}"] for n in (1, 2, 3, 4)] == pytest.approx(expected)
    assert summary["cider"] == pytest.approx(scored.cider.mean())
    assert scored.cider[3] == scored.rouge_l[3] == 0.0


def test_shuffled_control_is_near_zero_for_captions_that_share_nothing(judge):
    captions = [caption(several[0]) for several in REFERENCES]
    scored = judge.score(captions, placed([0, 1, 2, 3]))
    summary = judge.summary(captions, scored)
    assert summary["cider"] > 2.0 and 0.0 <= summary["cider_shuffled"] < 0.05
    assert summary["clip_score"] == pytest.approx(100.0) and summary["clip_score_shuffled"] == pytest.approx(0.0)


def test_each_form_of_a_caption_has_its_own_score(judge):
    """The caption alone, with its prompt, and after CLIP-S's prefix are told apart."""
    captions = [caption(several[0]) for several in REFERENCES]
    eye = np.eye(4, dtype=np.float32)
    scored = judge.score(captions, Texts(eye, eye[[0, 1, 3, 2]], eye[[1, 0, 3, 2]]))
    assert scored.clip_score.tolist() == [100.0] * 4 and scored.clip_score_with_prompt.tolist() == [0.0] * 4
    assert scored.clip_s.tolist() == [2.5, 2.5, 0.0, 0.0] and scored.ref_clip_s[2] == 0


def test_shuffled_scores_are_means_over_the_derangements(judge):
    """Naively: each caption with the references and the embedding of every image it is moved to."""
    captions = [caption(text) for text in ("a red car", "two cats", "a boat near the table", "green apples")]
    angles = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)
    texts = Texts(angles, angles, angles)
    scored = judge.score(captions, texts)
    assert len({tuple(other) for other in judge.others}) > 1 and len(judge.others) == 3
    for i, told in enumerate(captions):
        places = [other[i] for other in judge.others]
        assert i not in places
        cider = [judge.cider.score(int(place), tokenise(told.text)) for place in places]
        assert scored.cider_shuffled[i] == pytest.approx(np.mean(cider))
        assert scored.clip_score_shuffled[i] == pytest.approx(100 * np.mean([angles[i][place] for place in places]))
    assert scored.cider_shuffled.max() > 0


def test_a_system_that_ignores_the_image_has_no_lift():
    """One caption for all: over all derangements of a cycle its own references are as good as any other."""
    references = [["a cat on a table"], ["a cat by a car"], ["a dog on a table"]]
    eye = np.eye(3, dtype=np.float32)
    told = np.repeat(np.array([[0.6, 0.6, 0.5]], dtype=np.float32), 3, axis=0)
    scored = judged(references, eye, derangements=40).score([caption("a cat on a table")] * 3, Texts(told, told, told))
    assert scored.clip_score.mean() == pytest.approx(scored.clip_score_shuffled.mean(), abs=1e-4)
    assert scored.cider.mean() == pytest.approx(scored.cider_shuffled.mean())


def test_a_caption_of_no_model_has_no_weight(judge):
    told = [Caption("a car", "a car", 2, True, (), ())] * 4
    scored = judge.score(told, placed([0, 0, 0, 0]))
    summary = judge.summary(told, scored)
    assert np.isnan(scored.weight).all() and np.isnan(summary["entropy_weighted_clip_score"])
    assert summary["clip_score"] == 25.0 and summary["distinct"] == 0.25


def test_leave_one_out_against_a_naive_computation(judge):
    """People are scored against the other references, the model against the same ones."""
    captions = [caption(text) for text in ("a red car", "two cats", "a white boat", "green apples")]
    words = [[tokenise(text) for text in several] for several in REFERENCES]
    human, model = [], []
    for left in range(3):
        rest = [[tokens for n, tokens in enumerate(several) if n != left] for several in words]
        for image, told in enumerate(captions):
            human.append(Cider(rest).score(image, words[image][left]))
            model.append(Cider(rest).score(image, tokenise(told.text)))
    assert judge.people().mean() == pytest.approx(np.mean(human))
    assert judge.beside_people(captions).mean() == pytest.approx(np.mean(model))


def test_a_caption_that_all_people_wrote_gives_model_and_people_one_score():
    same = [[several[0]] * 3 for several in REFERENCES]
    judge = judged(same, np.eye(4))
    model = judge.beside_people([caption(several[0]) for several in REFERENCES])
    np.testing.assert_allclose(judge.people(), 10.0)
    np.testing.assert_allclose(model, 10.0)


def test_leave_one_out_has_no_figures_where_an_image_has_one_reference():
    judge = judged([["a"], ["b", "c"]], np.eye(2))
    assert judge.people() is None and judge.beside_people([caption("a"), caption("b")]) is None


def test_leave_one_out_takes_images_with_different_numbers_of_references():
    """As many splits as the poorest image has references; the others' surplus is a reference in each."""
    several = [["a dog runs", "a dog sits"], ["a red car", "one car", "a car on a road"]]
    model = [caption("a dog"), caption("a red car")]
    judge = judged(several, np.eye(2))
    human, own = judge.people().mean(), judge.beside_people(model).mean()
    wanted: list[list[float]] = [[], []]
    for left in range(2):
        cider = Cider([[tokenise(t) for n, t in enumerate(texts) if n != left] for texts in several])
        wanted[0].append(cider.scores([tokenise(texts[left]) for texts in several]).mean())
        wanted[1].append(cider.scores([tokenise(each.text) for each in model]).mean())
    assert (human, own) == pytest.approx((np.mean(wanted[0]), np.mean(wanted[1])))


def test_fact_table_adds_up():
    cat = Scene("park", (Group("table", "brown", "medium", 1), Group("cat", "black", "small", 1)), "on", "clear")
    car = Scene("street", (Group("car", "red", "large", 2),), "", "night")
    rows = {row["fact"]: row for row in fact_table(["A white cat on a table.", "Two big cars, a dog."], [cat, car])}
    assert tuple(rows) == FACT_KINDS
    counts = {fact: (row["right"], row["wrong"], row["true"]) for fact, row in rows.items()}
    assert counts == {
        "object": (3, 1, 3), "colour": (0, 1, 3), "size": (1, 0, 2), "count": (3, 0, 3), "setting": (0, 0, 2),
        "relation": (1, 0, 1),
    }  # fmt: skip
    assert rows["object"]["precision"] == 0.75 and rows["object"]["recall"] == 1.0
    assert rows["setting"]["precision"] is None and rows["setting"]["recall"] == 0.0
    assert fact_table([], []) == []
