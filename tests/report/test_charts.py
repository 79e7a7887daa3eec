"""Every figure is drawn from the tables that `compare` and `score` make, also from the least there can be, and equal
tables give equal bytes.
"""

import numpy as np
import pandas as pd
import pytest
from made_scores import CONFIG, comparison, table, tables
from PIL import Image

from captioner.comparison.compared import SCORES
from captioner.comparison.headline import Headline
from captioner.comparison.means import transfer
from captioner.report import charts, prompt_charts, sheets, theme
from captioner.statistics.crossed import cross

TEXTS = {"good": "A photo of_$x$", "plain": "", "odd": "Stock prices fell sharply on Monday because of it"}
GROUPS = {"good": "seen", "plain": "unseen", "odd": "unrelated"}


def picture(_: int) -> Image.Image:
    return Image.new("RGB", (40, 30), "red")


def drawings(names: list[str], seeds: tuple[int, ...], flat: bool = False):
    """All figures of these prompts, by name."""
    compared = comparison(**{name: table(len(name), seeds, flat=flat, rng=len(name)) for name in names})
    found = {name: pd.DataFrame(rows) for name, rows in tables(compared)[0].items()}
    prompts, seed_table = (
        pd.concat([found[name].assign(split=split) for split in ("test", "novel")], ignore_index=True)
        for name in ("prompts", "seeds")
    )
    prompts = prompts.assign(text=prompts["prompt"].map(TEXTS), group=prompts["prompt"].map(GROUPS))
    scores = table(seeds=(0, 1), flat=flat)
    headline = Headline(cross({"x": scores}, "test", SCORES), CONFIG, 1)
    controls = pd.DataFrame(
        [
            ("test", "human", 2.0, 1.9, 2.1),
            ("test", "linear", 1.5, 1.4, 1.7),
            ("novel", "linear", 1.0, 0.9, 1.2),
            ("test", "of_another_study", 0.1, np.nan, np.nan),
            ("test", "shuffled", 0.2, 0.1, 0.3),
        ],
        columns=["split", "control", "cider", "cider_low", "cider_high"],
    )
    gains = pd.DataFrame(list(transfer(compared, compared.values["cider"][:, :1])))
    gains = gains.assign(text=gains["prompt"].map(TEXTS), group=gains["prompt"].map(GROUPS))
    rankings = found["rankings"]
    rankings = rankings.assign(text=rankings["prompt"].map(TEXTS), group=rankings["prompt"].map(GROUPS))
    cumulative, headline_lengths = (pd.DataFrame(list(rows)) for rows in (headline.cumulative(), headline.lengths()))
    return {
        "pairs": lambda: prompt_charts.pairs(found["pairs"], prompts),
        "ranking": lambda: prompt_charts.ranking(prompts, seed_table),
        "transfer": lambda: prompt_charts.transfer(gains, prompts),
        "wins": lambda: prompt_charts.wins(prompts),
        "rankings": lambda: prompt_charts.rankings(rankings, found["ranks"], prompts),
        "together": lambda: prompt_charts.together(found["together"], prompts),
        "efficiency": lambda: prompt_charts.efficiency(prompts, found["lengths"]),
        "mixed": lambda: prompt_charts.mixed(found["mixed"], prompts),
        "surface": lambda: prompt_charts.surface(found["surface"], prompts),
        "examples": lambda: sheets.examples(found["examples"], prompts, picture),
        "contact_sheet": lambda: sheets.contact_sheet(scores, picture),
        "results": lambda: sheets.results(scores, prompts, controls, "A photo of", picture),
        "cumulative": lambda: charts.cumulative(cumulative),
        "tokens": lambda: charts.tokens(scores, headline_lengths),
        "histogram": lambda: charts.histogram(scores),
        "controls": lambda: charts.controls(controls),
    }


@pytest.mark.slow
def test_equal_tables_give_equal_bytes(tmp_path):
    for name, draw in drawings(list(TEXTS), (1, 2)).items():
        for copy in "ab":
            theme.write(draw(), tmp_path / f"{copy}.pdf")
        content = (tmp_path / "a.pdf").read_bytes()
        assert content == (tmp_path / "b.pdf").read_bytes() and content.startswith(b"%PDF"), name


@pytest.mark.slow
@pytest.mark.parametrize("least", [(["plain"], (1,), False), (["good", "plain"], (1,), True)])
def test_the_least_there_can_be(least, tmp_path):
    for draw in drawings(*least).values():
        theme.write(draw(), tmp_path / "x.png", dpi=40)


def test_prompts_stand_by_group_and_score():
    rows = [("b", "seen", 1.0), ("c", "unrelated", 9.0), ("a", "seen", 2.0), ("d", "unseen", 5.0)]
    prompts = pd.DataFrame(rows, columns=["prompt", "group", "cider"]).assign(split="test")
    assert list(prompt_charts.ordered(prompts)["prompt"]) == ["a", "b", "d", "c"]
