"""The sentences on the pretrained model follow its figures, whatever these are."""

from __future__ import annotations

import pandas as pd
import pytest

from captioner.report import pretrained_charts, pretrained_wording, theme
from captioner.report.pretrained_wording import advice, answer, known, model, spreads, works

SAME = {"prompts": 8, "tau": 0.8, "tau_low": 0.5, "tau_high": 1.0, "tau_p": 0.002, "best": "x", "miniature_best": "x"}
OPEN = {**SAME, "tau": 0.2, "tau_low": -0.4, "tau_high": 0.7, "tau_p": 0.6}
OTHER = {**SAME, "tau": -0.8, "tau_low": -1.0, "tau_high": -0.4}
GAPS = {"gap": 0.3, "gap_low": 0.2, "gap_high": 0.4, "miniature_gap": 0.8, "miniature_gap_low": 0.6,
        "miniature_gap_high": 0.9}  # fmt: skip
FACTS = {
    "name": "A Model", "parameters": 134515008, "vouched": "package x 1.0", "caption_loss": 4.0, "uniform_loss": 10.8,
    "perplexities": {"a": 9.0, "b": 20.0}, "backwards": {"a": 3000.0, "b": 5000.0},
    "header": {"organisation": "Makers_", "licence": "apache-2.0", "types": {"F32": 61, "Q4_1": 210}},
}  # fmt: skip


def row(prompt, group, cider, shuffled, miniature, split="test"):
    told = {"split": split, "text": "" if prompt == "none" else prompt, "group": group, "prompt": prompt}
    told |= {"rank": "1", "miniature_rank": "2", "tokens": "9.5"}
    for name, value in (("cider", cider), ("cider_shuffled", shuffled), ("miniature", miniature)):
        told |= {name: str(value), f"{name}_low": str(value - 0.1), f"{name}_high": str(value + 0.1)}
    return told


ROWS = [
    row(*told, split)
    for split in ("test", "novel")
    for told in (
        ("A photo of", "seen", 1.5, 0.2, 2.5),
        ("none", "seen", 1.1, 0.2, 1.8),
        ("x", "unrelated", 0.1, 0.1, 0),
    )
]


@pytest.mark.parametrize(
    ("whole", "seen", "begins"),
    [(SAME, SAME, "Yes: "), (SAME, OPEN, "In part: "), (OPEN, OPEN, "It is not shown"), (OTHER, OTHER, "No: ")],
)
def test_the_answer_is_chosen_by_the_result(whole, seen, begins):
    told = answer({"test": {"all": whole, "seen": {**seen, **GAPS}}}, ROWS, 0.1)
    assert told.startswith(begins) and f"{whole['tau']:.2f}".strip("-") in told


def test_captions_that_do_not_tell_of_their_images_rank_nothing():
    blind = [row("An image of", "seen", 0.3, 0.2, 2.0)]
    told = answer({"test": {"all": SAME, "seen": {**SAME, **GAPS}}}, ROWS + blind, 0.1)
    assert told.startswith("That cannot be said: after 1 of 3 prompts") and "Yes" not in told


def test_gaps_are_told_apart_by_their_intervals_as_shares_of_the_best():
    assert "belongs to the text" in spreads(GAPS, 1.0, 1.0)
    swapped = {
        name.removeprefix("miniature_") if "mini" in name else f"miniature_{name}": v for name, v in GAPS.items()
    }
    assert "matters more" in spreads(swapped, 1.0, 1.0)
    assert "not told apart" in spreads({**GAPS, "gap_high": 0.7}, 1.0, 1.0)
    assert "not told apart" in spreads(GAPS, 1.0, 2.5) and r"30\,\%" in spreads(GAPS, 1.0, 2.5)


def test_advice_weighs_the_cost_of_the_favourite():
    assert "same one" in advice(SAME, 0.1)
    other = {**SAME, "miniature_best": "y", "regret": 0.3, "regret_low": 0.2, "regret_high": 0.4}
    assert "which is a difference" in advice(other, 0.1)
    assert "may be none" in advice({**other, "regret_low": -0.1}, 0.1)
    assert "less than the study's margin" in advice({**other, "regret_high": 0.05}, 0.1)


def test_captions_that_ignore_their_image_are_said_to():
    assert "after 2 of 3 prompts" in works(ROWS) and "1.50" in works(ROWS)
    assert "after every prompt" in works([each for each in ROWS if each["group"] == "seen"])


def test_the_model_is_told_with_origin_and_licence():
    told = model(FACTS)
    assert all(part in told for part in ("A Model, 135 million", r"Makers\_", "package x 1.0", "apache-2.0", "210"))
    assert "licence" not in model({**FACTS, "header": None})
    assert all(part in known(FACTS) for part in ("9.0 to 20.0", "3000 to 5000", "4.00", "10.80"))


def test_table_and_figure_have_every_prompt():
    made = pretrained_wording.prompts(ROWS)
    assert made.count(r"\\") == 4 and r"\newcommand{\pretrainedtable}" in made and "(no prompt)" in made
    table = pd.DataFrame(ROWS)
    numbers = [name for name in table if name.partition("_")[0] in ("cider", "miniature")]
    table[numbers] = table[numbers].astype(float)
    figure = pretrained_charts.prompts(table)
    assert [text.get_text() for text in figure.axes[0].texts] == ["A photo of", "none", "x"]
    assert figure.get_size_inches()[0] == theme.COLUMN
