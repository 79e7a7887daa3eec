"""Stage `score`: every arm's and control's captions against their images and references; the headline figures. About
half a minute.
"""

import copy
import json

import numpy as np

from captioner.captioning.captions import Caption, by_arm, read_records
from captioner.config.compare import CompareConfig
from captioner.decoders.vocabulary import Vocabulary
from captioner.evaluation.arms import Arm, controls
from captioner.evaluation.described import Texts
from captioner.evaluation.judge import IMAGE_COLUMNS, Judge, best_constant, fact_table, image_rows
from captioner.foundation.tables import write_named, write_table
from captioner.photographs.annotations import read_captions
from captioner.scores.similarity import clip_s
from captioner.statistics.intervals import Bootstrap, spread
from captioner.world.scene import Scene
from stages import settings
from stages.study.scoring import Scoring

SPLITS = ("val", "test", "novel")
ARM_COLUMNS = (
    "cider", "cider_low", "cider_high", "difference", "difference_low", "difference_high", "bleu1", "bleu2", "bleu3",
    "bleu4", "rouge_l", "clip_score", "clip_score_with_prompt", "clip_s", "ref_clip_s", "entropy_weighted_clip_score",
    "tokens", "distinct", "capped",
)  # fmt: skip


def main() -> None:
    seed = settings.shared("seed")
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    references = {
        **read_captions(settings.source("captions_train")).captions,
        **read_captions(settings.source("captions_test")).captions,
    }
    scenes = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    vocabulary = Vocabulary.load(settings.source("decoder"))
    trial = json.loads(settings.source("backbones_metrics").read_text(encoding="utf-8"))["knows_nothing"]
    study = Scoring.open(SPLITS, references)
    splits, judge = study.splits, study.judges

    arms = by_arm(read_records(settings.source("arms")))
    retrieved = json.loads(settings.source("retrieved").read_text(encoding="utf-8"))
    constant = best_constant([text for key in splits["train"] for text in references[key]], judge["val"], 10)
    for split in judge:
        arms["constant", split, 0] = [plain(constant, vocabulary)] * len(splits[split])
        if split != "val":
            arms["retrieved", split, 0] = [plain(retrieved[str(key)], vocabulary) for key in splits[split]]

    others = json.loads(settings.source("captioner_metrics").read_text(encoding="utf-8"))
    arms |= by_arm(read_records(settings.source("captioned")))

    results: dict[str, dict[str, Arm]] = {split: {} for split in judge}
    facts: list[list] = []
    headline: list[tuple] = []
    described = Texts.of_each(list(arms.values()), study.scorer)
    for ((arm, split, number), captions), texts in zip(arms.items(), described, strict=True):
        other = others.get(arm.removesuffix("-blind"))
        by = weighing(judge[split], other["vocabulary"]) if other else judge[split]
        scored = by.score(captions, texts)
        results[split].setdefault(arm, Arm()).add(scored, by.summary(captions, scored))
        if arm == "linear" and split != "val":
            headline += [(number, split, *row) for row in image_rows(splits[split], captions, scored)]
        if arm in ("linear", "finetuned", *others) and number == 0:
            told = [Scene.from_json(scenes[str(key)]) for key in splits[split] if str(key) in scenes]
            facts += [[arm, split, *row.values()] for row in fact_table([one.text for one in captions], told)]

    def bootstrap(split: str, seeds: int) -> Bootstrap:
        return Bootstrap(len(splits[split]), seeds, statistics.resamples, statistics.confidence, seed)

    test = judge["test"]
    human = test.people()
    beside = [test.beside_people(told) for (arm, split, _), told in arms.items() if (arm, split) == ("linear", "test")]
    rows = [row for split, found in results.items() for row in controls(split, found, bootstrap, others)]
    if human is not None:
        between = bootstrap("test", len(beside)).interval(np.stack(beside) - human)
        own = bootstrap("test", 1).interval(human[None])
        pairs = zip(test.images, test.described, strict=True)
        fits = [clip_s(np.broadcast_to(image, texts.shape), texts).mean() for image, texts in pairs]
        told = {"split": "test", "control": "human", "clip_s": float(np.mean(fits))}
        rows.append({**told, **spread("cider", own), **spread("difference", between)})

    with settings.target("scores") as path:
        write_table(path, ["seed", "split", "image_id", "caption", *IMAGE_COLUMNS], headline)
    with settings.target("facts_table") as path:
        write_table(path, ["arm", "split", "fact", "right", "wrong", "true", "precision", "recall"], facts)
    with settings.target("controls") as path:
        columns = ("split", "control", "maps", *ARM_COLUMNS)
        write_named(path, columns, ({**dict.fromkeys(columns), **row} for row in rows))
    with settings.target("headline") as path:
        people = {
            "cider_human": None if human is None else float(human.mean()),
            "cider_loo": None if human is None else float(np.mean(beside)),
        }
        beside_ours = {"captioners": {name: of_captioner(rows, name) for name in others}} if others else {}
        settings.write_json(path, {**figures(rows, facts), **people, "trial_run": trial, **beside_ours})


def plain(text: str, vocabulary: Vocabulary) -> Caption:
    """A caption that no model has worded: without a prompt and without probabilities."""
    return Caption(text, text, len(vocabulary.encode([text])[0]), True, (), ())


def weighing(judge: Judge, vocabulary: int) -> Judge:
    """The same judge for captions of a model that chooses among so many tokens, by which it weighs their entropy."""
    other = copy.copy(judge)
    other.vocabulary = vocabulary
    return other


HEADLINE = (
    "cider", "cider_low", "cider_high", "bleu4", "rouge_l", "clip_score", "clip_score_with_prompt", "clip_s",
    "ref_clip_s", "entropy_weighted_clip_score", "tokens",
)  # fmt: skip
OTHERS = {
    "finetuned": "finetuned", "mlp": "mlp", "transformer": "transformer", "empty": "empty_prompt_map",
    "retrieved": "retrieved", "constant": "constant", "shuffled": "shuffled", "mean": "mean_prefix",
    "zero": "zero_prefix", "none": "no_prefix", "random": "random_projection",
}  # fmt: skip


def figures(rows: list[dict], facts: list[list]) -> dict:
    """The flat table of `dvc exp show`; null where a study has no such figure."""
    found = {(row["split"], row["control"]): row for row in rows}
    ratios = {(arm, split, fact): (precision, recall) for arm, split, fact, _, _, _, precision, recall in facts}
    precision, recall = ratios.get(("linear", "test", "object"), (None, None))
    return {
        **{name: found["test", "linear"][name] for name in HEADLINE},
        "clip_score_shuffled": found["test", "shuffled"]["clip_score"],
        "cider_val": found["val", "linear"]["cider"],
        "cider_novel": found.get(("novel", "linear"), {}).get("cider"),
        **{f"cider_{name}": found["test", arm]["cider"] for arm, name in OTHERS.items()},
        "object_precision": precision,
        "object_recall": recall,
    }


def of_captioner(rows: list[dict], name: str) -> dict:
    """The figures of another captioner; null where a study has no such figure."""
    found = {(row["split"], row["control"]): row for row in rows}
    return {
        **{measure: found["test", name][measure] for measure in HEADLINE},
        "cider_novel": found.get(("novel", name), {}).get("cider"),
        "cider_shuffled": found["test", f"{name}-shuffled"]["cider"],
        "cider_blind": found["test", f"{name}-blind"]["cider"],
    }


if __name__ == "__main__":
    settings.run(main)
