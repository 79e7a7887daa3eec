"""Bootstrap intervals against scipy and by simulation; wins and running means by hand."""

import numpy as np
import pytest
from scipy import stats

from captioner.statistics import Bootstrap, cumulative_means, win_rate, wins


def test_interval_is_near_scipys():
    values = np.random.default_rng(0).gamma(2.0, size=150)
    ours = Bootstrap(150, 4000, 0.9, 1).interval(values)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, confidence_level=0.9, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.mean == pytest.approx(values.mean())
    assert abs(ours.low - theirs.low) < 0.06 * width and abs(ours.high - theirs.high) < 0.06 * width


def test_interval_covers_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(2)
    bootstrap = Bootstrap(60, 500, 0.95, 3)
    intervals = [bootstrap.interval(rng.normal(5.0, 2.0, 60)) for _ in range(500)]
    covered = np.mean([interval.low <= 5.0 <= interval.high for interval in intervals])
    assert 0.91 <= covered <= 0.97


def test_resamples_are_paired():
    """The same images are drawn for every statistic: in each resample, the difference of two means is its own mean."""
    bootstrap = Bootstrap(40, 300, 0.95, 0)
    left, right = np.random.default_rng(1).normal(size=(2, 40))
    apart = bootstrap.means(left) - bootstrap.means(right)
    np.testing.assert_allclose(bootstrap.means(left - right), apart, atol=1e-12)
    assert np.all(bootstrap.counts.sum(axis=1) == 40) and bootstrap.counts.shape == (300, 40)
    equal = bootstrap.interval(left - left)
    assert (equal.mean, equal.low, equal.high) == (0.0, 0.0, 0.0)
    shifted = bootstrap.interval((left + 2) - left)
    assert shifted.low == pytest.approx(2) and shifted.high == pytest.approx(2)


def test_bootstrap_depends_on_the_seed_alone():
    counts = [Bootstrap(30, 200, 0.95, seed).counts for seed in (0, 0, 1)]
    assert np.array_equal(counts[0], counts[1]) and not np.array_equal(counts[0], counts[2])


def test_wins_split_ties_and_add_up():
    values = {"a": np.array([3.0, 1, 5, 2]), "b": np.array([1.0, 1, 5, 4]), "c": np.array([0.0, 0, 5, 4])}
    assert wins(values) == pytest.approx({"a": 1 + 1 / 2 + 1 / 3, "b": 1 / 2 + 1 / 3 + 1 / 2, "c": 1 / 3 + 1 / 2})
    rng = np.random.default_rng(0)
    many = {name: rng.integers(0, 3, 200).astype(float) for name in "abcd"}
    assert sum(wins(many).values()) == pytest.approx(200)


def test_win_rate_is_antisymmetric():
    left, right = np.random.default_rng(0).integers(0, 4, (2, 100)).astype(float)
    assert win_rate(left, right) + win_rate(right, left) == pytest.approx(1.0)
    assert win_rate(left, left) == 0.5
    assert win_rate(np.array([2.0, 1, 0, 3]), np.array([1.0, 1, 1, 1])) == 0.625


def test_cumulative_means_by_hand():
    best, worst = cumulative_means([4.0, 1.0, 3.0, 2.0], 3)
    np.testing.assert_allclose(best, [4, 3.5, 3])
    np.testing.assert_allclose(worst, [1, 1.5, 2])
    best, worst = cumulative_means([4.0, 1.0], 10)
    np.testing.assert_allclose(best, [4, 2.5])
    assert best[-1] == worst[-1]
