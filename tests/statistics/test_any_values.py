"""Statistics of any values: in their bounds, mirrored where the data are, and unmoved by units."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from captioner.statistics.agreement import crossed, double_centred
from captioner.statistics.intervals import Bootstrap, cumulative_means, friedman, win_shares
from captioner.statistics.pairwise import compare, equivalence, holm, sign_flip, signed_ranks
from captioner.statistics.ranking import agreement, normalised, rank_probabilities

VALUES = st.floats(-1000, 1000, allow_subnormal=False).map(lambda value: round(value, 3))  # scores have a few digits

FEW = 12  # statsmodels' multipletests collects all garbage at every call


def tables(dims: int, least: int = 1, most: int = 7):
    """Arrays of scores, ties among them."""
    shapes = array_shapes(min_dims=dims, max_dims=dims, min_side=least, max_side=most)
    return shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0, 2.5]) | VALUES))


def bootstrap(values: np.ndarray) -> Bootstrap:
    return Bootstrap(values.shape[-1], values.shape[-2], 100, 0.9, 3)


@given(tables(2))
def test_an_interval_lies_among_the_values_and_moves_with_them(values):
    found = bootstrap(values).interval(values)
    slack = 1e-9 * (1 + np.abs(values).max())
    assert values.min() - slack <= found.low <= found.high <= values.max() + slack
    assert found.mean == pytest.approx(values.mean(), abs=slack)
    moved = bootstrap(values).interval(3 * values - 7)
    assert (moved.low, moved.high) == pytest.approx((3 * found.low - 7, 3 * found.high - 7), abs=100 * slack)
    mirrored = bootstrap(values).interval(-values)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low), abs=slack)


@given(tables(2))
def test_a_ratio_is_a_number_or_does_not_exist(values):
    bottom = np.abs(values)
    found = bootstrap(values).ratio(values, bottom)
    if bottom.any():
        assert -1 - 1e-9 <= found.low <= found.high <= 1 + 1e-9
    else:
        assert np.isnan([found.mean, found.low, found.high]).all()


@settings(max_examples=20)
@given(tables(2, least=2, most=3), tables(2, least=2, most=3))
def test_a_rank_correlation_is_at_most_one_and_does_not_see_units(left, right):
    assume(left.shape == right.shape)
    resamples = Bootstrap(left.shape[1], left.shape[0], 50, 0.9, 3)
    own, draws = resamples.rank_correlation(left, right)
    again, same = resamples.rank_correlation(5 * left + 1, right)
    for one, other in ((own, again), (draws, same)):
        np.testing.assert_allclose(one, other, atol=1e-9)
        assert np.isnan(one).all() or np.nanmax(np.abs(one)) <= 1 + 1e-9


@pytest.mark.slow
@given(tables(3))
def test_wins_add_up_to_one(values):
    shares = win_shares(values)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    assert ((shares > 0) == (values == values.max(axis=0))).all()


@given(tables(1), st.integers(1, 9))
def test_running_means_fall_to_the_mean_and_rise_to_it(values, most):
    best, worst = cumulative_means(values, most)
    assert len(best) == len(worst) == min(most, len(values))
    assert (np.diff(best) <= 1e-9).all() and (np.diff(worst) >= -1e-9).all()
    assert best[0] == values.max() and worst[0] == values.min()
    if most >= len(values):
        assert best[-1] == pytest.approx(values.mean(), abs=1e-9) == pytest.approx(worst[-1], abs=1e-9)


@given(tables(2))
@example(np.zeros((3, 1)))
@example(np.array([[1.0], [2.0], [3.0]]))
def test_friedmans_concordance_is_between_0_and_1(values):
    found = friedman(values)
    if found is not None:
        assert -1e-9 <= found.concordance <= 1 + 1e-9 and 0 <= found.p <= 1


@given(tables(2))
def test_a_permutation_test_is_two_sided_and_never_certain(differences):
    p = sign_flip(differences, 99, 1)
    assert ((p >= 1 / 100) & (p <= 1)).all()
    np.testing.assert_array_equal(p, sign_flip(-differences, 99, 1))
    np.testing.assert_array_equal(p, sign_flip(4 * differences, 99, 1))
    assert (p[~differences.any(axis=1)] == 1).all()


@given(tables(1))
def test_signed_ranks_are_mirrored(differences):
    p, effect = signed_ranks(differences)
    assert 0 <= p <= 1 and -1 - 1e-9 <= effect <= 1 + 1e-9
    assert signed_ranks(-differences) == pytest.approx((p, -effect))


@given(tables(1), st.floats(0.01, 100), st.floats(1, 5))
def test_a_wider_margin_is_never_harder(differences, margin, factor):
    near, far = equivalence(differences, margin), equivalence(differences, factor * margin)
    assert 0 <= far <= near + 1e-9 and near <= 1


@pytest.mark.slow
@settings(max_examples=FEW)
@given(st.lists(st.floats(0, 1), max_size=9))
def test_holm_only_raises_and_keeps_the_order(p):
    adjusted = holm(np.array(p))
    assert ((adjusted >= np.array(p) - 1e-12) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-12).all()


@pytest.mark.slow
@settings(max_examples=FEW // 4)
@given(tables(3, least=2, most=3))
def test_pairs_are_mirrored_and_in_their_bounds(values):
    names = {f"p{index}": table for index, table in enumerate(values)}
    found = compare(names, 0.5, bootstrap(values[0]), 99, 1)
    assert len(found) == len(values) * (len(values) - 1)
    for (left, right), pair in found.items():
        assert astuple(found[right, left]) == pytest.approx(astuple(pair.mirrored()), nan_ok=True)
        assert all(0 <= p <= 1 for p in (pair.p, pair.p_wilcoxon, pair.p_equivalence, pair.win_rate))
        assert pair.low <= pair.high and pair.verdict(0.05) in ("differs", "differs a little", "equivalent", "open")


@given(tables(2, least=2))
def test_mean_over_pairs_of_different_rows(vectors):
    count = len(vectors)
    pairs = [vectors[i] @ vectors[j] for i in range(count) for j in range(count) if i != j]
    assert crossed(vectors, vectors).mean() == pytest.approx(np.mean(pairs), rel=1e-9, abs=1e-6)


@given(tables(2, least=2))
def test_a_centred_table_has_no_means_left(table):
    centred = double_centred(table)
    for axis in (0, 1):
        np.testing.assert_allclose(centred.mean(axis=axis), 0, atol=1e-9)


@given(tables(1), tables(1))
def test_scaled_values_and_orders(left, right):
    scaled = normalised(left)
    assert ((scaled >= 0) & (scaled <= 1)).all() or np.isnan(scaled).all()
    assume(left.shape == right.shape)
    told = agreement(left, right)
    assert np.isnan(told) or -1 - 1e-9 <= told <= 1 + 1e-9


@given(tables(2))
def test_chances_of_ranks_add_up(draws):
    found = rank_probabilities(draws)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found.sum(axis=0), 1)
