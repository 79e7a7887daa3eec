"""Intervals against scipy, by simulation with known truth and by hand; wins and running means by hand."""

import numpy as np
import pytest
from scipy import stats

from captioner.statistics.intervals import Bootstrap, cumulative_means, friedman, win_shares


def test_interval_is_near_scipys():
    values = np.random.default_rng(0).gamma(2.0, size=150)
    ours = Bootstrap(150, 1, 4000, 0.9, 1).interval(values[None])
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, confidence_level=0.9, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.mean == pytest.approx(values.mean())
    assert abs(ours.low - theirs.low) < 0.06 * width and abs(ours.high - theirs.high) < 0.06 * width


def test_interval_over_seeds_is_wider_than_over_images_alone():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1, 80)) + np.array([[0.0], [1.0], [2.0]])
    both = Bootstrap(80, 3, 500, 0.95, 1).interval(values)
    images = Bootstrap(80, 1, 500, 0.95, 1).interval(values.mean(axis=0)[None])
    assert both.mean == pytest.approx(images.mean)
    assert both.high - both.low > 2 * (images.high - images.low)


def test_means_of_resamples_by_hand():
    """Each resample is the mean over its own seeds and images, the same images for every seed."""
    bootstrap = Bootstrap(7, 3, 100, 0.95, 4)
    values = np.random.default_rng(1).normal(size=(3, 7))
    for r in (0, 1, 99):
        seeds = np.repeat(np.arange(3), np.rint(3 * bootstrap.picks[r]).astype(int))
        images = np.repeat(np.arange(7), bootstrap.counts[r].astype(int))
        assert len(seeds) == 3 and len(images) == 7
        assert bootstrap.means(values)[r] == pytest.approx(values[np.ix_(seeds, images)].mean())
        top, bottom = values[np.ix_(seeds, images)].sum(), (values**2)[np.ix_(seeds, images)].sum()
        assert bootstrap.ratios(values, values**2)[r] == pytest.approx(top / bottom)


def test_resamples_are_paired():
    """The same images are drawn for every statistic: in each resample, the difference of two means is its own mean."""
    bootstrap = Bootstrap(40, 2, 300, 0.95, 0)
    left, right = np.random.default_rng(1).normal(size=(2, 2, 40))
    apart = bootstrap.means(left) - bootstrap.means(right)
    np.testing.assert_allclose(bootstrap.means(left - right), apart, atol=1e-12)
    equal = bootstrap.interval(left - left)
    assert (equal.mean, equal.low, equal.high) == (0.0, 0.0, 0.0)
    shifted = bootstrap.interval((left + 2) - left)
    assert shifted.low == pytest.approx(2) and shifted.high == pytest.approx(2)


def test_bootstrap_depends_on_the_seed_alone():
    counts = [Bootstrap(30, 3, 200, 0.95, seed) for seed in (0, 0, 1)]
    for name in ("counts", "picks"):
        first, same, other = (getattr(one, name) for one in counts)
        assert np.array_equal(first, same) and not np.array_equal(first, other)
    assert np.array_equal(Bootstrap(30, 1, 200, 0.95, 0).counts, counts[0].counts)  # the seeds do not change the images


def test_rank_correlation_is_scipys_in_every_resample():
    rng = np.random.default_rng(3)
    left = rng.integers(0, 6, (2, 25)).astype(float)
    right = left + rng.integers(0, 8, (2, 25))
    bootstrap = Bootstrap(25, 1, 100, 0.9, 1)
    own = stats.spearmanr(left[0], right[0]).statistic
    drawn = []
    for counts in bootstrap.counts.astype(int):
        rows = np.repeat(np.arange(25), counts)
        drawn.append(stats.spearmanr(left[0][rows], right[0][rows]).statistic)
    mean, draws = bootstrap.rank_correlation(left[:1], right[:1])
    assert mean == pytest.approx(own)
    np.testing.assert_allclose(draws, drawn)
    mean, _ = Bootstrap(25, 2, 100, 0.9, 1).rank_correlation(left, right)
    assert mean == pytest.approx(np.mean([stats.spearmanr(*pair).statistic for pair in zip(left, right)]))  # noqa: B905


def test_what_does_not_exist_is_nan():
    bootstrap, flat = Bootstrap(10, 2, 100, 0.9, 1), np.ones((2, 10))
    varied = np.random.default_rng(0).normal(size=(2, 10))
    correlation = bootstrap.around(*bootstrap.rank_correlation(flat, varied))
    for interval in (correlation, bootstrap.ratio(varied, 0 * flat)):
        assert np.isnan([interval.mean, interval.low, interval.high]).all()


def test_wins_split_ties_and_add_up():
    values = np.array([[3.0, 1, 5, 2], [1.0, 1, 5, 4], [0.0, 0, 5, 4]])
    shares = win_shares(values)
    np.testing.assert_allclose(shares.sum(axis=1), [1 + 1 / 2 + 1 / 3, 1 / 2 + 1 / 3 + 1 / 2, 1 / 3 + 1 / 2])
    many = win_shares(np.random.default_rng(0).integers(0, 3, (4, 2, 200)).astype(float))
    np.testing.assert_allclose(many.sum(axis=0), 1)


def test_cumulative_means_by_hand():
    best, worst = cumulative_means([4.0, 1.0, 3.0, 2.0], 3)
    np.testing.assert_allclose(best, [4, 3.5, 3])
    np.testing.assert_allclose(worst, [1, 1.5, 2])
    best, worst = cumulative_means([4.0, 1.0], 10)
    np.testing.assert_allclose(best, [4, 2.5])
    assert best[-1] == worst[-1]


def test_friedman_by_hand():
    """Three prompts that keep their order on each of four images: W = 1, chi-squared = N (P - 1)."""
    values = np.arange(3.0)[:, None] + 10 * np.arange(4.0)
    found = friedman(values)
    assert found.concordance == pytest.approx(1) and found.statistic == pytest.approx(8)
    assert found.p == pytest.approx(stats.chi2.sf(8, 2))
    assert friedman(values[:2]) is None and friedman(np.ones((3, 5))) is None
