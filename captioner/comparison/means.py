"""Means of the prompts: over images and seeds, of each seed, and with the map that met the empty prompt only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from captioner.comparison.compared import Compared, bounds
from captioner.statistics.intervals import spread, win_shares

MEASURES = (
    "cider", "cider_lift", "rouge_l", "clip_score", "clip_score_with_prompt", "clip_s", "ref_clip_s",
    "entropy_weighted_clip_score", "lift", "tokens",
)  # fmt: skip

PROMPTS = (
    "prompt", *bounds(*MEASURES), "cider_image_low", "cider_image_high", "cider_seed_sd",
    *bounds("wins", "per_token", "certainty"),
)  # fmt: skip


def prompts(compared: Compared) -> Iterator[dict]:
    """A row a prompt: its means; images won on CIDEr-D, ties split; CLIP points a token; and `certainty`, Spearman's
    correlation of the entropy weight with CIDEr-D.
    """
    values = {name: compared.values[name] for name in MEASURES}
    values["wins"] = win_shares(values["cider"]) * len(compared.scores.images)
    found = {name: compared.both.intervals(several) for name, several in values.items()}
    of_these_maps = compared.bootstrap(1).intervals(values["cider"].mean(axis=1, keepdims=True))
    for p, name in compared.named():
        row: dict = {"prompt": name}
        for measure, intervals in found.items():
            row |= spread(measure, intervals[p])
        seeds, images = values["cider"][p].mean(axis=1), of_these_maps[p]
        sd = float(seeds.std(ddof=1)) if len(seeds) > 1 else np.nan
        row |= {"cider_image_low": images.low, "cider_image_high": images.high, "cider_seed_sd": sd}
        row |= spread("per_token", compared.both.ratio(values["clip_score"][p], values["tokens"][p]))
        row |= spread("certainty", compared.both.around(*compared.certainties[p]))
        yield row


SEEDS = ("seed", "prompt", *MEASURES)


def seeds(compared: Compared) -> Iterator[dict]:
    """A row a seed and prompt: its means over images."""
    for s, seed in enumerate(compared.scores.seeds):
        for p, name in compared.named():
            means = {measure: float(compared.values[measure][p, s].mean()) for measure in MEASURES}
            yield {"seed": seed, "prompt": name, **means}


TRANSFER = ("prompt", *bounds("cider", "empty", "gain"))


def transfer(compared: Compared, empty: np.ndarray) -> Iterator[dict]:
    """A row a prompt: CIDEr-D with the maps of the study, with the map that met the empty prompt only, whose scores
    are `empty` [P, 1, N], and the latter minus the former.
    """
    own, other = compared.values["cider"], np.broadcast_to(empty, compared.values["cider"].shape)
    found = {"cider": own, "empty": other, "gain": other - own}
    intervals = {name: compared.both.intervals(values) for name, values in found.items()}
    for p, name in compared.named():
        row: dict = {"prompt": name}
        for measure, several in intervals.items():
            row |= spread(measure, several[p])
        yield row
