"""Pairs of three prompts."""

import pytest
from made_scores import of_three


@pytest.mark.slow
def test_every_ordered_pair_has_a_verdict_by_each_measure():
    pairs = of_three()[0]["pairs"]
    verdicts = {(row["measure"], row["prompt"], row["versus"]): row["verdict"] for row in pairs}
    assert verdicts["cider", "good", "plain"] == "differs" and len(verdicts) == 12
