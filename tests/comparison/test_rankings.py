"""Rankings of three prompts."""

import pytest
from made_scores import of_three


def test_weights_of_one_leave_the_ranking_by_the_plain_score():
    plain_rank = [row for row in of_three()[0]["rankings"] if row["exponent"] == 0]
    assert all(row["tau"] == pytest.approx(1) for row in plain_rank)


def test_ranks_are_of_every_ranking_without_another_exponent():
    assert {row["variant"] for row in of_three()[0]["ranks"]} == {"cider", "penalised", "self-normalised"}
