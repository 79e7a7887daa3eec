"""All tables of the least there can be: one prompt, one seed, and captions that are all alike."""

import numpy as np
import pytest
from made_scores import comparison, everything, table


def test_one_prompt_of_one_seed():
    found, figures = everything(comparison(only=table(seeds=(1,))), {"only": {"group": "seen"}})
    assert found["pairs"] == [] and figures["pairs"] == 0 and figures["friedman_p"] is None
    assert np.isnan(found["prompts"][0]["cider_seed_sd"]) and np.isnan(found["rankings"][0]["minmax"])
    assert figures["length_effect"] is None


@pytest.mark.slow
def test_captions_that_are_all_alike():
    found, figures = everything(
        comparison(a=table(flat=True), b=table(flat=True)), {"a": {"group": "seen"}, "b": {"group": "unseen"}}
    )
    assert found["pairs"][0]["verdict"] == "equivalent" and figures["certainty"] is None
    assert found["diagnoses"][0]["collapsed_seeds"] == 2 and found["diagnoses"][0]["commonest"] == 1
    assert np.isnan(found["mixed"][0]["total"]) and figures["image_share"] is None
