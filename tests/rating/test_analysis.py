"""Simulated raters: who answers at random is found, honest ones are not; agreement; how many more answers it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_ratings import simulated

from captioner.rating import reliability
from captioner.rating.analysis import Scales, analyse, kept, needed
from captioner.rating.settings import RatingSettings
from captioner.statistics.intervals import Bootstrap

SETTINGS = RatingSettings(resamples=150, deals=200, fastest=700, half_width=0.05, leave_out=True)
STRENGTHS = {"a": 1.2, "b": 0.4, "c": -0.2, "d": -1.4}
BAD = {"rater 6": "random", "rater 7": "left"}


@pytest.fixture(scope="module")
def ratings():
    return simulated(STRENGTHS, 8, 12, 60, 1, scales=30, behaviour=BAD)


@pytest.fixture(scope="module")
def analysis(ratings):
    return analyse(ratings, SETTINGS, 0.95, 1)


@pytest.mark.slow
def test_who_answers_at_random_is_found_and_nobody_else(analysis):
    assert {each.rater for each in analysis.behaviours if each.at_random} == set(BAD)
    flags = {each.rater: set(each.flags) for each in analysis.behaviours}
    assert {"agreement", "speed"} <= flags["rater 6"] and {"side", "speed"} <= flags["rater 7"]
    assert analysis.summary["raters_left_out"] == 2 and analysis.summary["raters"] == 8


def test_failed_attention_checks_are_enough(ratings):
    """Of five, three failed; with two failed the rater stays."""
    honest = [rating for rating in ratings if rating.rater == "rater 0"]
    checks = [rating for rating in honest if rating.role == "check"]
    for failed, found in ((2, False), (3, True)):
        wrong = [replace(rating, answer="tie") for rating in checks[:failed]]
        every = [rating for rating in ratings if rating not in checks[:failed]] + wrong
        one = next(each for each in reliability.behaviours(every, 700, 0.05, 50, 1) if each.rater == "rater 0")
        assert (one.at_random, "checks" in one.flags, one.checks_passed) == (found, found, 5 - failed)


@pytest.mark.slow
def test_the_order_and_intervals_are_those_of_the_strengths(analysis):
    assert [row.system for row in analysis.systems] == list(STRENGTHS)
    for row in analysis.systems:
        assert row.strength.low < STRENGTHS[row.system] < row.strength.high
        assert row.preferred.low < row.preferred.mean < row.preferred.high
        assert row.rating.low < row.rating.mean < row.rating.high
        assert row.won + row.tied <= row.compared
    best, *_, worst = analysis.systems
    assert best.preferred_by_all < best.preferred.mean and worst.preferred_by_all > worst.preferred.mean
    assert sum(row.won for row in analysis.systems) == round(analysis.summary["pairs"] * (1 - analysis.summary["ties"]))


@pytest.mark.slow
def test_everyone_stays_where_the_settings_say_so(ratings):
    whole = analyse(ratings, replace(SETTINGS, leave_out=False), 0.95, 1)
    assert whole.summary["raters_left_out"] == 0 and whole.summary["raters_at_random"] == 2
    assert all(row.preferred.mean == pytest.approx(row.preferred_by_all) for row in whole.systems)


@pytest.mark.slow
def test_simulated_answers_are_told_as_such(analysis, ratings):
    assert analysis.summary["by_people"] is False
    people = [replace(rating, origin="people") for rating in ratings[:60]]
    assert analyse(people, SETTINGS, 0.95, 1).summary["by_people"] is True
    assert analyse([*people, ratings[70]], SETTINGS, 0.95, 1).summary["by_people"] is False


def test_no_answers_are_told_as_such():
    assert analyse([], SETTINGS, 0.95, 1).summary == {"answers": 0}
    checks = [rating for rating in simulated(STRENGTHS, 1, 3, 2, 1) if rating.role == "check"]
    assert analyse(checks, SETTINGS, 0.95, 1).summary == {"answers": 0}


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sizes", [(1, 1, 1, 0), (1, 1, 0, 1), (2, 2, 1, 1), (3, 4, 0, 5), (1, 5, 12, 3)])
def test_few_answers_give_figures_or_none(sizes):
    raters, images, pairs, scales = sizes
    found = analyse(simulated(STRENGTHS, raters, images, pairs, 5, scales=scales), SETTINGS, 0.95, 1)
    assert found.summary["answers"] == raters * (pairs + scales)
    if images == 1:
        assert "half_width" not in found.summary
        assert all(np.isnan([row.preferred.low, row.rating.low]).all() for row in found.systems)


def test_alpha_is_krippendorffs_own_example():
    """Krippendorff (2011), "Computing Krippendorff's alpha-reliability", data C: nominal 0.743, ordinal 0.815."""
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]  # fmt: skip
    units = [[row[at] for row in rows if row[at] is not None] for at in range(12)]
    counts = np.array([[unit.count(value) for value in range(1, 6)] for unit in units if len(unit) > 1])
    assert reliability.alpha(counts, "scale") == pytest.approx(0.815, abs=5e-4)
    assert reliability.alpha(counts, "pair") == pytest.approx(0.743, abs=5e-4)
    draws = reliability.alpha_draws(counts, [str(at) for at in range(len(counts))], "scale", 200, 1)
    assert np.quantile(draws, 0.025) < 0.815 < np.quantile(draws, 0.975)


def test_alpha_does_not_exist_without_disagreement_or_company():
    assert np.isnan(reliability.alpha(np.array([[2, 0, 0], [3, 0, 0]]), "pair"))
    assert np.isnan(reliability.alpha(np.zeros((0, 3), int), "pair"))
    alone = reliability.counted(simulated(STRENGTHS, 1, 50, 5, 1), "pair")
    assert alone[0].shape == (0, 3)


def test_a_verdict_does_not_depend_on_sides():
    (one,) = kept(simulated(STRENGTHS, 1, 1, 1, 1), "pair")
    other = {"left": "right", "right": "left", "tie": "tie"}[one.answer]
    turned = replace(
        one,
        left=one.right,
        right=one.left,
        left_caption=one.right_caption,
        right_caption=one.left_caption,
        answer=other,
    )
    assert reliability.unit(one) == reliability.unit(turned)
    assert reliability.verdict(one) == reliability.verdict(turned)


def test_attention_checks():
    check = next(rating for rating in simulated(STRENGTHS, 1, 1, 1, 1) if rating.role == "check")
    assert reliability.passed(check) and not reliability.passed(replace(check, answer="tie"))
    scale = replace(check, kind="scale", left="foreign", right="", right_caption="")
    assert [reliability.passed(replace(scale, answer=str(value))) for value in (1, 2, 3, 5)] == [1, 1, 0, 0]


def test_ratings_are_weighted_means():
    every = Scales.of(kept(simulated(STRENGTHS, 4, 6, 0, 1, scales=20), "scale"))
    bootstrap = Bootstrap(len(every.images), len(every.raters), 300, 0.95, 1)
    for name, interval in every.intervals(bootstrap).items():
        own = every.value[every.system == every.systems.index(name)]
        assert interval.mean == pytest.approx(own.mean()) and 1 <= interval.low <= interval.mean <= interval.high <= 5


def test_answers_needed_by_hand():
    assert needed(0.1, 0.1, 0.1, 100, 0.05) == (300, 300)  # no variation but that of answers: four times as many
    assert needed(0.1, 0.06, 0.1, 100, 0.05) == (300, None)  # images alone are too few: 0.08 above 0.05
    assert needed(0.1, 0.1, np.hypot(0.1, 0.03), 100, 0.05) == (300, ceil_by_hand())
    assert needed(0.04, 0.04, 0.04, 100, 0.05) == (0, 0)


def ceil_by_hand() -> int:
    """(0.1^2 - 0.03^2) n / (n + m) + 0.03^2 = 0.05^2 for n = 100: m = 468.75."""
    return 469


@pytest.mark.slow
def test_the_answers_that_are_said_to_be_needed_are():
    """Collected with as many more raters and images, they bring the interval near to the wanted width."""
    wanted = replace(SETTINGS, half_width=0.06, resamples=200)
    first = analyse(simulated(STRENGTHS, 8, 24, 30, 2, spread=0.5), wanted, 0.95, 1).summary
    times = 1 + first["more_answers"] / first["pairs"]
    assert times > 1.5
    more = simulated(STRENGTHS, round(8 * times), round(24 * times), 30, 3, spread=0.5)
    assert analyse(more, wanted, 0.95, 1).summary["half_width"] == pytest.approx(0.06, rel=0.25)
