"""Paired tests against scipy and statsmodels, by hand, and the family's error rate by simulation."""

import numpy as np
import pytest
from scipy import stats

from captioner.statistics.intervals import Bootstrap
from captioner.statistics.pairwise import compare, equivalence, holm, sign_flip, signed_ranks


def test_sign_flip_is_near_the_exact_test():
    rng = np.random.default_rng(0)
    differences = rng.normal(0.35, 1, (3, 12))
    exact = [
        stats.permutation_test((row,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
        for row in differences
    ]
    np.testing.assert_allclose(sign_flip(differences, 20000, 1), exact, atol=0.012)


def test_sign_flip_by_hand_and_its_bounds():
    """Flips of (1, 1): the sums -2, 0, 0, 2 are equally likely, and two of four are as extreme as 2."""
    assert sign_flip(np.array([[1.0, 1.0]]), 20000, 0)[0] == pytest.approx(0.5, abs=0.01)
    assert sign_flip(np.ones((1, 200)), 500, 0)[0] == 1 / 501
    assert sign_flip(np.zeros((1, 20)), 500, 0)[0] == 1
    assert sign_flip(np.array([[0.1] * 3 + [-0.1] * 3]), 500, 0)[0] == 1  # a sum of rounding errors is zero
    one, same, other = (sign_flip(np.random.default_rng(3).normal(0.2, 1, (1, 60)), 999, seed) for seed in (1, 1, 2))
    assert one == same and one != other


def test_signed_ranks_by_hand_and_by_scipy():
    p, effect = signed_ranks(np.array([0.0, 1.0, -2.0, 3.0, 4.0, 0.0]))
    assert effect == pytest.approx((1 + 3 + 4 - 2) / 10)
    assert p == pytest.approx(stats.wilcoxon([1.0, -2.0, 3.0, 4.0]).pvalue)
    many = np.random.default_rng(0).normal(0.2, 1, 300)
    assert signed_ranks(many)[0] == pytest.approx(stats.wilcoxon(many).pvalue)
    assert signed_ranks(np.zeros(5)) == (1.0, 0.0)
    assert signed_ranks(-many)[1] == pytest.approx(-signed_ranks(many)[1])


def test_equivalence_is_two_one_sided_tests():
    values = np.random.default_rng(0).normal(0.03, 1, 400)
    low = stats.ttest_1samp(values, -0.2, alternative="greater").pvalue
    high = stats.ttest_1samp(values, 0.2, alternative="less").pvalue
    assert equivalence(values, 0.2) == pytest.approx(max(low, high))
    assert equivalence(values, 0.2) < 0.05 < equivalence(values, 0.02)
    assert equivalence(np.zeros(9), 0.1) == 0 and equivalence(np.full(9, 0.3), 0.1) == 1


def test_holm_by_hand():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    assert len(holm(np.array([]))) == 0


@pytest.mark.slow
def test_false_positives_of_the_family():
    """Four equal prompts with shared image difficulty: at most 5 % of the families say that any pair differs.

    Holm's least p-value is the least of the family times its size.
    """
    rng = np.random.default_rng(7)
    wrong = 0
    for trial in range(400):
        scores = rng.gamma(2.0, size=60) + rng.normal(size=(4, 60))
        differences = np.stack([scores[a] - scores[b] for a in range(4) for b in range(a)])
        p = sign_flip(differences, 400, trial)
        wrong += len(p) * p.min() < 0.05
    assert holm(p).min() == pytest.approx(min(1, len(p) * p.min()))
    assert wrong / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


@pytest.fixture
def compared():
    rng = np.random.default_rng(1)
    difficulty = rng.normal(0, 3, 300)
    values = {
        "better": difficulty + 1 + rng.normal(0, 0.3, (2, 300)),
        "plain": difficulty + rng.normal(0, 0.3, (2, 300)),
        "twin": difficulty + 0.05 + rng.normal(0, 0.3, (2, 300)),
    }
    return values, compare(values, 0.2, Bootstrap(300, 2, 300, 0.95, 1), 999, 1)


@pytest.mark.slow
def test_pairs_are_mirrored(compared):
    values, found = compared
    assert len(found) == 6
    for (left, right), one in found.items():
        other = found[right, left]
        assert (
            one.difference == pytest.approx((values[left] - values[right]).mean()) == pytest.approx(-other.difference)
        )
        assert (one.low, one.high) == (-other.high, -other.low) and one.low <= one.difference <= one.high
        assert one.p == other.p and one.win_rate + other.win_rate == pytest.approx(1)
        assert one.d_z == -other.d_z and one.rank_biserial == -other.rank_biserial


@pytest.mark.slow
def test_verdicts(compared):
    _, found = compared
    assert found["better", "plain"].verdict(0.05) == "differs"
    assert found["better", "plain"].d_z > 2 and found["better", "plain"].win_rate > 0.9
    assert found["twin", "plain"].p_equivalence < 0.05
    assert found["twin", "plain"].verdict(1e-300) == "open"
    assert found["twin", "plain"].verdict(0.05) in ("differs a little", "equivalent")
    flat = compare({"a": np.ones((1, 20)), "b": np.ones((1, 20))}, 0.1, Bootstrap(20, 1, 100, 0.95, 1), 99, 1)["a", "b"]
    assert flat.verdict(0.05) == "equivalent" and flat.p == 1 and np.isnan(flat.d_z)
    assert compare({"a": np.ones((1, 20))}, 0.1, Bootstrap(20, 1, 100, 0.95, 1), 99, 1) == {}
