"""The README's block on ways of decoding."""

from __future__ import annotations

import csv
from collections.abc import Callable


def decoding(read: Callable[[str], str]) -> str:
    """Every way of decoding on test: one caption, the best of several, and how different they are."""
    rows = [row for row in csv.DictReader(read("further/decoding/decoding.csv").splitlines()) if row["split"] == "test"]
    found = {(row["decoding"], row["pick"]): row for row in rows}

    def shown(key: tuple[str, str], column: str, digits: int = 2) -> str:
        cell = found.get(key, {}).get(column, "")
        return f"{float(cell):.{digits}f}" if cell else ""

    lines = [
        "| decoding | captions a picture | CIDEr-D of one | of the nearest by CLIP | of the best, known afterwards "
        "| self-CIDEr | different ones |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["decoding"] for row in rows):
        one = found.get((name, "first")) or found[name, "mean"]
        cider = (
            f"{float(one['cider']):.2f} [{float(one['cider_low']):.2f}, {float(one['cider_high']):.2f}]"
            if (one["cider"])
            else f"{shown((name, 'mean'), 'cider_four')} (four references)"
        )
        cells = [shown((name, "clip"), "cider"), shown((name, "oracle"), "cider")]
        cells += [shown((name, "mean"), "self_cider"), shown((name, "mean"), "different", 1)]
        label = f"nucleus, {one['label']}" if one["label"].startswith("p ") else one["label"]
        lines.append(f"| {label} | {one['captions']} | {cider} | {' | '.join(cells)} |")
    return "\n".join(lines)
