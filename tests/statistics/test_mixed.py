"""The mixed model against the closed form of a balanced design, and by simulation with known truth."""

import numpy as np
import pytest

from captioner.statistics.mixed import fit


def world(prompts=3, seeds=2, images=120, slope=0.5, rng=None):
    """Scores whose prompts differ by -1, 0, 1 at equal length, and by their lengths 4, 6, 8 besides."""
    rng = rng or np.random.default_rng(0)
    shape = (prompts, seeds, images)
    tokens = np.array([4.0, 6.0, 8.0])[:, None, None] + rng.integers(-2, 3, shape)
    effects = np.array([-1.0, 0.0, 1.0])[:, None, None]
    scores = 10 + effects + slope * tokens + rng.normal(0, 2, images) + rng.normal(0, 1, shape)
    return scores + np.array([0.0, 0.3])[:seeds, None], tokens


def test_total_effects_are_the_centred_means_of_a_balanced_design():
    scores, _ = world()
    found = fit(scores, None, 0.95)
    means = scores.mean(axis=(1, 2))
    np.testing.assert_allclose([one.mean for one in found.effects], means - means.mean(), atol=1e-6)
    assert found.length is None
    assert found.image_share == pytest.approx(4 / (4 + 1 + 0.5), abs=0.1)  # the lengths add 0.5^2 x 2 to the residual
    expected = scores - scores.mean(axis=2, keepdims=True) - (scores.mean(axis=(0, 1)) - scores.mean())
    spread = np.sqrt((expected**2).sum() / ((119) * (3 * 2 - 1)) * (1 - 1 / 3) / (2 * 120)) * 1.96
    for one in found.effects:
        assert one.high - one.mean == pytest.approx(spread, rel=0.05)


def test_direct_effects_are_those_at_equal_length():
    scores, tokens = world()
    found = fit(scores, tokens, 0.95)
    assert found.length.low < 0.5 < found.length.high and found.length.mean == pytest.approx(0.5, abs=0.1)
    np.testing.assert_allclose([one.mean for one in found.effects], [-1, 0, 1], atol=0.25)
    assert fit(scores, None, 0.95).effects[2].mean == pytest.approx(1 + 0.5 * 2, abs=0.2)


@pytest.mark.slow
def test_intervals_cover_the_true_direct_effect():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(40):
        interval = fit(*world(images=40, rng=rng), 0.9).effects[0]
        held += interval.low <= -1 <= interval.high
    assert held >= 30


def test_one_seed_will_do():
    scores, tokens = world(seeds=1)
    assert len(fit(scores, tokens, 0.95).effects) == 3


def test_scores_that_do_not_vary_have_no_model():
    scores, tokens = world()
    assert fit(np.ones_like(scores), None, 0.95) is None
    assert fit(scores[:1], tokens[:1], 0.95) is None
    assert fit(scores, np.ones_like(tokens), 0.95) is None
