"""The README's tables are those of the committed results, its drawing and tree those of the folder. Results that were
rebuilt here, on another machine or with other parameters, do not count until they are committed. To renew the tables:
python tests/test_readme.py, which takes the results of the folder.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from committed import committed, files, needs_commit
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
Read = Callable[[str], str]  # the text of a file of the project


def in_folder(name: str) -> str:
    """A file as it is in the folder."""
    return (ROOT / name).read_text(encoding="utf-8")


def results(read: Read) -> str:
    """The comparison of the prompts on test and the controls."""
    headline = json.loads(read("metrics/headline.json"))
    rows = list(csv.DictReader(read("plots/prompts.csv").splitlines()))
    novel = {row["prompt"]: float(row["cider"]) for row in rows if row["split"] == "novel"}
    test = sorted((row for row in rows if row["split"] == "test"), key=lambda row: -float(row["cider"]))
    lines = ["| prompt | group | CIDEr-D, test | novel | CLIP score | lift |", "|---|---|---|---|---|---|"]
    for row in test:
        text = row["text"].strip() or "(no prompt)"
        cider, low, high = (float(row[name]) for name in ("cider", "cider_low", "cider_high"))
        lines.append(
            f"| {text} | {row['group']} | **{cider:.2f}** [{low:.2f}, {high:.2f}] | {novel[row['prompt']]:.2f} "
            f"| {float(row['clip_score']):.1f} | {float(row['lift']):.1f} |"
        )
    names = {
        "cider_human": "a person's caption (four references)", "cider_loo": "headline prompt, same four references",
        "cider_mlp": "headline prompt, ClipCap's MLP instead of the linear map",
        "cider_transformer": "headline prompt, ClipCap's transformer instead of it",
        "cider_finetuned": "headline prompt, GPT-2 trained too",
        "cider_empty_prompt_map": "headline prompt, a linear map trained with the empty prompt only",
        "cider_retrieved": "the training caption that CLIP finds nearest",
        "cider_constant": "one caption for all images",
        "cider_shuffled": "headline prompt, shuffled images", "cider_no_prefix": "headline prompt, no prefix",
        "cider_random_projection": "headline prompt, untrained projection (the original's method)",
    }  # fmt: skip
    lines += [f"| *{label}* | | {headline[key]:.2f} | | | |" for key, label in names.items()]
    return "\n".join(lines)


def pipeline(read: Read) -> str:
    """The drawing of the pipeline, without the stage `check`, on which all others depend."""
    command = ["dvc", "dag", "--md", "--collapse-foreach-matrix", "paper"]  # and all that leads to it
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip().splitlines()
    check = next(line.split("[")[0].strip() for line in lines if '["check"]' in line)
    return "\n".join(line for line in lines if not re.search(rf"\b{check}\b", line))


def shown(text: str) -> str:
    """A description without the names of a loop."""
    arms = "an arm beside it: ClipCap's MLP or transformer, or the linear map with the empty prompt only"
    return text.replace("${key}", "...").replace("${item}", arms)


def stages(read: Read) -> str:
    """A table of the stages."""
    document = YAML(typ="safe", pure=True).load(read("dvc.yaml"))
    rows = [(name, stage.get("do", stage)) for name, stage in document["stages"].items()]
    lines = ["| stage | what it does |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {shown(stage['desc'])} |" for name, stage in rows)])


def ablation(read: Read) -> str:
    """The choices of the projection's recipe."""
    rows = list(csv.DictReader(read("ablation/results.csv").splitlines()))
    lines = ["| choice | CIDEr-D on val, mean (lowest to highest) | difference |", "|---|---|---|"]
    for row in rows:
        cider, low, high, difference = (float(row[name]) for name in ("cider", "lowest", "highest", "difference"))
        told = row["change"].replace("_", " ")
        lines.append(f"| {told} | {cider:.2f} ({low:.2f} to {high:.2f}) | {difference:+.2f} |")
    return "\n".join(lines)


BUILT = {"results": results, "ablation": ablation}
BLOCKS = {**BUILT, "pipeline": pipeline, "stages": stages}


def block(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)


def holds(name: str, read: Read) -> None:
    """The README and what its block tells of, both as `read` gives them."""
    expected = f"<!-- {name}:begin -->\n{BLOCKS[name](read)}\n<!-- {name}:end -->"
    assert block(name).search(read("README.md")).group(0) == expected, "renew it: python tests/test_readme.py"


@needs_commit
@pytest.mark.parametrize("name", BUILT)
def test_block_of_results(name):
    """In the commit: a build changes the folder's results and leaves its README."""
    holds(name, committed)


@pytest.mark.parametrize("name", [pytest.param("pipeline", marks=pytest.mark.slow), "stages"])
def test_block_of_the_pipeline(name):
    """In the folder: no build changes dvc.yaml, and whoever edits it sees at once what to renew."""
    holds(name, in_folder)


def test_every_key_of_the_headline_is_explained():
    text = README.read_text(encoding="utf-8")
    for key in json.loads(in_folder("metrics/headline.json")):
        assert f"`{key}`" in text, key


def test_tree_names_what_is_there():
    text = README.read_text(encoding="utf-8")
    tree = text.split("<!-- tree:begin -->")[1].split("<!-- tree:end -->")[0]
    shown = set(re.findall(r"(?:^|\s{2,})([\w./]+)(?=\s{2,})", tree, re.MULTILINE))
    tops = {name.split("/")[0] for name in files()}
    for name in shown - {"data/", "models/"}:
        assert name.rstrip("/").split("/")[0] in tops, name


def test_the_built_in_share_is_the_one_of_the_settings():
    params = YAML(typ="safe", pure=True).load(committed("params.yaml"))
    assert f"{params['scenes']['decoder']['tied']:.0%}".replace("%", " %") in committed("README.md")


if __name__ == "__main__":
    content = README.read_text(encoding="utf-8")
    for title, make in BLOCKS.items():
        content = block(title).sub(lambda found, made=make: found[1] + made(in_folder) + "\n" + found[2], content)
    README.write_text(content, encoding="utf-8")
