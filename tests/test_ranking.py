"""Rank probabilities by hand, min-max, weighted scores against their formulas."""

import numpy as np
import pytest

from captioner.ranking import VARIANTS, Weighted, agreement, normalised, rank_probabilities
from captioner.statistics import Bootstrap


def test_rank_probabilities_by_hand():
    draws = np.array([[3.0, 1, 2, 5], [2.0, 2, 2, 5], [1.0, 3, 2, 1]])
    expected = np.array([[1 + 1 / 3 + 1 / 2, 1 / 3 + 1 / 2, 1 + 1 / 3], [1 / 3 + 1 / 2, 2 + 1 / 3 + 1 / 2, 1 / 3]])
    found = rank_probabilities(draws)
    np.testing.assert_allclose(4 * found[:2], expected)
    np.testing.assert_allclose(found.sum(axis=0), 1)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_min_max_always_makes_a_zero_and_a_one():
    np.testing.assert_allclose(normalised(np.array([2.0, 4.0, 3.0])), [0, 1, 0.5])
    np.testing.assert_allclose(normalised(np.array([2.0, 2.0 + 1e-9])), [0, 1])
    assert np.isnan(normalised(np.ones(3))).all()


def test_agreement_of_rankings():
    assert agreement(np.array([1.0, 2, 3]), np.array([10.0, 20, 30])) == pytest.approx(1)
    assert agreement(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])) == pytest.approx(-1)
    assert agreement(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 3, 4])) == pytest.approx(4 / 6)
    assert np.isnan(agreement(np.ones(3), np.arange(3.0))) and np.isnan(agreement(np.ones(1), np.ones(1)))


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    return rng.uniform(0.2, 1, (2, 50)), rng.normal(20, 5, (2, 50)), Bootstrap(50, 2, 200, 0.95, 1)


@pytest.mark.parametrize("variant", VARIANTS)
def test_exponent_zero_is_the_plain_mean(scored, variant):
    weights, scores, bootstrap = scored
    interval = Weighted(weights, scores, 0).interval(variant, bootstrap)
    plain = bootstrap.interval(scores)
    assert (interval.mean, interval.low, interval.high) == pytest.approx((plain.mean, plain.low, plain.high))


def test_weighted_scores_by_their_formulas(scored):
    weights, scores, bootstrap = scored
    squared = Weighted(weights, scores, 2)
    assert squared.interval("penalised", bootstrap).mean == pytest.approx((weights**2 * scores).mean())
    assert squared.interval("self-normalised", bootstrap).mean == pytest.approx(np.average(scores, weights=weights**2))
    constant = Weighted(np.full_like(weights, 0.5), scores, 1)
    assert constant.interval("self-normalised", bootstrap).mean == pytest.approx(scores.mean())
    assert constant.interval("penalised", bootstrap).mean == pytest.approx(scores.mean() / 2)


@pytest.mark.parametrize("variant", VARIANTS)
def test_draws_belong_to_the_interval(scored, variant):
    weights, scores, bootstrap = scored
    weighted = Weighted(weights, scores, 1)
    interval = weighted.interval(variant, bootstrap)
    assert (interval.low, interval.high) == pytest.approx(
        tuple(np.quantile(weighted.draws(variant, bootstrap), [0.025, 0.975]))
    )
