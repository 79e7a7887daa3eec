"""The README's block on languages: every map after the prompts of every language."""

from __future__ import annotations

import csv
from collections.abc import Callable

NAMES = {"en": "English", "de": "German", "zh": "Chinese"}
LEARNT = {**{code: f"{name} captions" for code, name in NAMES.items()}, "all": "captions of all"}


def languages(read: Callable[[str], str]) -> str:
    """On test, means over the prompts of a language: share of captions in it, CIDEr-D, recall of the facts."""
    rows = [row for row in csv.DictReader(read("further/languages/results.csv").splitlines()) if row["split"] == "test"]
    codes = [code for code in NAMES if any(row["language"] == code and row["prompt"] for row in rows)]
    head = " | ".join(f"{NAMES[code]} prompts" for code in codes)
    lines = [f"| map learnt from | {head} | no prompt |", "|---" * (len(codes) + 2) + "|"]
    for name, label in LEARNT.items():
        mine = [row for row in rows if row["map"] == name]
        cells = []
        for code in codes:
            asked = [row for row in mine if row["language"] == code and row["prompt"]]
            told, cider, recall = (
                sum(float(row[column]) for row in asked) / len(asked) for column in (code, "cider", "recall")
            )
            cells.append(f"{told:.0%} {NAMES[code]}, CIDEr-D {cider:.2f}, facts {recall:.0%}")
        (silent,) = (row for row in mine if not row["prompt"])
        own = max(codes, key=lambda code: float(silent[code]))
        cells.append(f"{float(silent[own]):.0%} {NAMES[own]}, CIDEr-D {float(silent['cider']):.2f}")
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)
