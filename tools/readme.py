"""Renews the blocks of README.md that tell of results and of the pipeline, from the folder as it is:

python -m tools.readme
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

from ruamel.yaml import YAML

from tools import blocks_arms
from tools.blocks_decoding import decoding
from tools.blocks_languages import languages
from tools.blocks_pretrained import pretrained

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
        "cider_retrieved": "the training caption that CLIP finds nearest",
        "cider_constant": "one caption for all images",
        "cider_shuffled": "headline prompt, shuffled images", "cider_no_prefix": "headline prompt, no prefix",
    }  # fmt: skip
    told = [f"| *{label}* | | {headline[key]:.2f} | | | |" for key, label in names.items()]
    *trained, untrained = blocks_arms.headline_rows(read).values()
    others = captioners(headline.get("captioners", {}), read)
    return "\n".join([*lines, *told[:2], *trained, *told[2:], untrained, *others, "", blocks_arms.seeds(read)])


def captioners(found: Mapping[str, Mapping[str, float | None]], read: Read) -> list[str]:
    """Rows of the other captioners, if there are any."""
    facts = json.loads(read("metrics/captioners.json")) if found else {}
    lines = []
    for name, row in found.items():
        novel = "" if row["cider_novel"] is None else f"{row['cider_novel']:.2f}"
        title = f"{facts[name]['model']}, {facts[name]['parameters']:,} parameters"
        interval = f"{row['cider']:.2f} [{row['cider_low']:.2f}, {row['cider_high']:.2f}]"
        lines.append(f"| *{title}* | | {interval} | {novel} | {row['clip_score']:.1f} | |")
        for control, told in (("shuffled", "shuffled images"), ("blind", "a grey picture")):
            lines.append(f"| *{facts[name]['model']}, {told}* | | {row[f'cider_{control}']:.2f} | | | |")
    return lines


def pipeline(read: Read) -> str:
    """The drawing of the pipeline, without the stage `check`, on which all others depend."""
    command = ["dvc", "dag", "--md", "--collapse-foreach-matrix", "paper"]  # and all that leads to it
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip().splitlines()
    check = next(line.split("[")[0].strip() for line in lines if '["check"]' in line)
    return "\n".join(line for line in lines if not re.search(rf"\b{check}\b", line))


def shown(text: str) -> str:
    """A description without the names of a loop."""
    return text.replace("${key}", "...")


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


PARTS = {
    "oracle": "the best prompt of each image, known afterwards",
    "soft": "a soft prompt, trained for the captions' likelihood, for each map",
    "reranked": "the caption that the encoder finds nearest to the image, of all prompts'",
    "alone": "a map that is trained with the winner alone", "consensus": "the consensus of all prompts' captions",
    "winner": "**{}**, the winner", "headline": "{}, the headline's prompt", "empty": "(no prompt)",
    "random": "random words, as many tokens as the winner",
}  # fmt: skip


def optimise(read: Read) -> str:
    """The winner of the search, and what bounds it, best first on test."""
    found = [
        row
        for name in ("confirmed", "ceilings")
        for row in csv.DictReader(read(f"optimise/{name}.csv").splitlines())
        if row["part"] in PARTS
    ]
    several: dict[str, list[dict[str, str]]] = {}
    for row in found:
        several.setdefault(row["part"], []).append(row)

    def mean(part: str, split: str, column: str) -> float | None:
        values = [float(row[column]) for row in several[part] if row["split"] == split and row[column]]
        return sum(values) / len(values) if values else None

    lines = ["| | CIDEr-D on test | novel | minus the winner, test |", "|---|---|---|---|"]
    for part in sorted(several, key=lambda part: -mean(part, "test", "cider")):
        text = next((row["prompt"] for row in several[part] if row.get("prompt")), "")
        columns = ("cider", "cider_low", "cider_high", "difference", "difference_low", "difference_high")
        cider, low, high, away, away_low, away_high = (mean(part, "test", column) for column in columns)
        novel = mean(part, "novel", "cider")
        told = "" if part == "winner" else f"{away:+.2f} [{away_low:+.2f}, {away_high:+.2f}]"
        new = "" if novel is None else f"{novel:.2f}"
        lines.append(f"| {PARTS[part].format(text)} | {cider:.2f} [{low:.2f}, {high:.2f}] | {new} | {told} |")
    return "\n".join(lines)


def searches(read: Read) -> str:
    """Searches of several seeds held against the full grid."""
    rows = list(csv.DictReader(read("optimise/grid/searches.csv").splitlines()))
    lines = [
        "| method | captions, of the full grid | winner within noise of the best | its rank | behind, at most |",
        "|---|---|---|---|---|",
    ]
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = [row for row in rows if row["method"] == method]
        within = sum(float(row["difference_low"]) <= 0 for row in mine)
        ranks = sorted(int(row["rank"]) for row in mine)
        share = max(float(row["share"]) for row in mine)
        behind = max(float(row["difference"]) for row in mine)
        told = ", ".join(map(str, ranks))
        lines.append(f"| `{method}` | {share:.1%} | {within} of {len(mine)} seeds | {told} | {behind:.3f} |")
    return "\n".join(lines)


SHARED = "bare forward and decoding on the same cores"
WAYS = {  # of each work: what the others are held against, and the others
    "caption": ("ours", ("ours, graphs", "generate", "one by one, no cache", "limit")),
    "prompts": ("one prompt", ("eight prompts",)),
    "embed": ("ours", ("bare forward", "decoding alone", SHARED, "one by one", "limit")),
    "train": ("ours", ("all of GPT-2", "limit")),
    "score": ("ours", ("coco-caption",)),
}
UNITS = {"caption": "captions", "prompts": "images", "embed": "images", "train": "samples", "score": "captions"}


def bench(read: Read) -> str:
    """The best batch of each way to do each work, and how many times as fast as it ours is."""
    known = json.loads(read("benchmarks/results.json"))
    lines = ["| work, sizes | device | way | batch | a second | ours is faster by |", "|---|---|---|---|---|---|"]
    for size, device, work in product(("true", "miniature"), ("cpu", "cuda"), WAYS):
        rows = [row for row in known["rows"] if (row["size"], row["device"], row["work"]) == (size, device, work)]
        if not rows and work == next(iter(WAYS)):
            lines.append(f"| {size} | {device} | | | not measured here | |")
        first, others = WAYS[work]
        for dtype in dict.fromkeys(row["dtype"] for row in rows):
            best = {}
            for row in (row for row in rows if row["dtype"] == dtype):
                best[row["way"]] = max(row, best.get(row["way"], row), key=lambda each: each["rate"])
            if device == "cpu" and {"bare forward", "decoding alone"} <= best.keys():  # what the cores allow together
                both = [best["bare forward"], best["decoding alone"]]
                together = 1 / sum(1 / row["rate"] for row in both)
                best[SHARED] = {**both[0], "rate": together, "spread": max(row["spread"] for row in both)}
            for way in (first, *(name for name in others if name in best)):
                row = best[way]
                times = "" if way == first else f"{best[first]['rate'] / row['rate']:.2f} x"
                lines.append(
                    f"| {work}, {size} | {device}, {dtype} | {way} | {row['batch']} | {row['rate']:.4g} {UNITS[work]} "
                    f"+-{row['spread']:.0%} | {times} |"
                )
    return "\n".join(lines)


def memory(read: Read) -> str:
    """What every stage held at once at COCO's size, in the order in which they ran."""
    known = json.loads(read("benchmarks/coco_size.json"))["stages"]
    rows = [f"| `{name}` | {row['megabytes'] / 1000:.1f} |" for name, row in known.items()]
    half = -(-len(rows) // 2)
    other = [*rows[half:], *["| | |"] * (2 * half - len(rows))]
    lines = ["| stage | GB | stage | GB |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"{one} {two[2:]}" for one, two in zip(rows[:half], other, strict=True))])


BUILT = {
    "results": results, "ablation": ablation, "optimise": optimise, "searches": searches, "arms": blocks_arms.arms,
    "decoding": decoding, "pretrained": pretrained, "languages": languages,
}  # fmt: skip
MEASURED = {"bench": bench, "memory": memory}
BLOCKS = {**BUILT, **MEASURED, "pipeline": pipeline, "stages": stages}


def block(name: str) -> re.Pattern[str]:
    """Where the block stands in the README."""
    return re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)


if __name__ == "__main__":
    content = README.read_text(encoding="utf-8")
    for title, make in BLOCKS.items():
        content = block(title).sub(lambda found, made=make: found[1] + made(in_folder) + "\n" + found[2], content)
    README.write_text(content, encoding="utf-8")
