"""Two rankings of prompts held against each other: the coefficients, and what is found where the truth is planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from captioner.comparison.language_models import MEASURES, PROMPTS, LanguageModels, kendall, spearman
from captioner.config.compare import CompareConfig

CONFIG = CompareConfig(
    resamples=300, permutations=100, confidence=0.95, exponents={"whole": 1.0}, collapse=0.1, groups={}
)
NAMES = ("a", "b", "c", "d", "e", "f")


def made(own, other, noise=0.3, images=120, seed=5):
    """Two models under which prompts have these means, two maps under one, three under the other."""
    rng = np.random.default_rng(seed)
    values, miniature = (
        np.array(means)[:, None, None] + noise * rng.standard_normal((len(means), maps, images))
        for means, maps in ((own, 2), (other, 3))
    )
    pretrained = {name: values if name == "cider" else np.abs(values) for name in MEASURES}
    return LanguageModels(NAMES[: len(own)], pretrained, miniature, CONFIG, 1)


def test_the_coefficients_are_scipys():
    rng = np.random.default_rng(1)
    left, right = (rng.integers(0, 5, (7, 40)).astype(float) for _ in range(2))  # with ties
    for column in range(40):
        x, y = left[:, column], right[:, column]
        assert kendall(left, right)[column] == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
        assert spearman(left, right)[column] == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    flat = np.zeros((7, 1))
    assert np.isnan(kendall(flat, left[:, :1])).all() and np.isnan(spearman(flat, left[:, :1])).all()


@pytest.mark.parametrize(("order", "tau"), [([0, 1, 2, 3, 4, 5], 1.0), ([5, 4, 3, 2, 1, 0], -1.0)])
def test_a_planted_order_is_found(order, tau):
    both = made([0.5 * place for place in range(6)], [0.4 * place for place in order])
    found = both.agreement(NAMES)
    assert found["tau"] == found["spearman"] == tau and found["tau_low"] == found["tau_high"] == tau
    assert found["tau_p"] == pytest.approx(2 / 720)  # of all orders, the two that lie as far from 0
    assert found["best"] == "f" and found["miniature_best"] == ("f" if tau > 0 else "a")
    assert found["regret"] == pytest.approx(0.0 if tau > 0 else 2.5, abs=0.15)
    assert found["gap"] == pytest.approx(2.5, abs=0.15) and found["miniature_gap"] == pytest.approx(2.0, abs=0.15)
    rows = list(both.rows())
    assert [row["rank"] for row in rows] == [6, 5, 4, 3, 2, 1] and all(set(row) == set(PROMPTS) for row in rows)
    assert [row["miniature_rank"] for row in rows] == [6 - place for place in order]
    assert all(row["miniature_low"] <= row["miniature"] <= row["miniature_high"] for row in rows)


@pytest.mark.slow
def test_prompts_that_do_not_differ_have_no_order():
    """Of 60 pairs of rankings by noise alone, few intervals lie above 0, and few are sure of an order."""
    several = [made([1.0] * 6, [1.0] * 6, seed=number).agreement(NAMES) for number in range(60)]
    assert sum(found["tau_low"] > 0 for found in several) <= 6
    assert sum(found["tau_p"] < 0.05 for found in several) <= 8
    assert np.mean([found["tau"] for found in several]) == pytest.approx(0, abs=0.2)


def test_only_the_named_prompts_are_ranked():
    both = made([0.0, 1.0, 2.0, 9.0], [0.0, 1.0, 2.0, -9.0])
    assert both.agreement(("a", "b", "c"))["tau"] == 1.0 and both.agreement(("a", "b", "c"))["best"] == "c"
    assert both.agreement(("a", "b", "c", "d"))["tau"] < 1.0
