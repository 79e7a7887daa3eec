"""Davidson's model: closed forms, an independent likelihood, and what it says of ties and of systems never beaten."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from made_ratings import simulated
from scipy.optimize import minimize

from captioner.rating.preference import FIRST, SECOND, TIE, Comparisons, fit


def test_two_systems_by_hand():
    """Without a prior the model of one pair is exact: s1 - s2 = ln(w1 / w2), n = t / sqrt(w1 w2)."""
    found = fit(np.array([[6.0, 3.0, 4.0]]), 2, prior=0)
    assert found.strength == pytest.approx([np.log(2) / 2, -np.log(2) / 2], abs=1e-6)
    assert found.tie == pytest.approx(4 / np.sqrt(18), rel=1e-6)
    assert found.preferred == pytest.approx([8 / 13, 5 / 13], abs=1e-6)
    without = fit(np.array([[6.0, 3.0, 0.0]]), 2, prior=0)
    assert without.tie == 0 and without.preferred == pytest.approx([2 / 3, 1 / 3], abs=1e-6)


@pytest.mark.parametrize("ties", [True, False])
def test_strengths_are_those_of_the_likelihood_itself(ties):
    """Davidson's likelihood, with the prior's wins and losses, maximised directly."""
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 9, (6, 3)).astype(float)
    counts[2] = 0  # a pair that nobody was asked about
    if not ties:
        counts[:, TIE] = 0
    pairs = list(combinations(range(4), 2))

    def loss(parameters: np.ndarray) -> float:
        strength, tie = parameters[:4], np.exp(parameters[4]) if ties else 0.0
        total = 0.0
        for (i, j), row in zip(pairs, counts, strict=True):
            odds = np.array([np.exp(strength[i]), np.exp(strength[j]), tie * np.exp((strength[i] + strength[j]) / 2)])
            known = row > 0
            total -= (row[known] * np.log(odds[known] / odds.sum())).sum()
        return total - 0.5 * (strength - 2 * np.log1p(np.exp(strength))).sum()

    best = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    found = fit(counts, 4)
    assert found.strength == pytest.approx(best[:4] - best[:4].mean(), abs=1e-4)
    assert found.tie == pytest.approx(np.exp(best[4]) if ties else 0, abs=1e-4)
    assert fit(counts, 4, start=found).strength == pytest.approx(found.strength, abs=1e-6)


def test_a_system_that_always_wins_has_a_finite_strength_and_more_of_it_with_more_wins():
    few, many = (fit(np.array([[wins, 0.0, 0.0]]), 2) for wins in (3.0, 30.0))
    assert 0.5 < few.preferred[0] < many.preferred[0] < 1 and np.isfinite(many.strength).all()


def test_the_shares_of_preference_add_up():
    found = fit(np.random.default_rng(2).integers(0, 9, (10, 3)).astype(float), 5)
    assert found.preferred.mean() == pytest.approx(0.5) and found.strength.mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.slow
def test_strengths_of_many_simulated_answers_come_back():
    strengths = {"a": 1.0, "b": 0.2, "c": -0.4, "d": -0.8}
    found = Comparisons.of([r for r in simulated(strengths, 20, 50, 150, 3, tie=0.7) if r.role == "rating"])
    told = fit(found.counts(), 4)
    assert told.strength == pytest.approx(list(strengths.values()), abs=0.15) and told.tie == pytest.approx(
        0.7, abs=0.1
    )


def rating(left: str, right: str, answer: str):
    (one,) = (r for r in simulated({"a": 0, "b": 0}, 1, 1, 1, 1) if r.role == "rating")
    return type(one)(**{**vars(one), "left": left, "right": right, "answer": answer})


def test_sides_do_not_matter_and_a_shared_caption_stands_for_all_its_systems():
    one = Comparisons.of([rating("a", "b", "left"), rating("b", "a", "right"), rating("b", "a", "tie")])
    assert one.outcome.tolist() == [FIRST, FIRST, TIE]
    several = Comparisons.of([rating("a+c", "b+d", "right")])
    names = [(several.systems[i], several.systems[j]) for i, j in zip(several.first, several.second, strict=True)]
    assert sorted(names) == [("a", "b"), ("a", "d"), ("b", "c"), ("c", "d")]
    won = {pair: outcome for pair, outcome in zip(names, several.outcome.tolist(), strict=True)}
    assert won == {("a", "b"): SECOND, ("a", "d"): SECOND, ("b", "c"): FIRST, ("c", "d"): SECOND}


def test_systems_that_no_answer_joins_are_told():
    assert Comparisons.of([rating("a", "b", "left"), rating("b", "c", "left")]).connected
    assert not Comparisons.of([rating("a", "b", "left"), rating("c", "d", "left")]).connected
