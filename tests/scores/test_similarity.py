"""Cosine scores, CLIP-S and RefCLIP-S, the derangement of the shuffled control and entropy weights."""

import math

import numpy as np
import pytest

from captioner.scores.similarity import clip_s, cosine_scores, derangement, entropy_weight, ref_clip_s


def test_cosine_of_known_angles():
    angles = np.radians([0.0, 60.0, 90.0, 180.0])
    texts = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    images = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (4, 1))
    np.testing.assert_allclose(cosine_scores(images, texts), [100.0, 50.0, 0.0, -100.0], atol=1e-4)


def unit(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_clip_s_is_scaled_and_clipped():
    np.testing.assert_allclose(clip_s(unit(0, 0, 0, 0), unit(0, 60, 90, 120)), [2.5, 1.25, 0, 0], atol=1e-6)


def test_ref_clip_s_of_known_angles():
    """H-mean of CLIP-S and of the nearest reference's cosine; zero where either is."""
    texts = unit(0, 0, 0, 0)
    own = np.array([1.25, 0.5, 0.0, 0.7])
    references = [unit(60, 80), unit(0), unit(10), unit(100, 170)]
    expected = [2 * 1.25 * 0.5 / 1.75, 2 * 0.5 * 1 / 1.5, 0.0, 0.0]
    np.testing.assert_allclose(ref_clip_s(own, texts, references), expected, atol=1e-6)


def test_clip_s_and_ref_clip_s_agree_with_the_published_definition():
    """The published code's order of operations, on embeddings made by hand: normalise, 2.5 x clipped cosine, the
    greatest cosine with a reference of the same image, 2ab / (a + b) an image. All texts lie near the image here, so
    that the greatest cosine is not negative, where paper and code differ.
    """
    rng = np.random.default_rng(0)
    images = rng.normal(size=(30, 12))
    texts = images + rng.normal(size=(30, 12))
    references = [image + rng.normal(size=(5, 12)) for image in images]
    images, texts, *references = (
        part / np.linalg.norm(part, axis=-1, keepdims=True) for part in (images, texts, *references)
    )
    per_image = 2.5 * np.clip(np.sum(images * texts, axis=1), 0, None)
    per_text = np.array(
        [max(float(np.dot(text, one)) for one in several) for text, several in zip(texts, references, strict=True)]
    )
    assert per_text.min() > 0
    own = clip_s(images, texts)
    np.testing.assert_allclose(own, per_image)
    np.testing.assert_allclose(ref_clip_s(own, texts, references), 2 * per_image * per_text / (per_image + per_text))


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
