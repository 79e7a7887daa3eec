"""Rank probabilities by hand, min-max, weighted scores against their formulas."""

import numpy as np
import pytest

from captioner.statistics.intervals import Bootstrap
from captioner.statistics.ranking import VARIANTS, agreement, normalised, rank_probabilities, weighted


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
    return rng.uniform(0.2, 1, (3, 2, 50)), rng.normal(20, 5, (3, 2, 50)), Bootstrap(50, 2, 200, 0.95, 1)


@pytest.mark.parametrize("variant", VARIANTS)
def test_exponent_zero_is_the_plain_mean(scored, variant):
    weights, scores, bootstrap = scored
    intervals, _ = weighted(weights, scores, 0, variant, bootstrap)
    for interval, one in zip(intervals, scores, strict=True):
        plain = bootstrap.interval(one)
        assert (interval.mean, interval.low, interval.high) == pytest.approx((plain.mean, plain.low, plain.high))


def test_weighted_scores_by_their_formulas(scored):
    weights, scores, bootstrap = scored

    def means(weights, exponent, variant):
        return [one.mean for one in weighted(weights, scores, exponent, variant, bootstrap)[0]]

    assert means(weights, 2, "penalised") == pytest.approx(list((weights**2 * scores).mean(axis=(1, 2))))
    averages = [np.average(score, weights=weight**2) for score, weight in zip(scores, weights, strict=True)]
    assert means(weights, 2, "self-normalised") == pytest.approx(averages)
    constant, plain = np.full_like(weights, 0.5), scores.mean(axis=(1, 2))
    assert means(constant, 1, "self-normalised") == pytest.approx(list(plain))
    assert means(constant, 1, "penalised") == pytest.approx(list(plain / 2))
    assert np.isnan(means(0 * weights, 1, "self-normalised")).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_draws_belong_to_the_intervals(scored, variant):
    weights, scores, bootstrap = scored
    intervals, draws = weighted(weights, scores, 1, variant, bootstrap)
    bounds = np.quantile(draws, [0.025, 0.975], axis=1).T
    np.testing.assert_allclose([(one.low, one.high) for one in intervals], bounds)
