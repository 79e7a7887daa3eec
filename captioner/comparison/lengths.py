"""Scores and the length of captions: what is left of a prompt's effect at equal length, and scores by length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from statsmodels.nonparametric.smoothers_lowess import lowess

from captioner.comparison.compared import Compared, bounds
from captioner.statistics.intervals import Interval, spread
from captioner.statistics.mixed import fit

MIXED = ("prompt", *bounds("total", "direct"))


def mixed(compared: Compared) -> tuple[list[dict], dict[str, float | None]]:
    """A row a prompt with its total effect on CIDEr-D and its direct one, at equal length; and the models' figures.

    Without a fit, empty cells.
    """
    cider, tokens, confidence = compared.values["cider"], compared.values["tokens"], compared.config.confidence
    total, direct = fit(cider, None, confidence), fit(cider, tokens, confidence)
    nothing = Interval(np.nan, np.nan, np.nan)
    rows = [
        {
            "prompt": name,
            **spread("total", total.effects[p] if total else nothing),
            **spread("direct", direct.effects[p] if direct else nothing),
        }
        for p, name in compared.named()
    ]
    length = direct.length if direct else nothing
    figures = {"image_share": total.image_share if total else None, **spread("length_effect", length)}
    return rows, {key: None if value is None or np.isnan(value) else value for key, value in figures.items()}


BY_LENGTH = ("tokens", "captions", "clip_score", "cider", "smooth")


def by_length(tokens: np.ndarray, clip_score: np.ndarray, cider: np.ndarray) -> Iterator[dict]:
    """A row a caption length, for arrays [M]: captions, means, and a LOWESS line of the CLIP score."""
    table = pd.DataFrame({"tokens": tokens, "clip_score": clip_score, "cider": cider})
    same = np.ptp(tokens) == 0  # one length has no line but its mean
    with np.errstate(invalid="ignore"):  # a neighbourhood of one length: its own mean there
        smooth = clip_score.mean() if same else lowess(clip_score, tokens, frac=0.6, it=1, return_sorted=False)
    grouped = table.assign(smooth=smooth).groupby("tokens")
    for length, part in grouped:
        yield {
            "tokens": int(length), "captions": len(part), "clip_score": float(part["clip_score"].mean()),
            "cider": float(part["cider"].mean()), "smooth": float(part["smooth"].mean()),
        }  # fmt: skip


LENGTHS = ("prompt", *BY_LENGTH)


def lengths(compared: Compared) -> Iterator[dict]:
    """A row a prompt and caption length: means, and the CLIP score's smoothed line over the lengths."""
    for p, name in compared.named():
        columns = (compared.values[key][p].ravel() for key in ("tokens", "clip_score", "cider"))
        yield from ({"prompt": name, **row} for row in by_length(*columns))
