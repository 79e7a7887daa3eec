"""Opposite results of ways of decoding give opposite sentences; the table and the figure take every result."""

import math

import pandas as pd
import pytest

from captioner.decoding.assessed import COLUMNS
from captioner.report import decoding_charts, decoding_wording, theme

TEXT = {"split", "decoding", "label", "pick"}


def row(decoding, pick, split="test", captions=5, **values):
    """A row as it is read from the table: texts; a measure given as one number has an interval of 0.1 around it."""
    cells = dict.fromkeys(COLUMNS, "") | {"split": split, "decoding": decoding, "pick": pick, "captions": str(captions)}
    cells |= {"label": decoding.replace("_", " of "), "maps": "3"}
    for name, value in values.items():
        cells[name] = str(value)
        if f"{name}_low" in cells:
            cells |= {f"{name}_low": str(value - 0.1), f"{name}_high": str(value + 0.1)}
    return cells


def table(drawn=-0.5, beam=0.3, gain=0.4, shuffled=0.0, best=0.2, diversity=(0.4, 0.6), people=0.9):
    """Greedy captions, a beam and two samplings on val and test."""
    rows = []
    for split in ("val", "test"):
        rows.append(row("greedy", "first", split, 1, cider=2.5, cider_four=2.4, clip_score=77.0, tokens=9.0))
        rows.append(row("beam_5", "first", split, cider=2.5 + beam, difference=beam, cider_four=2.4))
        for name, level, spread in (("cool", 0.0, diversity[0]), ("pure_", -0.2, diversity[1])):
            mean = 2.5 + drawn + level
            rows.append(row(name, "mean", split, cider=mean, difference=drawn + level, self_cider=spread,
                            cider_four=mean, different=3.0))  # fmt: skip
            rows.append(row(name, "clip", split, cider=mean + gain, difference=best + level, gain=gain, cider_four=2.5))
            rows.append(row(name, "shuffled", split, cider=mean, difference=drawn, gain=shuffled))
            rows.append(row(name, "oracle", split, cider=3.5, difference=1.0, gain=1.5))
        rows.append(row("people", "mean", split, cider_four=2.6, self_cider=people, different=5.0))
    return rows


def test_beams_and_samples_against_greedy():
    assert "a beam of 5 is better than greedy (0.30 [0.20, 0.40])" in decoding_wording.beams(table())
    assert "worse than greedy" in decoding_wording.beams(table(beam=-0.3))
    assert "not told apart from greedy" in decoding_wording.beams(table(beam=0.05))
    assert "worse than the greedy one" in decoding_wording.samples(table())
    assert "better than the greedy one" in decoding_wording.samples(table(drawn=0.5))
    assert "held against" in decoding_wording.samples(table(drawn=0.15))


def test_the_setting_is_chosen_on_val():
    rows = table()
    assert decoding_wording.chosen_on_val(rows) == "cool"
    for each in rows:
        if (each["split"], each["decoding"], each["pick"]) == ("val", "pure_", "clip"):
            each["cider"] = "9"
    assert decoding_wording.chosen_on_val(rows) == "pure_"
    assert "setting whose best of 5 was best on val is pure of " in decoding_wording.best_of(rows)


def test_the_best_of_several_and_its_control():
    good = decoding_wording.best_of(table())
    assert "better than one of the 5 at random" in good and "better than the greedy caption" in good
    assert "not told apart from one at random" in good and "it is the image, and no taste" in good
    assert "captions that CLIP likes with any image" in decoding_wording.best_of(table(shuffled=0.3))
    assert "is worse than one at random" in decoding_wording.best_of(table(shuffled=-0.3))
    assert "worse than the greedy caption" in decoding_wording.best_of(table(best=-0.4))
    assert "not told apart from the greedy caption" in decoding_wording.best_of(table(best=0.0))


def test_diversity_beside_people():
    assert "None is as diverse as people" in decoding_wording.spread_of(table())
    assert "or more, are the captions of pure of ." in decoding_wording.spread_of(table(diversity=(0.4, 0.9)))
    assert "or more, are the captions of pure of ; cool." in decoding_wording.spread_of(table(diversity=(0.9, 0.95)))
    few = [{**each, "self_cider": ""} if each["decoding"] == "people" else each for each in table()]
    assert "too few captions" in decoding_wording.spread_of(few)
    assert "each step of diversity costs quality" in decoding_wording.price(table())
    assert "does not simply fall" in decoding_wording.price(table(diversity=(0.6, 0.4)))
    one = [each for each in table() if each["decoding"] != "cool"]
    assert "nothing is said" in decoding_wording.price(one)


def test_clip_may_choose_among_a_beams_captions():
    assert "a beam's captions too" not in decoding_wording.best_of(table())
    for gain, word in ((0.4, "better than"), (-0.4, "worse than"), (0.0, "not told apart from")):
        beam = row("beam_5", "clip", cider=2.5 + gain, difference=gain, gain=gain)
        assert f"of the 5 of a beam of 5 it is {word} the greedy caption" in decoding_wording.best_of([*table(), beam])


def test_settings_are_symbols_in_a_sentence():
    assert decoding_wording.named({"label": "p 0.95, T 1"}) == "$p = 0.95$, $T = 1$"
    assert decoding_wording.named({"label": "beam of 3"}) == "beam of 3"


def test_fairness_depends_on_the_judge_and_the_yardstick_on_the_world():
    assert "built in" in decoding_wording.yardstick(True) and "different people" in decoding_wording.yardstick(False)
    assert "no evidence" in decoding_wording.fairness(True)
    assert "another CLIP" in decoding_wording.fairness(False) and "no evidence" not in decoding_wording.fairness(False)


def test_the_table_has_a_line_for_every_pick():
    told = decoding_wording.decodings(table())
    assert told.count("nearest by CLIP") == told.count("best by CIDEr-D") == 2 and told.count(r"\\") == 1 + 2 + 8 + 1
    assert "people" in told and "nan" not in told and "pure of " in told


@pytest.mark.slow
@pytest.mark.parametrize("four", [True, False])
def test_the_figure_takes_every_result(tmp_path, four):
    rows = pd.DataFrame(table())
    for name in set(COLUMNS) - TEXT:
        rows[name] = pd.to_numeric(rows[name])
    if not four:
        rows[[name for name in rows if name.startswith("cider_four")]] = math.nan
    for name in ("a", "b"):
        theme.write(decoding_charts.quality(rows), tmp_path / f"{name}.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
