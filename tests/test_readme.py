"""The README's tables, drawing and tree are those of the committed results. To renew them: python
tests/test_readme.py
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def results() -> str:
    """The comparison of the prompts on test and the controls, from the committed results."""
    headline = json.loads((ROOT / "metrics/headline.json").read_text(encoding="utf-8"))
    with (ROOT / "plots/prompts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
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


def pipeline() -> str:
    """The drawing of the pipeline, without the stage `check`, on which all others depend."""
    command = ["dvc", "dag", "--md", "--collapse-foreach-matrix", "paper"]  # and all that leads to it
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip().splitlines()
    check = next(line.split("[")[0].strip() for line in lines if '["check"]' in line)
    return "\n".join(line for line in lines if not re.search(rf"\b{check}\b", line))


def shown(text: str) -> str:
    """A description without the names of a loop."""
    arms = "an arm beside it: ClipCap's MLP or transformer, or the linear map with the empty prompt only"
    return text.replace("${key}", "...").replace("${item}", arms)


def stages() -> str:
    """A table of the stages."""
    document = YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    rows = [(name, stage.get("do", stage)) for name, stage in document["stages"].items()]
    lines = ["| stage | what it does |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {shown(stage['desc'])} |" for name, stage in rows)])


def ablation() -> str:
    """The choices of the projection's recipe, from the committed table."""
    with (ROOT / "ablation/results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = ["| choice | CIDEr-D on val, mean (lowest to highest) | difference |", "|---|---|---|"]
    for row in rows:
        cider, low, high, difference = (float(row[name]) for name in ("cider", "lowest", "highest", "difference"))
        told = row["change"].replace("_", " ")
        lines.append(f"| {told} | {cider:.2f} ({low:.2f} to {high:.2f}) | {difference:+.2f} |")
    return "\n".join(lines)


BLOCKS = {"results": results, "pipeline": pipeline, "stages": stages, "ablation": ablation}


def block(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)


@pytest.mark.parametrize("name", BLOCKS)
def test_block(name):
    text = README.read_text(encoding="utf-8")
    assert block(name).search(text).group(0) == f"<!-- {name}:begin -->\n{BLOCKS[name]()}\n<!-- {name}:end -->"


def test_every_key_of_the_headline_is_explained():
    text = README.read_text(encoding="utf-8")
    for key in json.loads((ROOT / "metrics/headline.json").read_text(encoding="utf-8")):
        assert f"`{key}`" in text, key


def test_tree_names_what_is_there():
    text = README.read_text(encoding="utf-8")
    tree = text.split("<!-- tree:begin -->")[1].split("<!-- tree:end -->")[0]
    shown = set(re.findall(r"(?:^|\s{2,})([\w./]+)(?=\s{2,})", tree, re.MULTILINE))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    tops = {name.split("/")[0] for name in tracked}
    for name in shown - {"data/", "models/"}:
        assert name.rstrip("/").split("/")[0] in tops, name


def test_the_built_in_share_is_the_one_of_the_settings():
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    assert f"{params['scenes']['decoder']['tied']:.0%}".replace("%", " %") in README.read_text(encoding="utf-8")


if __name__ == "__main__":
    content = README.read_text(encoding="utf-8")
    for title, make in BLOCKS.items():
        content = block(title).sub(lambda found, made=make: found[1] + made() + "\n" + found[2], content)
    README.write_text(content, encoding="utf-8")
