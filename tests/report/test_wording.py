"""Opposite results give opposite sentences."""

import math

from captioner.report import wording
from captioner.report.captioner_wording import Beside, captioners, counted
from captioner.statistics.pairwise import VERDICTS

TEXTS = {"a": "A photo of", "b": "An image of", "c": ""}


def pair(low, high, p):
    return {"low": low, "high": high, "p": p}


def test_best_prompt_says_whether_the_data_can_tell():
    means = {"a": 2.0, "b": 1.0, "c": 0.5}
    clear = wording.best_prompt(TEXTS, means, {("a", "b"): pair(0.5, 1.5, 0.001)}, 0.05)
    assert "2.00, is that of ``A photo of''" in clear and "which it beats" in clear and "[0.500, 1.500]" in clear
    close = wording.best_prompt(TEXTS, means, {("a", "b"): pair(-0.1, 0.12, 0.4)}, 0.05)
    assert "do not tell them apart" in close and "beats" not in close and "$p$ = 0.400" in close
    seeds = wording.best_prompt(TEXTS, means, {("a", "b"): pair(-0.1, 0.12, 0.0001)}, 0.05)
    assert "over seeds includes zero" in seeds and "$<$ 0.001" in seeds and "beats" not in seeds
    turned = wording.best_prompt(TEXTS, {"a": 1.0, "b": 0.2, "c": 2.0}, {("c", "a"): pair(0.5, 1.5, 0.04)}, 0.05)
    assert "is that of (no prompt)" in turned and "beats" in turned
    assert "only prompt" in wording.best_prompt(TEXTS, {"b": 1.0}, {}, 0.05)


def test_omnibus():
    assert "prompts matter" in wording.omnibus(0.001, 0.3, 0.05)
    assert "no difference" in wording.omnibus(0.3, 0.01, 0.05)
    assert "no test" in wording.omnibus(None, None, 0.05)


def test_verdicts_are_counted():
    told = wording.verdicts(6, dict(zip(VERDICTS, (2, 1, 1, 2), strict=True)))
    assert "3 differ" in told and "1 is equivalent" in told and "2 stay open" in told and "1 by less" in told
    none = wording.verdicts(3, dict(zip(VERDICTS, (0, 0, 2, 1), strict=True)))
    assert "0 differ," in none and "2 are equivalent" in none and "1 stays open." in none
    assert "no pairs" in wording.verdicts(0, dict.fromkeys(VERDICTS, 0))


def test_one_seed_and_several():
    assert "One map" in wording.seeds(1) and "do not cover" in wording.seeds(1)
    assert "5 seeds" in wording.seeds(5) and "do not cover" not in wording.seeds(5)


def test_intervals_may_cover_or_not():
    good = wording.coverage({3: 0.948, 10: 0.95}, 0.95)
    assert "about as often" in good and "94.8\\,\\% with 3, 95.0\\,\\% with 10 seeds" in good
    assert "not as often" in wording.coverage({3: 0.82, 10: 0.95}, 0.95)
    assert "more often" in wording.coverage({3: 0.99}, 0.95)
    assert "cannot be simulated" in wording.coverage({3: None, 5: None}, 0.95)


def test_the_weight_can_be_right_wrong_or_neither():
    assert "better ones" in wording.weight_predicts(0.3, 0.2, 0.4)
    assert "worse" in wording.weight_predicts(-0.3, -0.4, -0.2) and "should not" in wording.weight_predicts(-1, -1, -1)
    assert "not justified" in wording.weight_predicts(0.01, -0.1, 0.1)
    assert "does not vary" in wording.weight_predicts(None, None, None)


def test_the_weight_can_change_the_ranking():
    same = wording.weight_reorders({0.0: [1.0, 1.0], 1.0: [1.0, 1.0]}, ["a", "a"])
    assert "No exponent" in same
    least = wording.weight_reorders({0.0: [1.0], 2.0: [0.4]}, ["a", "a"])
    assert "at least 0.40" in least and "stays the same" in least
    assert "best prompt changes" in wording.weight_reorders({2.0: [0.4]}, ["a", "b"])
    assert "no ranking" in wording.weight_reorders({0.0: [math.nan]}, ["a"])


def test_the_originals_arithmetic():
    assert "cannot have come" in wording.original_arithmetic(2.4, 2.6)
    assert "allows" in wording.original_arithmetic(0.8, 0.9)


def test_length_can_help_harm_or_neither():
    assert "longer captions score higher" in wording.length_effect(0.1, 0.05, 0.15)
    assert "longer captions score lower" in wording.length_effect(-0.1, -0.15, -0.05)
    assert "no effect" in wording.length_effect(0.0, -0.1, 0.1)
    assert "could not be fitted" in wording.length_effect(None, None, None)


def test_the_most_efficient_may_or_may_not_be_the_shortest():
    assert "mostly ranks lengths" in wording.efficient(TEXTS, {"a": 9.0, "b": 8.0}, {"a": 5.0, "b": 7.0})
    other = wording.efficient(TEXTS, {"a": 9.0, "b": 8.0}, {"a": 9.0, "b": 7.0})
    assert "though the captions of ``An image of'' are the shortest" in other


def test_the_most_wins_may_or_may_not_be_the_best_mean():
    assert "and on average" in wording.winners(TEXTS, {"a": 30, "b": 20}, {"a": 2, "b": 1})
    assert "``A photo of'' is best on average" in wording.winners(TEXTS, {"a": 20, "b": 30}, {"a": 2, "b": 1})


def test_most_and_least_alike():
    values = {("a", "b"): 0.9, ("b", "a"): 0.9, ("a", "c"): 0.2, ("b", "c"): 0.5, ("a", "a"): 1.0}
    told = wording.alike(TEXTS, values)
    assert "``A photo of'' and ``An image of'' (0.90) agree most" in told and "(no prompt) (0.20) least" in told
    assert "only two" in wording.alike(TEXTS, {("a", "b"): 0.5})
    assert "No two" in wording.alike(TEXTS, {("a", "b"): math.nan})


def test_a_collapse_is_warned_of():
    assert "No prompt's" in wording.collapse(TEXTS, {"a": 0, "b": 0}, 0.1)
    warned = wording.collapse(TEXTS, {"a": 0, "b": 2}, 0.1)
    assert "Collapse" in warned and "``An image of''" in warned and "A photo of" not in warned


def test_extremes_are_held_against_chance():
    assert ", less than" in wording.extremes(20.0, 90.0, 50) and "not less than" in wording.extremes(90.0, 20.0, 50)


def test_controls_can_win():
    assert "depend on their images" in wording.image_matters(2.5, [0.16, 0.01])
    assert "less than a factor of two" in wording.image_matters(0.3, [0.1, 0.2])
    for shuffled, random in ((0.1, 0.05), (0.05, 0.1)):
        assert "ignore their images" in wording.image_matters(0.09, [shuffled, random])


def test_novel_combinations():
    assert "50\\,\\%" in wording.generalisation(2.0, 1.0)
    assert "not below" in wording.generalisation(1.0, 1.2)
    assert "no split" in wording.generalisation(1.0, None)


def test_other_arms_can_be_above_below_or_neither():
    told = wording.beside(1.0, {"one": (2.0, -1.2, -0.8), "two": (0.5, 0.4, 0.6), "three": (1.0, -0.1, 0.1)})
    assert "one reaches 2.00, above it (difference in [0.80, 1.20])" in told
    assert "two reaches 0.50, below it (difference in [$-$0.60, $-$0.40])" in told
    assert "three reaches 1.00, not told apart from it" in told


def test_other_captioners_may_be_better_worse_or_blind():
    better = Beside("x/git", 176_619_066, 2.0, -1.2, -0.8, 0.2, 0.1)
    blind, partly = Beside("mine_2", 900, 0.5, 0.4, 0.6, 0.2, 0.5), Beside("c", 13 * 10**9, 1.0, -0.1, 0.1, 0.6, 0.1)
    told = captioners(1.0, [better, blind, partly])
    assert "x/git, of 176.6 million parameters, reaches 2.00, above it (difference in [0.80, 1.20])" in told
    assert "depend on their images, with 0.20 on shuffled images and 0.10 with a grey picture" in told
    assert r"mine\_2, of 900 parameters, reaches 0.50, below it" in told and "ignore their images" in told
    assert "13.0 billion parameters, reaches 1.00, not told apart from it" in told
    assert "much of that does not come from the image" in told and counted(10**6) == "1.0 million"


def test_retrieval_can_win_lose_or_neither():
    assert "the map is above it" in wording.retrieval(2.0, 1.0, 0.9, 1.1)
    assert "which the map does not reach" in wording.retrieval(1.0, 2.0, -1.1, -0.9)
    assert "not told apart" in wording.retrieval(1.0, 1.0, -0.1, 0.1)


def test_the_prompt_left_in_may_or_may_not_matter():
    texts = {"a": "A photo of", "b": ""}
    assert "does not matter" in wording.prompt_left_in(texts, 1.0, "a", "a")
    assert "others change places" in wording.prompt_left_in(texts, 0.6, "a", "a")
    told = wording.prompt_left_in(texts, -1.0, "b", "a")
    assert "makes (no prompt) the best instead of ``A photo of''" in told and "own words decide" in told
    assert "so few prompts" in wording.prompt_left_in(texts, None, "a", "a")


def test_the_ranking_may_or_may_not_show_the_training():
    texts = {"a": "A photo of", "b": ""}
    same = wording.empty_prompt_map(texts, 0.9, "a", "a", (0.8, 0.5))
    assert "is the best with both" in same and "0.50 instead of 0.80" in same and "not merely" in same
    other = wording.empty_prompt_map(texts, 0.9, "b", "a", (0.8, 0.5))
    assert "the best is (no prompt) instead of ``A photo of''" in other and "does show" in other
    assert "does show" in wording.empty_prompt_map(texts, 0.1, "a", "a", (0.8, 0.5))
    assert "so few prompts" in wording.empty_prompt_map(texts, None, None, None, (0.0, 0.0))


def test_prompts_in_a_row():
    assert wording.listed_prompts(["A photo of", ""]) == "``A photo of'', (no prompt)"
