"""The README's rows and table of the arms that further/arms trains from as many seeds as the headline's map."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import cache

from ruamel.yaml import YAML

Read = Callable[[str], str]  # the text of a file of the project
FOLDER = "further/arms"
HEADLINE = {  # arm: its label in the table of results, and its figure of one seed in metrics/headline.json
    "mlp": ("headline prompt, ClipCap's MLP instead of the linear map", "cider_mlp"),
    "transformer": ("headline prompt, ClipCap's transformer instead of it", "cider_transformer"),
    "patches": ("headline prompt, each patch of the image through one linear layer", None),
    "pooled": ("headline prompt, a linear map of the patches' mean", None),
    "finetuned": ("headline prompt, GPT-2 trained too", "cider_finetuned"),
    "empty": ("headline prompt, a linear map trained with the empty prompt only", "cider_empty_prompt_map"),
    "random": ("headline prompt, untrained projection (the original's method)", "cider_random_projection"),
}
LABELS = {
    "linear": "**linear map**, the headline's", "mlp": "ClipCap's MLP", "transformer": "ClipCap's transformer",
    "patches": "each patch by one layer", "pooled": "linear map of the patches' mean", "finetuned": "GPT-2 trained too",
    "empty": "linear map, empty prompt only", "random": "untrained projection",
}  # fmt: skip


@cache
def _stages(lock: str) -> dict[str, dict]:
    return YAML(typ="safe", pure=True).load(lock)["stages"]


def belongs(read: Read, folder: str = FOLDER) -> bool:
    """Whether a pipeline beside the study's was run to its end, on the study's results as dvc.lock records both."""
    try:
        own, study = (_stages(read(name)) for name in (f"{folder}/dvc.lock", "dvc.lock"))
    except FileNotFoundError:
        return False
    made = {out["path"]: out["md5"] for stage in study.values() for out in stage.get("outs", [])}
    used = {dep["path"]: dep["md5"] for stage in own.values() for dep in stage.get("deps", [])}
    return "report" in own and all(made[path] == digest for path, digest in used.items() if path in made)


def table(read: Read) -> dict[tuple[str, str], dict[str, str]]:
    """The rows of the arms by split and arm."""
    rows = csv.DictReader(read(f"{FOLDER}/arms.csv").splitlines())
    return {(row["split"], row["arm"]): row for row in rows}


def interval(row: dict[str, str], name: str = "cider", signed: str = "") -> str:
    """A mean with its interval."""
    mean, low, high = (f"{float(row[f'{name}{bound}']):{signed}.2f}" for bound in ("", "_low", "_high"))
    return f"{mean} [{low}, {high}]"


def headline_rows(read: Read) -> dict[str, str]:
    """The arms' rows of the table of results by arm: with intervals over seeds and images where the pipeline's table
    is of this study, else one seed's figure where the study itself has one.
    """
    if belongs(read):
        rows, found = table(read), {}
        for arm, (label, _) in HEADLINE.items():
            if row := rows.get(("test", arm)):
                novel, clip = rows.get(("novel", arm)), float(row["clip_score"])
                new = f"{float(novel['cider']):.2f}" if novel else ""
                lift = clip - float(row["clip_score_shuffled"])
                found[arm] = f"| *{label}* | | {interval(row)} | {new} | {clip:.1f} | {lift:.1f} |"
        return found
    headline = json.loads(read("metrics/headline.json"))
    return {arm: f"| *{label}* | | {headline[key]:.2f} | | | |" for arm, (label, key) in HEADLINE.items() if key}


def seeds(read: Read) -> str:
    """How many seeds the arms of the table of results are trained from."""
    if belongs(read):
        maps = table(read)["test", "linear"]["maps"]
        return f"*The arms beside the linear map are of {maps} seeds each too (`dvc repro {FOLDER}/dvc.yaml`).*"
    return "*Of the arms beside the linear map one was trained each, so they have no interval.*"


def arms(read: Read) -> str:
    """Every arm of as many seeds as the headline's, best first on test; a word where the pipeline was never run."""
    try:
        rows = table(read)
    except FileNotFoundError:
        return "Not run yet on the committed study."
    head = ("arm", "CIDEr-D, test", "lowest to highest seed", "novel", "minus the linear map", "CLIP score", "objects")
    lines = [f"| {' | '.join(head)} | trained parameters |", "|---" * (len(head) + 1) + "|"]
    test = sorted((row for (split, _), row in rows.items() if split == "test"), key=lambda row: -float(row["cider"]))
    for row in test:
        arm, novel = row["arm"], rows.get(("novel", row["arm"]))
        facts = [float(row[f"object_{name}"]) for name in ("precision", "recall") if row[f"object_{name}"]]
        cells = (
            LABELS.get(arm, f"`{arm}`"),
            interval(row),
            f"{float(row['lowest']):.2f} to {float(row['highest']):.2f}",
            f"{float(novel['cider']):.2f}" if novel else "",
            "" if arm == "linear" else interval(row, "difference", "+"),
            f"{float(row['clip_score']):.1f}",
            " / ".join(f"{value:.2f}" for value in facts),
            f"{int(row['parameters']):,}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
