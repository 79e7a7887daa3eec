"""The README's block on the pretrained language model."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable


def pretrained(read: Callable[[str], str]) -> str:
    """Each prompt under the pretrained model beside the miniature, best first, and how far the rankings agree."""
    rows = list(csv.DictReader(read("further/pretrained/prompts.csv").splitlines()))
    figures = json.loads(read("further/pretrained/compared.json"))

    def shown(row: dict[str, str], name: str) -> str:
        mean, low, high = (float(row[f"{name}{part}"]) for part in ("", "_low", "_high"))
        return f"{mean:.2f} [{low:.2f}, {high:.2f}]"

    novel = {row["prompt"]: row for row in rows if row["split"] == "novel"}
    lines = [
        "| prompt | group | CIDEr-D, pretrained | miniature | shuffled images | novel, pretrained | miniature |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted((row for row in rows if row["split"] == "test"), key=lambda row: -float(row["cider"])):
        new = novel[row["prompt"]]
        lines.append(
            f"| {row['text'].strip() or '(no prompt)'} | {row['group']} | **{shown(row, 'cider')}** "
            f"| {shown(row, 'miniature')} | {float(row['cider_shuffled']):.2f} | {float(new['cider']):.2f} "
            f"| {float(new['miniature']):.2f} |"
        )
    told = []
    for name, among in (("all", "all {} prompts"), ("seen", "the {} seen in training")):
        found = figures["test"][name]
        tau = f"{found['tau']:.2f} [{found['tau_low']:.2f}, {found['tau_high']:.2f}]"
        told.append(f"{tau} over {among.format(found['prompts'])}")
    lines += ["", f"Kendall's tau of the two rankings on test: {'; '.join(told)}."]
    return "\n".join(lines)
