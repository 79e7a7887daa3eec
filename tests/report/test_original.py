"""The original's table: its printed figures do not follow from its formula."""

import pytest

from captioner.report.original import recomputed


@pytest.mark.slow
def test_its_own_arithmetic():
    found = recomputed()
    assert found.least_ratio == pytest.approx(2.487, abs=1e-3) and found.greatest_ratio == pytest.approx(
        2.559, abs=1e-3
    )
    assert found.explained == pytest.approx(0.0046, abs=1e-4)
    assert (found.pairs, found.certain_pairs) == (10, 4)
    assert found.wins_p == pytest.approx(0.048, abs=1e-3)
