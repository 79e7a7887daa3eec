"""Hard and easy images: the hand-made scores rise from image to image."""

import numpy as np
import pytest
from made_scores import of_three


@pytest.mark.slow
def test_bins_go_from_hard_to_easy():
    surface = [row for row in of_three()[0]["surface"] if row["prompt"] == "plain"]
    assert [row["bin"] for row in surface] == [1, 2, 3, 4, 5] and sum(row["images"] for row in surface) == 30
    assert np.all(np.diff([row["cider"] for row in surface]) > 0)


@pytest.mark.slow
def test_examples_are_the_best_the_median_and_the_worst():
    examples = {row["place"]: row["image_id"] for row in of_three()[0]["examples"]}
    assert examples["best"] > 27 and examples["worst"] < 2 and 12 < examples["median"] < 17
