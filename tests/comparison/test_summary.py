"""The flat figures."""

import pytest
from made_scores import MARGINS, TOLD, comparison, of_three, table, three

from captioner.comparison.pairs import pairs
from captioner.comparison.summary import summary
from captioner.statistics.pairwise import VERDICTS


def test_verdicts_add_up_and_each_group_has_its_best():
    figures = of_three()[1]
    assert sum(figures[f"pairs_{verdict.replace(' ', '_')}"] for verdict in VERDICTS) == figures["pairs"] == 3
    assert (figures["best_seen"], figures["best_unseen"], figures["best_unrelated"]) == ("good", None, "odd")
    assert figures["friedman_p"] < 0.01 and figures["seeds"] == 2


@pytest.mark.slow
def test_a_reversed_order_with_the_map_of_the_empty_prompt_is_seen():
    empty = three().values["cider"].mean(axis=1, keepdims=True)[[1, 0, 2]]
    figures = summary(three(), list(pairs(three(), MARGINS)), TOLD, empty)
    assert figures["empty_prompt_map_tau"] == pytest.approx(-1)  # over the prompts that are related to pictures
    assert (figures["empty_prompt_map_best"], figures["empty_prompt_map_best_without"]) == ("plain", "good")


@pytest.mark.slow
def test_the_prompt_left_in_can_turn_the_ranking():
    """The scores with prompt decide the one ranking, those without it the other."""
    left, right = table(rng=1), table(rng=2)
    left = left.assign(clip_score=1.0, clip_score_with_prompt=0.2)
    right = right.assign(clip_score=0.5, clip_score_with_prompt=0.7)
    compared = comparison(a=left, b=right)
    told = {"a": {"group": "seen"}, "b": {"group": "unseen"}}
    figures = summary(compared, list(pairs(compared, MARGINS)), told, compared.values["cider"])
    assert (figures["prompt_left_in_best"], figures["prompt_left_in_best_without"]) == ("b", "a")
    assert figures["prompt_left_in_tau"] == pytest.approx(-1) and figures["empty_prompt_map_tau"] == pytest.approx(1)
