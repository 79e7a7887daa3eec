"""The headline captions."""

from made_scores import CONFIG, table

from captioner.comparison.compared import SCORES
from captioner.comparison.headline import Headline
from captioner.statistics.crossed import cross


def test_headline_curves_and_lengths():
    headline = Headline(cross({"x": table(seeds=(1, 2), images=80)}, "test", SCORES), CONFIG, 1)
    rows = list(headline.cumulative())
    assert [row["rank"] for row in rows] == list(range(1, 51)) and set(rows[0]) == set(headline.CUMULATIVE)
    assert rows[0]["top"] >= rows[-1]["top"] >= rows[-1]["bottom"] >= rows[0]["bottom"]
    assert all(row["top_low"] <= row["top"] + 1e-9 and row["bottom_low"] <= row["bottom_high"] for row in rows)
    lengths = list(headline.lengths())
    assert sum(row["captions"] for row in lengths) == 160 and [row["tokens"] for row in lengths] == [4, 5, 6, 7, 8]
