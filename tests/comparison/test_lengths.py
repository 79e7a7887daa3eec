"""Length and scores."""

import numpy as np
import pytest
from made_scores import of_three

from captioner.comparison.lengths import by_length


@pytest.mark.slow
def test_the_total_effect_is_what_was_added():
    found, figures = of_three()
    assert found["mixed"][0]["total"] == pytest.approx(1, abs=0.1) and 0 < figures["image_share"] < 1


def test_a_smooth_line_follows_a_straight_one():
    tokens = np.repeat(np.arange(1.0, 11.0), 5)
    rows = list(by_length(tokens, 3 * tokens, tokens))
    np.testing.assert_allclose([row["smooth"] for row in rows], 3 * np.arange(1, 11), atol=1e-6)
