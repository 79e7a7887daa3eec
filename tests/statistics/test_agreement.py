"""Prompt by prompt: against plain loops over pairs, and on captions whose relation is known."""

import numpy as np
import pytest
from scipy import stats

from captioner.statistics.agreement import crossed, double_centred, matched, retrieved, success, together
from captioner.statistics.intervals import Bootstrap


def unit(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    images = unit(rng.normal(size=(12, 6)))
    return images, unit(images + rng.normal(0, 0.4, (3, 2, 12, 6)))


def test_mean_over_pairs_of_different_images_is_exact(vectors):
    left, right = vectors[1][0, 0], vectors[1][1, 0]
    pairs = [left[i] @ right[j] for i in range(12) for j in range(12) if i != j]
    assert crossed(left, right).mean() == pytest.approx(np.mean(pairs))
    assert matched(left, right)[3] == pytest.approx(left[3] @ right[3])
    with pytest.raises(ValueError):
        crossed(left[:1], right[:1])


def test_linearised_values_give_the_pairs_standard_error():
    """The spread of the mean over pairs, over many samples, is that of the values' mean."""
    rng = np.random.default_rng(1)
    samples = [unit(rng.normal(0.5, 1, (2, 40, 5))) for _ in range(400)]
    values = [crossed(*sample) for sample in samples]
    expected = np.std([one.mean() for one in values])
    assert np.mean([one.std(ddof=1) for one in values]) / np.sqrt(40) == pytest.approx(expected, rel=0.12)


def test_an_image_is_never_retrieved_by_its_own_caption(vectors):
    images, _ = vectors
    found = retrieved(images, images)
    assert all(found != np.arange(12))
    for row in range(12):
        others = [j for j in range(12) if j != row]
        assert found[row] == max(others, key=lambda j: images[row] @ images[j])


def test_compatibility_and_agreement_against_loops(vectors):
    images, texts = vectors
    table = together(images, texts, Bootstrap(12, 2, 100, 0.95, 1))
    for p, q in ((0, 1), (1, 0), (2, 2)):
        fits, chance, same, other = [], [], [], []
        for s in range(2):
            rows = retrieved(images, texts[p, s].copy())
            fits += [100 * images[rows[i]] @ texts[q, s, i] for i in range(12)]
            same += [texts[p, s, i] @ texts[q, s, i] for i in range(12)]
            for i in range(12):
                chance += [100 * images[rows[i]] @ texts[q, s, j] for j in range(12) if j != i]
                other += [texts[p, s, i] @ texts[q, s, j] for j in range(12) if j != i]
        cell = table[p][q]
        assert cell.compatibility == pytest.approx(np.mean(fits)) and cell.chance == pytest.approx(np.mean(chance))
        assert cell.lift.mean == pytest.approx(np.mean(fits) - np.mean(chance))
        assert cell.agreement.mean == pytest.approx((np.mean(same) - np.mean(other)) / (1 - np.mean(other)))
    assert table[0][1].agreement.mean == pytest.approx(table[1][0].agreement.mean)
    assert table[0][1].compatibility != pytest.approx(table[1][0].compatibility)


def test_agreement_is_one_with_itself_and_zero_by_chance():
    rng = np.random.default_rng(3)
    texts = unit(rng.normal(0.3, 1, (2, 1, 400, 16)))
    table = together(unit(rng.normal(size=(400, 16))), texts, Bootstrap(400, 1, 300, 0.95, 1))
    assert table[0][0].agreement.mean == pytest.approx(1)
    assert table[0][1].agreement.low < 0 < table[0][1].agreement.high and abs(table[0][1].agreement.mean) < 0.05
    constant = np.broadcast_to(texts[:, :, :1], texts.shape)
    assert np.isnan(together(texts[0, 0], constant, Bootstrap(400, 1, 100, 0.95, 1))[0][0].agreement.mean)


def test_double_centring_leaves_no_row_or_column_effect():
    rng = np.random.default_rng(0)
    rows, columns = rng.normal(size=(4, 1)), rng.normal(size=(1, 4))
    np.testing.assert_allclose(double_centred(18 + rows + columns), 0, atol=1e-12)
    table = double_centred(rng.normal(size=(4, 4)))
    np.testing.assert_allclose([table.mean(axis=0), table.mean(axis=1)], 0, atol=1e-12)


def test_success_is_spearmans():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 5, (3, 40)).astype(float)
    np.testing.assert_allclose(success(scores), stats.spearmanr(scores, axis=1).statistic)
    scores[1] = 2
    assert np.isnan(success(scores)[1]).all() and success(scores)[0, 0] == pytest.approx(1)
