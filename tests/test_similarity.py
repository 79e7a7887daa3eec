"""Cosine scores, the derangement of the shuffled control and entropy weights."""

import math

import numpy as np
import pytest

from captioner.similarity import cosine_scores, derangement, entropy_weight


def test_cosine_of_known_angles():
    angles = np.radians([0.0, 60.0, 90.0, 180.0])
    texts = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    images = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (4, 1))
    np.testing.assert_allclose(cosine_scores(images, texts), [100.0, 50.0, 0.0, -100.0], atol=1e-4)


def test_derangement_moves_every_item():
    for count in (2, 3, 4, 5, 17, 100):
        for seed in range(50):
            order = derangement(count, str(seed))
            assert sorted(order) == list(range(count))
            assert not any(index == other for index, other in enumerate(order))
            assert order == derangement(count, str(seed))
    assert len({tuple(derangement(4, str(seed))) for seed in range(300)}) == 6  # all cycles of four
    for count in (0, 1):
        with pytest.raises(ValueError):
            derangement(count, "x")


def test_entropy_weight_runs_from_uniform_to_certain():
    assert entropy_weight([math.log(50)] * 3, 50) == pytest.approx(0.0, abs=1e-12)
    assert entropy_weight([0.0, 0.0], 50) == 1.0
    assert entropy_weight([0.0, math.log(50)], 50) == pytest.approx(0.5)
    assert entropy_weight([math.log(51)], 50) == 0.0  # clipped
    assert entropy_weight([-0.1], 50) == 1.0
    with pytest.raises(ValueError):
        entropy_weight([], 50)
