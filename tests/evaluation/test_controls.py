"""The table of arms and controls: means over seeds, paired intervals, and the prefix of the arm without one."""

import numpy as np
import pytest
import torch
from conftest import CPU

from captioner.captioning.generation import greedy
from captioner.evaluation.arms import Arm, beside_headline, controls, pairs
from captioner.evaluation.judge import IMAGE_COLUMNS, Scored
from captioner.statistics.intervals import Bootstrap
from stages.caption import nothing
from stages.score import plain


def arm(*ciders, shuffled=0.0):
    """An arm of these seeds' CIDEr-D, all other scores 0.5."""
    one = Arm()
    for cider in ciders:
        values = dict.fromkeys(IMAGE_COLUMNS, np.full(len(cider), 0.5))
        scored = Scored(**{**values, "cider": cider, "cider_shuffled": np.full(len(cider), shuffled)})
        one.add(scored, {name: float(getattr(scored, name).mean()) for name in IMAGE_COLUMNS})
    return one


def bootstrap(_, seeds):
    return Bootstrap(200, seeds, 500, 0.95, 1)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    hard = rng.normal(0, 1, 200)  # what all arms share of an image
    arms = {
        "linear": arm(2 + hard, 2.1 + hard, shuffled=0.3),
        "better": arm(3 + hard + rng.normal(0, 0.1, 200)),
        "same": arm(2.05 + hard + rng.normal(0, 0.1, 200)),
    }
    return {row["control"]: row for row in controls("test", arms, bootstrap)}


def test_means_are_over_seeds_and_the_shuffled_control_is_the_headlines(rows):
    assert rows["linear"]["cider"] == pytest.approx(2.05, abs=0.2) and rows["linear"]["maps"] == 2
    assert rows["shuffled"]["cider"] == pytest.approx(0.3) == rows["shuffled"]["cider_low"]
    assert "difference" not in rows["linear"] and rows["better"]["maps"] == 1


def test_differences_are_paired_by_image(rows):
    """An image's own difficulty, which all arms share, is no part of the interval of a difference."""
    for name, apart in (("better", -0.95), ("same", 0.0)):
        row = rows[name]
        assert row["difference"] == pytest.approx(apart, abs=0.05)
        assert row["difference_low"] <= row["difference"] <= row["difference_high"]
        assert row["difference_high"] - row["difference_low"] < 0.15 < row["cider_high"] - row["cider_low"]
    assert rows["better"]["difference_high"] < 0


def test_arms_of_several_seeds_are_paired_by_seed_and_image():
    """Against a naive computation; what a seed and an image add to all arms alike is no part of a difference."""
    rng = np.random.default_rng(1)
    shared = rng.normal(0, 1, (2, 200)) + np.array([[0.0], [3.0]])
    ciders = {"linear": shared + 2, "better": shared + 2.5, "noisy": shared + 2 + rng.normal(0, 0.1, (2, 200))}
    arms = {name: arm(*values) for name, values in ciders.items()}
    rows = {row["arm"]: row for row in beside_headline("test", arms, "linear", bootstrap(None, 2))}
    assert rows["linear"]["difference"] == rows["linear"]["difference_low"] == rows["linear"]["difference_high"] == 0
    for bound in ("", "_low", "_high"):
        assert rows["better"][f"difference{bound}"] == pytest.approx(0.5)
    assert abs(rows["noisy"]["difference"]) < 0.05 > rows["noisy"]["difference_high"] > 0
    for name, values in ciders.items():
        assert (rows[name]["lowest"], rows[name]["highest"]) == pytest.approx(tuple(sorted(values.mean(axis=1))))
        assert rows[name]["cider"] == pytest.approx(values.mean()) and rows[name]["maps"] == 2
    apart = {(row["arm"], row["versus"]): row for row in pairs("test", arms, bootstrap(None, 2))}
    assert set(apart) == {("linear", "better"), ("linear", "noisy"), ("better", "noisy")}
    own = apart["linear", "noisy"]
    assert own["difference_low"] == pytest.approx(-rows["noisy"]["difference_high"])
    assert apart["better", "noisy"]["difference"] == pytest.approx((ciders["better"] - ciders["noisy"]).mean())


def test_a_caption_of_no_model_has_its_length_and_nothing_else(vocabulary):
    told = plain("a cat on a table", vocabulary)
    assert told.text == told.text_with_prompt and told.entropies == () and told.stopped
    assert told.tokens == len(vocabulary.encode(["a cat on a table"])[0])


def test_no_prefix_is_the_prompt_alone(decoder, vocabulary):
    """As `generate` goes on from the prompt's tokens, and from the token that begins a text where there are none."""
    for prompt in ("A photo of", ""):
        ids = vocabulary.prompt(prompt)
        prefix = nothing(decoder, ids)
        assert prefix.shape == (1, 0 if ids else 1, decoder.width)
        (told,) = greedy(decoder, vocabulary, prefix, prompt, 8)
        start = torch.tensor([ids or [decoder.model.config.bos_token_id]], device=CPU)
        expected = decoder.model.generate(
            start, attention_mask=torch.ones_like(start), max_new_tokens=8, do_sample=False, pad_token_id=decoder.stop
        )[0, start.shape[1] :].tolist()
        expected = expected[: expected.index(decoder.stop)] if decoder.stop in expected else expected
        assert told.text == vocabulary.text(expected)
