"""The sentences, the table and the figure of the arms, from results made by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from captioner.report import arm_wording as wording
from captioner.report import theme
from captioner.report.arm_charts import arms as drawn


def row(arm, cider, difference, split="test", parameters=100, maps=3, spread=0.1, objects=("0.7", "0.6")):
    """A row of the table of arms as it is read: texts."""
    low, high = difference
    return {
        "split": split, "arm": arm, "maps": str(maps), "parameters": str(parameters), "cider": str(cider),
        "cider_low": str(cider - 0.1), "cider_high": str(cider + 0.1), "lowest": str(cider - spread / 2),
        "highest": str(cider + spread / 2), "difference": str((low + high) / 2), "difference_low": str(low),
        "difference_high": str(high), "clip_score": "77.1", "object_precision": objects[0], "object_recall": objects[1],
    }  # fmt: skip


ROWS = [
    row("linear", 2.5, (0, 0)), row("mlp", 2.7, (0.1, 0.3)), row("my_own", 2.4, (-0.2, -0.1), spread=0.3),
    row("pooled", 2.48, (-0.1, 0.06)), row("random", 0.1, (-2.5, -2.3), parameters=0, spread=0.9),
    row("linear", 1.3, (0, 0), "novel"), row("mlp", 1.4, (-0.1, 0.3), "novel"),
]  # fmt: skip


def test_arms_are_told_from_the_headline_by_their_intervals():
    told = wording.against_headline(ROWS, "test")
    assert told == (
        "better: ClipCap's MLP (0.20 [0.10, 0.30]); worse: my own ($-$0.15 [$-$0.20, $-$0.10]); "
        "not told apart: mean over the patches ($-$0.02 [$-$0.10, 0.06])."
    )
    assert wording.against_headline(ROWS, "novel").startswith("not told apart: ClipCap's MLP")
    assert wording.against_headline(ROWS[:1], "test") == "There is no other trained arm."
    assert wording.against_headline(ROWS[:3], "novel") == "This study has no such images."


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.3, "better than"), (-0.3, -0.1, "worse than"), (-0.1, 0.3, "not told apart from")],
)
def test_patches_are_held_against_their_mean_whichever_stands_first(low, high, verdict):
    def pair(arm, versus, *ends):
        names = ("difference", "difference_low", "difference_high")
        values = dict(zip(names, map(str, (sum(ends) / 2, *ends)), strict=True))
        return {"split": "test", "arm": arm, "versus": versus, **values}

    apart = [pair("linear", "pooled", 0, 1), pair("patches", "pooled", low, high)]
    told = wording.by_patch(apart, ["patches"], ["pooled"])
    assert told.startswith(f"``each patch by one layer'' is {verdict} ``mean over the patches'' (")
    turned = [pair("pooled", "patches", -high, -low)]
    assert wording.by_patch(turned, ["patches"], ["pooled"]) == told
    assert wording.by_patch(apart, ["patches"], []).startswith("There are no two arms")


def test_the_spread_over_seeds_leaves_out_what_is_not_trained():
    told = wording.by_seed(ROWS)
    assert "of 3 seeds lie 0.10 of CIDEr-D in the median over the trained arms, at most 0.30 (my own)" in told
    assert "one seed" in wording.by_seed([row("linear", 2.5, (0, 0), maps=1)])


def test_the_table_of_arms_is_ranked():
    table = wording.arms([row for row in ROWS if row["split"] == "test"])
    body = table.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert [line.split(" & ")[0] for line in body] == [
        "ClipCap's MLP", "linear map (headline)", "mean over the patches", "my own", "random projection",
    ]  # fmt: skip
    assert body[1].split(" & ")[4:6] == ["--", "--"] and "0.70/0.60" in body[0] and body[4].split(" & ")[1] == "0"
    assert "& 1.30 &" in wording.arms([ROWS[0], ROWS[5]])
    assert wording.arms([row("linear", 2.5, (0, 0), objects=("", ""))]).count("--/--") == 1


@pytest.mark.slow
def test_the_figure_has_every_trained_arm_and_its_seeds(tmp_path):
    numbers = [name for name in ROWS[0] if name not in ("split", "arm")]
    table = pd.DataFrame(ROWS).astype(dict.fromkeys(numbers, float))
    table = table[~((table["split"] == "novel") | (table["arm"] == "random"))]
    seeds = pd.DataFrame([{"split": "test", "arm": arm, "cider": 2.0 + n} for arm in table["arm"] for n in range(3)])
    figure = drawn(pd.concat([table, pd.DataFrame([{**table.iloc[0], "arm": "random", "parameters": 0}])]), seeds)
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "ClipCap's MLP", "linear map (headline)", "mean over the patches", "my own",
    ]  # fmt: skip
    assert sum(len(line.get_xdata()) == 3 for line in ax.lines) == 4
    theme.write(figure, tmp_path / "one.pdf")
    theme.write(figure, tmp_path / "two.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
