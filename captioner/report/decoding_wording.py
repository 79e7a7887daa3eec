"""Sentences on ways of decoding that depend on their result, and their table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from captioner.report.latex import escaped, number, table
from captioner.report.paper_tables import interval, real
from captioner.report.search_wording import between

Row = Mapping[str, str]
PICKS = {"clip": "nearest by CLIP", "shuffled": "nearest to other images", "oracle": "best by CIDEr-D"}


def by_pick(rows: Sequence[Row], split: str) -> dict[tuple[str, str], Row]:
    """The rows of a split by way of decoding and pick, in their order."""
    return {(row["decoding"], row["pick"]): row for row in rows if row["split"] == split}


def drawn(rows: Sequence[Row]) -> list[str]:
    """The ways of decoding that sample, in their order."""
    names = dict.fromkeys(row["decoding"] for row in rows if row["captions"] != "1" and row["decoding"] != "people")
    ordered = {row["decoding"] for row in rows if row["pick"] == "first"}
    return [name for name in names if name not in ordered]


def chosen_on_val(rows: Sequence[Row]) -> str:
    """The sampling whose caption nearest by CLIP has the highest CIDEr-D on val; of equal ones the first."""
    val = by_pick(rows, "val")
    return max(drawn(rows), key=lambda name: float(val[name, "clip"]["cider"]))


def told(row: Row, measure: str) -> dict[str, float]:
    """A measure of a row with its interval."""
    return {name: float(row[f"{measure}{end}"]) for name, end in (("mean", ""), ("low", "_low"), ("high", "_high"))}


def verdict(row: Row, measure: str, better: str = "better", worse: str = "worse") -> str:
    """Whether a difference is above or below zero, or cannot be told from it."""
    found = told(row, measure)
    return better if found["low"] > 0 else worse if found["high"] < 0 else "not told apart"


def against(row: Row, measure: str, other: str) -> str:
    """One caption against another: better than, worse than, or not told apart from it, with the difference."""
    word = verdict(row, measure)
    return f"{word} {'from' if word.startswith('not') else 'than'} {other} ({between(told(row, measure))})"


def named(row: Row) -> str:
    """A way of decoding in a sentence; p and T as symbols."""
    return re.sub(r"\b([pT]) (\d[\d.e-]*)", r"$\1 = \2$", escaped(row["label"]))


def beams(rows: Sequence[Row]) -> str:
    """Every beam against the greedy caption."""
    first = [row for (name, pick), row in by_pick(rows, "test").items() if pick == "first" and name != "greedy"]
    parts = [f"a {named(row)} is {against(row, 'difference', 'greedy')}" for row in first]
    return f"On test, by CIDEr-D, {'; '.join(parts)}."


def samples(rows: Sequence[Row]) -> str:
    """What one caption drawn at random is worth against the greedy one."""
    test, names = by_pick(rows, "test"), drawn(rows)
    ranked = sorted(names, key=lambda name: -float(test[name, "mean"]["difference"]))
    words = [verdict(test[name, "mean"], "difference") for name in names]
    summary = "worse than" if set(words) == {"worse"} else "better than" if set(words) == {"better"} else "held against"
    parts = [f"{number(float(test[name, 'mean']['difference']))} ({named(test[name, 'mean'])})" for name in ranked]
    return f"One caption that is drawn is, on average, {summary} the greedy one: {', '.join(parts)}."


def best_of(rows: Sequence[Row]) -> str:
    """What the caption nearest by CLIP is worth, with the setting that was chosen on val, and its control."""
    test, name = by_pick(rows, "test"), chosen_on_val(rows)
    clip, shuffled, oracle = (test[name, pick] for pick in ("clip", "shuffled", "oracle"))
    count = clip["captions"]
    sentence = (
        f"The setting whose best of {count} was best on val is {named(clip)}. There, on test, the caption "
        f"nearest to its image by CLIP is {against(clip, 'gain', 'one of the ' + count + ' at random')} and "
        f"{against(clip, 'difference', 'the greedy caption')}."
    )
    bias = verdict(shuffled, "gain")
    follows = {
        "not told apart": "so that it is the image, and no taste of CLIP's, that selects",
        "better": "so that part of the gain comes from captions that CLIP likes with any image",
        "worse": "so that it is the image, and no taste of CLIP's, that selects",
    }[bias]
    return (
        f"{sentence} The one nearest to \\emph{{another}} image is {against(shuffled, 'gain', 'one at random')}, "
        f"{follows}. The best of the {count} by CIDEr-D itself, a ceiling that knows the references, reaches "
        f"{between(told(oracle, 'cider'))}.{of_beams(test)}"
    )


def of_beams(test: Mapping[tuple[str, str], Row]) -> str:
    """What the nearest by CLIP of a beam's captions is worth, after a space; nothing where no beam keeps several."""
    parts = [
        f"of the {row['captions']} of a {named(row)} it is {against(row, 'difference', 'the greedy caption')}, with "
        f"{number(float(row['cider']))} where the beam's first has {number(float(test[name, 'first']['cider']))}"
        for (name, pick), row in test.items()
        if pick == "clip" and (name, "first") in test
    ]
    return f" CLIP can choose among a beam's captions too: {'; '.join(parts)}." if parts else ""


def spread_of(rows: Sequence[Row]) -> str:
    """How different the captions of a picture are, held against people's."""
    test = by_pick(rows, "test")
    person = test["people", "mean"]
    if not person["self_cider"]:
        return "People gave too few captions a picture for their diversity to be held against that of the samples."
    names = [name for name, pick in test if pick == "mean" and name != "people" and test[name, pick]["self_cider"]]
    ranked = sorted(names, key=lambda name: -float(test[name, "mean"]["self_cider"]))
    reach = [name for name in ranked if float(test[name, "mean"]["self_cider_high"]) >= float(person["self_cider_low"])]
    parts = [f"{number(float(test[name, 'mean']['self_cider']))} ({named(test[name, 'mean'])})" for name in ranked]
    end = (
        f"As diverse as people, or more, are the captions of {'; '.join(named(test[name, 'mean']) for name in reach)}."
        if reach
        else "None is as diverse as people."
    )
    return (
        f"Self-CIDEr of {person['captions']} captions a picture is {between(told(person, 'self_cider'))} for people, "
        f"and {', '.join(parts)}. {end}"
    )


def yardstick(drawn_world: bool) -> str:
    """What people's captions are worth as a yardstick, where the world is drawn or photographed."""
    if drawn_world:
        return (
            "On the drawn world people are a grammar that words each caption of a picture in another style, so that "
            "their diversity is built in."
        )
    return "People's captions are by different people, who did not see each other's."


def price(rows: Sequence[Row]) -> str:
    """Whether more diverse samples are worse ones."""
    test, names = by_pick(rows, "test"), drawn(rows)
    if len(names) < 2:
        return "With one setting nothing is said of diversity against quality."
    ranked = sorted(names, key=lambda name: float(test[name, "mean"]["self_cider"]))
    quality = [float(test[name, "mean"]["cider"]) for name in ranked]
    falls = all(left > right for left, right in pairwise(quality))
    lead = (
        "Among the samplings, each step of diversity costs quality"
        if falls
        else "Among the samplings, quality does not simply fall with diversity"
    )
    ends = " to ".join(
        f"{number(float(test[name, 'mean']['cider']))} ({named(test[name, 'mean'])})"
        for name in (ranked[0], ranked[-1])
    )
    return f"{lead}: from the least to the most diverse, the mean CIDEr-D of a caption goes from {ends}."


def fairness(same: bool) -> str:
    """Whether choosing by CLIP is fair, where the judge is the encoder itself or another model."""
    common = (
        "The best of several is no longer the captioner of the study: it words and embeds that many captions a "
        "picture. The choice is the encoder's from which the captions were made: it can set right what the language "
        "model drew beside what it sees, but it does not see what it missed before."
    )
    if same:
        return (
            f"{common} Here the judge is that encoder too, so the CLIP score of a caption chosen by it is what was "
            "maximised and no evidence; what counts is CIDEr-D and the objects, which the choice has not seen."
        )
    return f"{common} The judge is another CLIP, whose score may still share what CLIP models have in common."


def decodings(rows: Sequence[Row]) -> str:
    """The ways of decoding on test: quality of one caption and of what is picked, then diversity."""
    test = by_pick(rows, "test")
    body: list[list[str]] = []
    for name in dict.fromkeys(name for name, _ in test):
        mine = {pick: row for (other, pick), row in test.items() if other == name}
        head_row = next(iter(mine.values()))
        body.append(_cells(named(head_row), head_row))
        if "first" in mine and "mean" in mine and mine["mean"]["self_cider"]:
            body.append(_cells(r"\quad all of them, mean", mine["mean"]))
        body += [_cells(rf"\quad {label}", mine[pick]) for pick, label in PICKS.items() if pick in mine]
    head = ["", "$n$", "CIDEr-D", "4 refs", "CLIP", "prec.", "rec.", "tokens", "d-1", "d-2", "self-CIDEr", "words"]
    return table("decodingtable", "@{}lrlrrrrrrrrr@{}", head, body)


def _cells(label: str, row: Row) -> list[str]:
    return [
        label, row["captions"], interval(row, "cider") if row["cider"] else "--", number(real(row["cider_four"])),
        number(real(row["clip_score"]), 1), number(real(row["object_precision"])), number(real(row["object_recall"])),
        number(real(row["tokens"]), 1), number(real(row["distinct_1"])), number(real(row["distinct_2"])),
        number(real(row["self_cider"])), number(real(row["vocabulary"]), 0),
    ]  # fmt: skip
