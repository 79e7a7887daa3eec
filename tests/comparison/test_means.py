"""Means of three prompts against hand-made scores."""

import numpy as np
import pytest
from made_scores import of_three, three

from captioner.comparison import means


@pytest.mark.slow
def test_the_better_prompt_has_the_higher_mean_and_wins():
    good, plain, odd = of_three()[0]["prompts"]
    assert good["cider"] > plain["cider"] > odd["cider"] and good["cider_low"] < good["cider"] < good["cider_high"]
    assert good["wins"] + plain["wins"] + odd["wins"] == pytest.approx(30) and good["wins"] > 29
    values = three().values
    assert good["per_token"] == pytest.approx(values["clip_score"][0].sum() / values["tokens"][0].sum())


def test_lifts_are_own_minus_shuffled():
    scores = three().scores
    for p, row in enumerate(of_three()[0]["prompts"]):
        own, shuffled = scores["cider"][p].mean(), scores["cider_shuffled"][p].mean()
        assert row["cider_lift"] == pytest.approx(own - shuffled)


def test_seeds_are_averaged():
    found = of_three()[0]
    of_seeds = [row["cider"] for row in found["seeds"] if row["prompt"] == "good"]
    row = found["prompts"][0]
    assert np.mean(of_seeds) == pytest.approx(row["cider"])
    assert np.std(of_seeds, ddof=1) == pytest.approx(row["cider_seed_sd"])


def test_the_map_of_the_empty_prompt_is_held_against_the_studys():
    """Its scores are one map's, and the gain is paired by image."""
    empty = three().values["cider"].mean(axis=1, keepdims=True)[[1, 0, 2]]
    rows = list(means.transfer(three(), empty))
    assert all(set(row) == set(means.TRANSFER) for row in rows)
    good, plain, odd = rows
    assert good["empty"] == pytest.approx(plain["cider"]) and plain["gain"] == pytest.approx(1.0, abs=0.1)
    assert odd["gain"] == pytest.approx(0) and odd["gain_low"] <= 0 <= odd["gain_high"]
