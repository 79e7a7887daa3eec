"""Sentences on the arms that depend on their results, and their table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from captioner.report.arms import CONTROLS
from captioner.report.latex import escaped, number, table
from captioner.report.paper_tables import interval, real

Row = Mapping[str, str]
LABELS = {
    **CONTROLS,
    "patches": "each patch by one layer",
    "pooled": "mean over the patches",
}


def label(arm: str) -> str:
    """How an arm is called; a user's own by its name."""
    return LABELS.get(arm, arm.replace("_", " "))


def ranked(rows: Sequence[Row], split: str) -> list[Row]:
    """The rows of a split, the best by CIDEr-D first."""
    return sorted((row for row in rows if row["split"] == split), key=lambda row: (-float(row["cider"]), row["arm"]))


def difference(row: Row, sign: int = 1) -> str:
    """A difference with its interval, in a sentence; with `sign` -1 the other way round."""
    mean, low, high = (sign * float(row[f"difference{part}"]) for part in ("", "_low", "_high"))
    return f"{number(mean)} [{number(min(low, high))}, {number(max(low, high))}]"


def verdict(row: Row, sign: int = 1) -> str:
    """`better`, `worse` or `not told apart`, by the interval of a difference."""
    low, high = sorted(sign * float(row[f"difference{part}"]) for part in ("_low", "_high"))
    return "better" if low > 0 else "worse" if high < 0 else "not told apart"


def against_headline(rows: Sequence[Row], split: str) -> str:
    """Which trained arms of a split the data tell from the headline's linear map."""
    if not ranked(rows, split):
        return "This study has no such images."
    found: dict[str, list[str]] = {"better": [], "worse": [], "not told apart": []}
    others = [row for row in ranked(rows, split) if row["arm"] != "linear" and int(row["parameters"])]
    for row in others:
        found[verdict(row)].append(f"{escaped(label(row['arm']))} ({difference(row)})")
    told = [f"{name}: {', '.join(arms)}" for name, arms in found.items() if arms]
    return "; ".join(told) + "." if told else "There is no other trained arm."


def by_patch(apart: Iterable[Row], patches: Sequence[str], pooled: Sequence[str]) -> str:
    """Whether a map of each patch is better on test than one of the patches' mean."""
    told = []
    for row in (row for row in apart if row["split"] == "test"):
        for one, other, sign in ((row["arm"], row["versus"], 1), (row["versus"], row["arm"], -1)):
            if one in patches and other in pooled:
                better = verdict(row, sign)
                joint = "from" if better == "not told apart" else "than"
                names = f"``{escaped(label(one))}'' is {better} {joint} ``{escaped(label(other))}''"
                told.append(f"{names} ({difference(row, sign)})")
    return "; ".join(told) + "." if told else "There are no two arms, one of each patch and one of their mean."


def by_seed(rows: Sequence[Row]) -> str:
    """How far the seeds of trained arms lie apart on test."""
    maps = int(rows[0]["maps"])
    if maps == 1:
        return "Each arm was trained from one seed, so the intervals are over images alone."
    several = [row for row in ranked(rows, "test") if int(row["parameters"])]
    trained = {row["arm"]: float(row["highest"]) - float(row["lowest"]) for row in several}
    most = max(trained, key=lambda arm: trained[arm])
    return (
        f"Between the lowest and the highest of {number(maps)} seeds lie {number(median(trained.values()))} of CIDEr-D "
        f"in the median over the trained arms, at most {number(trained[most])} ({escaped(label(most))})."
    )


def arms(rows: Sequence[Row]) -> str:
    """Every arm, best on test first."""
    novel = {row["arm"]: row for row in rows if row["split"] == "novel"}
    body = []
    for row in ranked(rows, "test"):
        own = "--" if row["arm"] == "linear" else interval(row, "difference")
        facts = "/".join(number(real(row[f"object_{name}"])) for name in ("precision", "recall"))
        body.append(
            [
                escaped(label(row["arm"])), number(int(row["parameters"])), interval(row, "cider"),
                f"{number(real(row['lowest']))}--{number(real(row['highest']))}",
                number(real(novel[row["arm"]]["cider"])) if novel else "--", own, number(real(row["clip_score"]), 1),
                facts,
            ]
        )  # fmt: skip
    head = ["Arm", "parameters", "CIDEr-D", "seeds", "novel", "minus linear", "CLIP score", "objects"]
    return table("seededtable", "@{}lrlrrlrr@{}", head, body)
