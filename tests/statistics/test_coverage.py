"""Intervals hold the truth as often as they say where seeds differ little, and the spread of a study is found again."""

import numpy as np
import pytest

from captioner.statistics.coverage import Spread, coverage, spread
from captioner.statistics.intervals import Bootstrap


def test_the_spread_is_found_again():
    rng = np.random.default_rng(0)
    shape = (40, 6, 200)
    parts = rng.normal(0, 0.3, (40, 6, 1)) + rng.normal(0, 1.5, (40, 1, 200)) + rng.normal(0, 0.8, shape)
    found = spread(rng.normal(0, 9, (40, 1, 1)) + parts)
    assert (found.seed, found.image, found.rest) == pytest.approx((0.3, 1.5, 0.8), rel=0.08)
    assert spread(parts[:, :1]) is None and spread(np.ones((2, 3, 4))) == Spread(0.0, 0.0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 3, 10])
def test_over_images_it_covers_as_often_as_it_says(seeds):
    """With one seed in the bootstrap, the truth is that of the maps that were trained."""
    held = coverage(Spread(0.0, 1.0, 0.5 / np.sqrt(seeds)), Bootstrap(200, 1, 500, 0.95, 3), 2000, 1)
    assert 0.93 <= held <= 0.97


def test_over_seeds_and_images_it_covers_while_seeds_differ_little():
    found = {seeds: coverage(Spread(0.02, 1.0, 0.5), Bootstrap(200, seeds, 500, 0.95, 3), 500, 1) for seeds in (3, 10)}
    assert min(found.values()) >= 0.93


@pytest.mark.slow
def test_few_seeds_that_differ_much_cover_less():
    found = [coverage(Spread(0.5, 1.0, 0.5), Bootstrap(200, seeds, 500, 0.95, 3), 500, 1) for seeds in (3, 5, 10)]
    assert found == sorted(found) and found[0] < 0.85 < found[2]
