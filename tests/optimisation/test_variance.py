"""Variance components: sums of squares that add up, hand-made effects, and the truth of simulated studies."""

import numpy as np
import pytest

from captioner.optimisation.variance import components, effect_means, mean_squares, named, shares


def test_sums_of_squares_add_up_and_have_the_right_freedom():
    values = np.random.default_rng(1).normal(size=(4, 3, 5))
    found = mean_squares(values)
    assert sum(total for total, _ in found.values()) == pytest.approx(((values - values.mean()) ** 2).sum())
    assert sum(freedom for _, freedom in found.values()) == values.size - 1
    assert sum(shares(values).values()) == pytest.approx(1)


def test_an_effect_alone_is_found_alone():
    prompt = np.array([0.0, 1.0, 2.0, 5.0])
    values = np.broadcast_to(prompt[:, None, None], (4, 3, 5))
    found = components(values)
    assert found[0,] == pytest.approx(prompt.var(ddof=1))
    assert all(value == pytest.approx(0) for effect, value in found.items() if effect != (0,))
    cells = np.random.default_rng(2).normal(size=(4, 5))
    cells -= cells.mean(axis=0)
    cells -= cells.mean(axis=1, keepdims=True)
    found = components(np.broadcast_to(cells[:, None], (4, 3, 5)))
    assert max(found, key=lambda effect: found[effect]) == (0, 2)
    assert found[0, 2] == pytest.approx((cells**2).sum() / 12)


def test_the_estimates_are_unbiased():
    truth = {(0,): 0.5, (1,): 0.2, (2,): 2.0, (0, 1): 0.1, (0, 2): 1.0, (1, 2): 0.4, (0, 1, 2): 0.7}
    rng, shape = np.random.default_rng(3), (12, 8, 12)
    sums = dict.fromkeys(truth, 0.0)
    for _ in range(150):
        values = np.zeros(shape)
        for effect, variance in truth.items():
            size = [shape[axis] if axis in effect else 1 for axis in range(3)]
            values = values + rng.normal(0, variance**0.5, size)
        for effect, value in components(values).items():
            sums[effect] += value / 150
    assert {effect: pytest.approx(value, rel=0.15) for effect, value in truth.items()} == sums


def test_too_few_levels_are_refused():
    with pytest.raises(ValueError, match="two or more levels"):
        components(np.zeros((3, 1, 4)))
    assert np.isnan(shares(np.ones((2, 2)))[0,])


def test_means_of_levels_are_those_of_their_prompts():
    values = np.random.default_rng(4).normal(size=(2 * 3 * 4, 5))
    found = effect_means(values, (2, 3, 4))
    labels = [(t, a, n) for t in range(2) for a in range(3) for n in range(4)]
    for axis, levels in enumerate(found):
        for level, mean in enumerate(levels):
            rows = [row for row, label in enumerate(labels) if label[axis] == level]
            assert np.allclose(mean, values[rows].mean(axis=0))
    assert named((0, 2), ("prompt", "map", "image")) == "prompt x image"
