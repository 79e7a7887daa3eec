"""Figures, sentences and the table of the search, from results of every outcome and from the least there can be."""

import io

import numpy as np
import pandas as pd
import pytest

from captioner.optimisation.confirmed import COLUMNS
from captioner.report import search_charts, search_wording, theme

PARTS = ("winner", "runner-up", "headline", "study", "empty", "random", "consensus", "reranked", "oracle")


def confirmed(splits=("val", "test", "novel"), parts=PARTS):
    rows = []
    for split in splits:
        for place, part in enumerate(parts):
            row = dict.fromkeys(COLUMNS, np.nan) | {"split": split, "prompt": "" if place > 3 else f"A {part} of_$x$"}
            for name in ("worth", "cider", "tokens"):
                row |= {name: 2 - 0.1 * place, f"{name}_low": 1.5, f"{name}_high": 2.5}
            rows.append(
                row | {"part": part, "difference": -0.1 * place, "difference_low": -0.2, "difference_high": 0.1}
            )
    return pd.DataFrame(rows)


def ceilings(splits=("test", "novel")):
    rows = [
        {"split": split, "part": part, "worth": 3.0, "worth_low": 2.5, "worth_high": 3.5, "reads": "a of | b of",
         "difference": 0.4, "difference_low": 0.2, "difference_high": 0.6, "tokens": 9.0}
        for split in splits for part in ("soft", "alone")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def drawings(few=False):
    splits = ("val", "test") if few else ("val", "test", "novel")
    count = 1 if few else 9
    course = pd.DataFrame(
        {"spent": 100 * np.arange(1, count + 1), "worth": 2.0, "worth_low": 1.8, "worth_high": 2.2,
         "racing": 2 ** np.arange(count, 0, -1)}
    )  # fmt: skip
    search = pd.DataFrame(
        {"tokens": np.linspace(5, 9, count), "worth": np.sin(np.arange(count)), "seen": np.resize([100, 8], count)}
    )  # fmt: skip
    names = ["prompt", "map", "image", "prompt x map", "prompt x image", "map x image", "prompt x map x image"]
    components = pd.DataFrame({"component": names[:1] if few else names, "share": 0.14})
    families = pd.DataFrame(
        [("template", "{a} {noun} of"), ("adjective", ""), ("noun", "photo")], columns=["family", "text"]
    ).assign(worth=2.0, worth_low=1.9, worth_high=2.1)
    attribution = pd.DataFrame(
        {"prompt": "A photo of", "token": range(1, count + 1), "captions": 10, "prefix_share": 0.5, "prompt_share": 0.3,
         "caption_share": 0.2, "image_nats": 1.0, "prompt_nats": -0.1}
    )  # fmt: skip
    return {
        "course": search_charts.course(course, "CIDEr-D"),
        "confirmed": search_charts.confirmed(confirmed(splits), "CIDEr-D"),
        "bounds": search_charts.bounds(confirmed(splits), ceilings(splits[1:]), "worth"),
        "quality": search_charts.quality(search, "worth"),
        "components": search_charts.components(components),
        "families": search_charts.families(families, "CIDEr-D"),
        "attribution": search_charts.attribution(attribution),
    }


@pytest.mark.slow
@pytest.mark.parametrize("few", [False, True])
def test_every_figure_is_drawn_and_equal_tables_give_equal_bytes(tmp_path, few):
    for (name, first), second in zip(drawings(few).items(), drawings(few).values(), strict=True):
        theme.write(first, one := tmp_path / f"{name}.pdf")
        theme.write(second, two := tmp_path / f"{name}-2.pdf")
        assert one.read_bytes() == two.read_bytes() and one.stat().st_size > 1000


def test_the_front_holds_what_nothing_beats():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"tokens": rng.integers(4, 12, 60).astype(float), "worth": rng.normal(size=60)})
    kept = set(search_charts.front(table).index)
    for row in table.itertuples():
        beaten = ((table["tokens"] <= row.tokens) & (table["worth"] > row.worth)).any()
        beaten |= ((table["tokens"] < row.tokens) & (table["worth"] >= row.worth)).any()
        assert (row.Index in kept) == (not beaten)


def told(mean, low, high):
    return {"mean": mean, "low": low, "high": high}


@pytest.mark.parametrize(
    ("gain", "word"),
    [
        (told(0.1, 0.05, 0.2), "better than"),
        (told(-0.1, -0.2, -0.05), "worse than"),
        (told(0, -1, 1), "not told apart"),
    ],
)
def test_the_winner_is_called_better_only_where_it_is(gain, word):
    sentence = search_wording.winner("A little photo of", "substitution", {"headline": gain, "empty": None})
    assert f"it is {word}" in sentence and "the empty prompt" not in sentence
    assert "language model proposed" in sentence


@pytest.mark.parametrize(
    ("lost", "word"),
    [(told(0.1, 0.05, 0.2), "shrank"), (told(-0.1, -0.2, -0.05), "grew"), (told(0, -1, 1), "includes zero"),
     (None, "the headline's prompt itself")],
)  # fmt: skip
def test_shrinkage_is_told_as_it_is(lost, word):
    assert word in search_wording.shrinkage(lost, 0.02)


def cells(table):
    """The rows as the pipeline reads them."""
    text = table.to_csv(index=False)
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False).to_dict("records")


def test_the_table_has_every_rival_and_nothing_that_latex_would_read():
    rows = confirmed()
    rows.loc[rows["part"] != "winner", "p"] = 0.0004
    latex = search_wording.rivals(cells(rows), cells(ceilings()))
    assert latex.count(r"\\") == 1 + 1 + len(PARTS) + 2
    assert r"of\_\$x\$" in latex and "(no prompt)" in latex and "$<$ 0.001" in latex
    assert "runner-up" in search_wording.LABELS and "random words" in latex
    without = search_wording.rivals(cells(confirmed(("val", "test"))), cells(ceilings(("test",))))
    assert without.count(r"\\") == latex.count(r"\\")


def test_sentences_follow_the_tables():
    rows = cells(confirmed())
    for row in rows:
        row["p"] = "" if row["part"] == "winner" else "0.001"
    assert "Of its 5 rivals on test, 0 are worse, 0 better, and 5 not told apart" in search_wording.runners(rows, 0.05)
    for row in rows[9:18]:
        row["difference_high"] = "-0.01"
    assert "5 are worse" in search_wording.runners(rows, 0.05)
    text = search_wording.ceilings(rows, cells(ceilings()))
    assert "soft prompt of the same length is better than it (0.40 [0.20, 0.60])" in text
    shares = {"words_template": 0.5, "words_adjective": 0.2, "words_noun": 0.1}
    assert "the template matters most: template 50" in search_wording.words(shares)
    row = cells(ceilings())[0]
    assert "``a of'', ``b of''" in search_wording.soft(row) and "likelier" not in search_wording.soft(row)
    assert "no ceiling" in search_wording.soft({**row, "difference_high": "-0.1"})
    assert search_wording.variance([]).startswith("With one map")
    assert search_wording.objective({"cider": 1.0}) == search_wording.axis({"cider": 1.0}) == "CIDEr-D"
    mixed = {"cider": 1.0, "tokens": -0.02, "facts": 0.0}
    assert search_wording.objective(mixed) == "1 CIDEr-D - 0.02 tokens" and "worth" in search_wording.axis(mixed)
    assert search_wording.circular({"clip_score": 1.0}, True) and not search_wording.circular({"cider": 1.0}, True)
    assert not search_wording.circular({"clip_score": 1.0}, False)
