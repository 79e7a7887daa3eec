"""The winner against its rivals: each text once, differences to the winner, what the luck of the search is."""

import numpy as np
import pytest

from captioner.optimisation.candidates import Candidate
from captioner.optimisation.confirmed import COLUMNS, Confirmed, Rival, rivals
from captioner.statistics.intervals import Bootstrap

TEXTS = {"detailed": "A detailed photo of", "none": "", "odd": "Stock prices", "other": "An image of"}


def test_every_prompt_has_one_part():
    drawn = [Candidate("blue of", "random")]
    found = rivals(["A little photo of", "An image of"], "A detailed photo of", TEXTS, {"odd"}, drawn)
    assert [(one.text, one.part, one.together) for one in found] == [
        ("A little photo of", "winner", True), ("An image of", "runner-up", True),
        ("A detailed photo of", "headline", True), ("", "empty", True), ("Stock prices", "study", False),
        ("blue of", "random", False),
    ]  # fmt: skip
    assert [one.part for one in rivals(["A detailed photo of", ""], "A detailed photo of", {}, (), [])] == [
        "winner", "empty",
    ]  # fmt: skip


def confirmed(gain=0.5, images=200, seed=1):
    """Four rivals by two maps; the winner is better than the headline by `gain`, and looks better still on val."""
    rng = np.random.default_rng(seed)
    found = {}
    for split, extra in (("val", 0.3), ("test", 0.0)):
        cider = rng.normal(0, 0.4, (4, 2, images)) + np.array([gain + extra, 0.1, 0.0, -1.0])[:, None, None]
        found[split] = np.stack([cider, np.full_like(cider, 9.0)])
    together = {split: {"consensus": values[:, 1], "reranked": values[:, 0]} for split, values in found.items()}
    parts = (("best", "winner"), ("second", "runner-up"), ("head", "headline"), ("", "empty"))
    return Confirmed(
        tuple(Rival(text, part, True) for text, part in parts), ("cider", "tokens"), found, together,
        np.array([1.0, -0.01]), lambda n, maps: Bootstrap(n, maps, 300, 0.95, 1), 500, 1,
    )  # fmt: skip


@pytest.mark.slow
def test_rows_hold_every_prompt_against_the_winner():
    rows = list(confirmed().rows())
    assert all(set(row) == set(COLUMNS) for row in rows)
    assert [row["part"] for row in rows[:7]] == [
        "winner", "runner-up", "headline", "empty", "consensus", "reranked", "oracle",
    ]  # fmt: skip
    test = {row["part"]: row for row in rows if row["split"] == "test"}
    assert test["winner"]["difference"] == 0 and np.isnan(test["winner"]["p"])
    assert test["winner"]["worth"] == pytest.approx(test["winner"]["cider"] - 0.09)
    assert test["headline"]["difference_high"] < 0 and test["headline"]["p"] < 0.05
    assert test["reranked"]["difference"] == 0
    worth = confirmed().values("test", "worth")
    assert test["oracle"]["worth"] == pytest.approx(worth.max(axis=0).mean())
    assert np.isnan(test["winner"]["facts"])  # not measured


def test_shrinkage_is_what_val_promised_and_test_does_not_keep():
    figures = confirmed().figures()
    for part in ("headline", "empty"):
        val, test, lost = (figures[f"{part}_{name}"] for name in ("val", "test", "shrinkage"))
        assert lost["mean"] == pytest.approx(val["mean"] - test["mean"])
    assert figures["headline_shrinkage"]["low"] > 0.1
    assert 0.4 < figures["headline_test"]["mean"] < 0.6


def test_optimism_is_zero_for_a_clear_winner_and_large_among_equals():
    assert abs(confirmed(gain=5.0).optimism()) < 0.02
    equal = confirmed(gain=-0.2)
    expected = np.random.default_rng(0).normal(0, 0.4 / np.sqrt(400), (10000, 2)).max(axis=1).mean()
    assert equal.optimism() == pytest.approx(expected, abs=0.02)
    assert equal.optimism() > 0
