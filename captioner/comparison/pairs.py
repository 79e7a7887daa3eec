"""Every prompt against every other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from captioner.comparison.compared import Compared
from captioner.statistics import pairwise

PAIRS = ("measure", "prompt", "versus", *pairwise.COLUMNS, "verdict")


def pairs(compared: Compared, margins: Mapping[str, float]) -> Iterator[dict]:
    """A row a measure and ordered pair of prompts; each measure is a family of its own."""
    config = compared.config
    for measure, margin in margins.items():
        values = dict(zip(compared.scores.prompts, compared.values[measure], strict=True))
        found = pairwise.compare(values, margin, compared.both, config.permutations, compared.seed)
        for (name, versus), pair in found.items():
            verdict = pair.verdict(1 - config.confidence)
            yield {"measure": measure, "prompt": name, "versus": versus, **asdict(pair), "verdict": verdict}
