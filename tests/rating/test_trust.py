"""Kendall's tau against a count by hand, accuracies, intervals over images."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from captioner.rating.trust import accuracies, agreed, correlations, tau

METRIC = np.array([0.1, 0.4, 0.4, 0.9, 0.3, 0.7])
PEOPLE = np.array([1.0, 2.0, 3.0, 4.0, 2.0, 2.0])


def test_tau_by_counting_pairs():
    """b: (C - D) / sqrt((C + D + X)(C + D + Y)); c: 2 m (C - D) / (n^2 (m - 1)), m the lesser number of values."""
    signs = [
        (np.sign(METRIC[i] - METRIC[j]), np.sign(PEOPLE[i] - PEOPLE[j])) for i, j in combinations(range(len(METRIC)), 2)
    ]
    more = sum(a * b for a, b in signs)
    untied = [sum(a != 0 for a, _ in signs), sum(b != 0 for _, b in signs)]
    assert tau(METRIC, PEOPLE, "b") == pytest.approx(more / np.sqrt(untied[0] * untied[1]))
    least = min(len(set(METRIC)), len(set(PEOPLE)))
    assert tau(METRIC, PEOPLE, "c") == pytest.approx(2 * least * more / (len(METRIC) ** 2 * (least - 1)))


def test_what_does_not_vary_has_no_tau():
    assert np.isnan(tau(METRIC, np.ones(6), "b")) and np.isnan(tau(np.zeros(6), PEOPLE, "c"))


@pytest.mark.slow
def test_intervals_are_over_images():
    """Judgements of one image go together: with all on one image nothing can vary."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=300)
    people, metric = np.clip(np.rint(2.5 + truth), 1, 4), truth + rng.normal(size=300)
    (row,) = correlations({"m": metric}, people, [str(at) for at in range(300)], "c", 0.95, 1)
    assert row.measure == "tau-c" and row.value.low < row.value.mean < row.value.high < 1 and row.judgements == 300
    (one,) = correlations({"m": metric}, people, ["x"] * 300, "c", 0.95, 1)
    assert one.value.low == one.value.high == one.value.mean == row.value.mean
    (few,) = correlations({"m": metric}, people, [str(at // 30) for at in range(300)], "c", 0.95, 1)
    assert few.value.mean == row.value.mean


def test_accuracy_by_category_counts_equal_scores_half():
    first, second, people = np.array([1.0, 1.0, 2.0, 5.0]), np.array([0.0, 2.0, 2.0, 1.0]), np.array([1, 1, -1, -1])
    assert agreed(first, second, people).tolist() == [1, 0, 0.5, 0]
    rows = accuracies({"m": first}, {"m": second}, people, ["HC", "HC", "MM", "MM"], list("abcd"), 0.95, 1)
    told = {row.measure: (row.value.mean, row.judgements) for row in rows}
    assert told == {"accuracy HC": (0.5, 2), "accuracy MM": (0.25, 2), "accuracy": (0.375, 4)}
