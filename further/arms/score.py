"""Stage `score`: every arm from every seed against its images and references, beside the headline arm; a minute.

The first seed of the study's own arms is the study's own model, whose captions are scored here again.
"""

import json
from collections.abc import Sequence
from itertools import chain

import torch

from captioner.bridge.files import load_bridge, load_of_patches
from captioner.captioning.captions import Caption, by_arm, read_records
from captioner.config.compare import CompareConfig
from captioner.evaluation.arms import Arm, beside_headline, pairs
from captioner.evaluation.described import Texts
from captioner.evaluation.judge import fact_table
from captioner.foundation.tables import write_named
from captioner.photographs.annotations import read_captions
from captioner.statistics.intervals import Bootstrap
from captioner.world.scene import Scene
from further.arms import parameters
from stages import settings
from stages.study.scoring import Scoring

SPLITS = ("test", "novel")
COLUMNS = (
    "split", "arm", "maps", "parameters", "cider", "cider_low", "cider_high", "lowest", "highest", "difference",
    "difference_low", "difference_high", "bleu4", "rouge_l", "clip_score", "clip_score_shuffled", "clip_s",
    "ref_clip_s", "tokens", "distinct", "object_precision", "object_recall",
)  # fmt: skip
PAIRS = ("split", "arm", "versus", "difference", "difference_low", "difference_high")
SEEDS = ("split", "arm", "seed", "cider", "rouge_l", "clip_score", "tokens")


def main() -> None:
    seed = settings.shared("seed")
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    scenes = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    records = chain(read_records(settings.source("arms")), read_records(settings.source("further_arms_captions")))
    names = [*parameters.STUDIED, *parameters.bridges()]
    captions = by_arm(record for record in records if record.arm in names)
    study, counts = Scoring.open(SPLITS, read_captions(settings.source("captions_test")).captions), counted()

    rows, seeds, apart = [], [], []
    for split, judge in study.judges.items():
        mine = {(arm, number): told for (arm, where, number), told in captions.items() if where == split}
        arms = {name: Arm() for name in names}
        described = Texts.of_each(list(mine.values()), study.scorer)
        for ((name, number), told), texts in zip(mine.items(), described, strict=True):
            scored = judge.score(told, texts)
            arms[name].add(scored, summary := judge.summary(told, scored))
            seeds.append({**summary, "split": split, "arm": name, "seed": number})
        ids, maps = study.splits[split], len(arms["linear"].scored)
        bootstrap = Bootstrap(len(ids), maps, statistics.resamples, statistics.confidence, seed)
        for row in beside_headline(split, arms, "linear", bootstrap):
            several = [told for (name, _), told in mine.items() if name == row["arm"]]
            rows.append(row | {"parameters": counts[row["arm"]]} | objects(several, ids, scenes))
        apart += pairs(split, arms, bootstrap)
    with settings.target("further_arms_table") as path:
        write_named(path, COLUMNS, rows)
    with settings.target("further_arms_seeds_table") as path:
        write_named(path, SEEDS, seeds)
    with settings.target("further_arms_pairs") as path:
        write_named(path, PAIRS, apart)


def objects(several: Sequence[Sequence[Caption]], ids: Sequence[int], scenes: dict[str, dict]) -> dict:
    """Precision and recall of the objects that the captions of all seeds name; None where the images were not drawn."""
    told = [Scene.from_json(scenes[str(key)]) for key in ids if str(key) in scenes]
    facts = fact_table([one.text for captions in several for one in captions], told * len(several))
    row = next((row for row in facts if row["fact"] == "object"), {"precision": None, "recall": None})
    return {f"object_{name}": row[name] for name in ("precision", "recall")}


def counted() -> dict[str, int]:
    """How many parameters of each arm are trained."""
    maps, cpu = settings.source("further_arms_maps"), torch.device("cpu")
    bridges = {
        "linear": load_bridge(settings.source("projections") / "0.safetensors", cpu),
        "mlp": load_bridge(settings.source("mappers", "mlp.safetensors"), cpu),
        "transformer": load_bridge(settings.source("mappers", "transformer.safetensors"), cpu),
        "empty": load_bridge(settings.source("mappers", "empty.safetensors"), cpu),
        **{arm: load_of_patches(maps / f"{arm}-0.safetensors", cpu) for arm in parameters.bridges()},
    }
    tuned = json.loads(settings.source("finetune_metrics").read_text(encoding="utf-8"))["finetune_parameters"]
    sizes = {arm: sum(part.numel() for part in bridge.parameters()) for arm, bridge in bridges.items()}
    return {**sizes, "finetuned": tuned, "random": 0}


if __name__ == "__main__":
    settings.run(main)
