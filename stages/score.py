"""Stage `score`: every arm's captions against their images and references; the headline figures. About ten seconds."""

import json

from captioner.annotations import read_captions
from captioner.captions import by_arm, read_records
from captioner.config.judge import JUDGES
from captioner.config.runtime import RuntimeConfig
from captioner.embeddings import Embeddings
from captioner.encoder import load_encoder
from captioner.evaluation import IMAGE_COLUMNS, best_constant, fact_table, image_rows, judges
from captioner.metrics import tokenise
from captioner.runtime import prepare
from captioner.tables import write_table
from captioner.world import Scene
from stages import settings

SPLITS = ("val", "test", "novel")
ARM_COLUMNS = (
    "cider", "bleu1", "bleu2", "bleu3", "bleu4", "rouge_l", "clip_score", "entropy_weighted_clip_score", "tokens",
    "distinct", "capped",
)  # fmt: skip


def main() -> None:
    seed = settings.shared("seed")
    device = prepare(settings.section("runtime", RuntimeConfig), seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    references = {
        **read_captions(settings.source("captions_train")).captions,
        **read_captions(settings.source("captions_test")).captions,
    }
    scenes = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    embeddings = Embeddings.load(settings.source("judged"))
    dtype = settings.section("judge", JUDGES).dtype
    scorer = load_encoder(settings.source("judge"), device, dtype)
    vocabulary = json.loads((settings.source("decoder") / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    trial = json.loads(settings.source("backbones_metrics").read_text(encoding="utf-8"))["knows_nothing"]
    measured = {name: splits[name] for name in SPLITS}
    judge = judges(measured, references, embeddings, vocabulary, seed)

    results: dict[str, dict] = {split: {} for split in SPLITS}
    facts: list[list] = []
    headline: list[tuple] = []
    arms = by_arm(read_records(settings.source("arms")))
    for (arm, split, _), captions in arms.items():
        texts = [caption.text for caption in captions]
        scored = judge[split].score(captions, scorer.encode_texts(texts).numpy())
        results[split][arm] = judge[split].summary(captions, scored)
        if arm == "linear" and split != "val":
            headline += [(split, *row) for row in image_rows(splits[split], captions, scored)]
        if arm in ("linear", "finetuned"):
            told = [Scene.from_json(scenes[str(key)]) for key in splits[split] if str(key) in scenes]
            facts += [[arm, split, *row.values()] for row in fact_table(texts, told)]
    constant = tokenise(best_constant([text for key in splits["train"] for text in references[key]], judge["val"], 10))
    for split in judge:
        results[split]["constant"] = {"cider": judge[split].cider.scores([constant] * len(splits[split])).mean()}
    human, leave_one_out = judge["test"].leave_one_out(arms["linear", "test", 0])

    with settings.target("scores") as path:
        write_table(path, ["split", "image_id", "caption", *IMAGE_COLUMNS], headline)
    with settings.target("facts_table") as path:
        write_table(path, ["arm", "split", "fact", "right", "wrong", "true", "precision", "recall"], facts)
    with settings.target("controls") as path:
        write_table(path, ["split", "control", *ARM_COLUMNS], controls(results, human))
    with settings.target("headline") as path:
        settings.write_json(path, {**figures(results, human, leave_one_out, facts), "trial_run": trial})


def controls(results: dict, human: float | None) -> list[list]:
    """Every arm and control, a row a split: the summaries of `ARM_COLUMNS`, empty where a control has none."""
    rows: list[list] = []
    for split, arms in results.items():
        shuffled = {name: arms.get("linear", {}).get(f"{name}_shuffled") for name in ("cider", "clip_score")}
        for arm, values in {**arms, "shuffled": shuffled}.items():
            rows.append([split, arm, *(values.get(name) for name in ARM_COLUMNS)])
    return [*rows, ["test", "human", human, *[None] * (len(ARM_COLUMNS) - 1)]]


def figures(results: dict, human: float | None, leave_one_out: float | None, facts: list[list]) -> dict:
    """The flat table of `dvc exp show`; null where a study has no such figure."""
    test = results["test"]["linear"]
    ratios = {(arm, split, fact): (precision, recall) for arm, split, fact, _, _, _, precision, recall in facts}
    precision, recall = ratios.get(("linear", "test", "object"), (None, None))
    return {
        **{name: test[name] for name in ("cider", "cider_shuffled", "bleu4", "rouge_l", "clip_score", "tokens")},
        "clip_score_shuffled": test["clip_score_shuffled"],
        "entropy_weighted_clip_score": test["entropy_weighted_clip_score"],
        "cider_val": results["val"]["linear"]["cider"],
        "cider_novel": results["novel"].get("linear", {}).get("cider"),
        "cider_random_projection": results["test"]["random"]["cider"],
        "cider_constant": results["test"]["constant"]["cider"],
        "cider_zero_prefix": results["test"]["zero"]["cider"],
        "cider_finetuned": results["test"]["finetuned"]["cider"],
        "cider_human": human,
        "cider_loo": leave_one_out,
        "object_precision": precision,
        "object_recall": recall,
    }


if __name__ == "__main__":
    settings.run(main)
