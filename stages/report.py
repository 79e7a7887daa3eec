"""Stage `report`: every number, table and result-dependent sentence of the paper, as LaTeX; under a second."""

import json

from captioner.config.caption import CaptionConfig
from captioner.config.compare import CompareConfig
from captioner.config.data import SOURCES, DrawnData
from captioner.config.decoder import DECODERS
from captioner.config.encoder import ENCODERS
from captioner.config.judge import JUDGES, SameJudge
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.config.split import SPLITTINGS
from captioner.latex import definitions, escaped, flattened, number, quoted, table
from captioner.origin import Origin
from captioner.tables import read_table
from captioner.wording import (
    backbone,
    best_prompt,
    circular,
    generalisation,
    image_matters,
    listed_prompts,
    second_arm,
    trial,
)
from stages import settings

CONTROLS = {
    "linear": "linear map (headline)",
    "finetuned": "GPT-2 trained too",
    "shuffled": "shuffled images",
    "random": "random projection",
    "zero": "zero prefix",
    "constant": "one caption for all images",
    "human": "a person's caption",
}
DIGITS = {"clip_score": 1, "clip_score_shuffled": 1, "entropy_weighted_clip_score": 1, "lift": 1, "tokens": 1}


def digits(key: str) -> int:
    """Digits after the point by which a result is printed."""
    names = key.split(".")
    return next((count for name, count in DIGITS.items() if name in names), 3 if "bleu" in key or "rouge" in key else 2)


def real(cell: str) -> float | None:
    """A cell of a table as a number."""
    return float(cell) if cell else None


def interval(row: dict[str, str], measure: str) -> str:
    """A mean with its interval."""
    places = digits(measure)
    mean, low, high = (number(float(row[f"{measure}{part}"]), places) for part in ("", "_low", "_high"))
    return f"{mean} {{\\scriptsize [{low}, {high}]}}"


def main() -> None:
    results = {
        "headline": json.loads(settings.source("headline").read_text(encoding="utf-8")),
        "data": json.loads(settings.source("data_metrics").read_text(encoding="utf-8")),
        "split": json.loads(settings.source("split_metrics").read_text(encoding="utf-8")),
        "backbones": json.loads(settings.source("backbones_metrics").read_text(encoding="utf-8")),
        "project": json.loads(settings.source("project_metrics").read_text(encoding="utf-8")),
        "finetune": json.loads(settings.source("finetune_metrics").read_text(encoding="utf-8")),
        "compare": json.loads(settings.source("compare_metrics").read_text(encoding="utf-8")),
    }
    sections = {
        "runtime": settings.section("runtime", RuntimeConfig),
        "data": settings.section("data", SOURCES),
        "split": settings.section("split", SPLITTINGS),
        "encoder": settings.section("encoder", ENCODERS),
        "decoder": settings.section("decoder", DECODERS),
        "judge": settings.section("judge", JUDGES),
        "projection": settings.section("projection", ProjectionConfig),
        "finetune": settings.section("finetune", FinetuneConfig),
        "caption": settings.section("caption", CaptionConfig),
        "statistics": settings.validated(CompareConfig, settings.shared("compare"), "compare"),
    }
    prompt, prompts, seed = settings.shared("prompt"), settings.shared("prompts"), settings.shared("seed")
    rows = read_table(settings.source("prompts"))
    matrix = {
        (row["prompt"], row["versus"]): (float(row["low"]), float(row["high"]))
        for row in read_table(settings.source("matrix"))
    }
    controls = read_table(settings.source("controls"))
    facts = read_table(settings.source("facts_table"))

    values = {
        key: number(value, digits(key))
        for key, value in flattened(results).items()
        if not isinstance(value, (str, bool))
    }
    for name, config in sections.items():
        for key, value in vars(config).items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                values[f"params.{name}.{key}"] = number(value) if isinstance(value, int) else f"{value:g}"
            elif isinstance(value, str):
                values[f"params.{name}.{key}"] = escaped(value)
    values["params.seed"] = str(seed)
    values["params.prompt"] = quoted(prompt)
    values["params.statistics.percent"] = number(100 * sections["statistics"].confidence, 0)
    values["prompts.trained"] = listed_prompts(list(sections["projection"].prompts.values()))
    values["prompts.count"] = str(len(prompts))

    head = results["headline"]
    test = {row["prompt"]: row for row in rows if row["split"] == "test"}
    novel = {row["prompt"]: row for row in rows if row["split"] == "novel"}
    trained = {name: float(row["cider"]) for name, row in test.items() if row["trained"] == "yes"}
    untrained = {name: float(row["cider"]) for name, row in test.items() if row["trained"] == "no"}
    nothing = "No prompt of this group is compared."
    values["sentence.best_trained"] = best_prompt(prompts, trained, matrix) if trained else nothing
    values["sentence.best_untrained"] = best_prompt(prompts, untrained, matrix) if untrained else nothing
    values["sentence.image"] = image_matters(
        head["cider"], [head[f"cider_{name}"] for name in ("shuffled", "random_projection", "zero_prefix", "constant")]
    )
    values["sentence.novel"] = generalisation(head["cider"], head["cider_novel"])
    known = results["backbones"]
    values["sentence.trial"] = trial(
        known["knows_nothing"], known["encoder_recall_at_1"], known["encoder_tried_images"],
        known["decoder_caption_loss"], known["decoder_uniform_loss"],
    )  # fmt: skip
    values["sentence.encoder"] = backbone("encoder", Origin.read(settings.source("encoder")))
    values["sentence.decoder"] = backbone("decoder", Origin.read(settings.source("decoder")))
    values["sentence.judge"] = circular(isinstance(sections["judge"], SameJudge))
    if not isinstance(sections["judge"], SameJudge):
        values["sentence.judge"] += " " + backbone("judge", Origin.read(settings.source("judge")))
    values["sentence.finetuned"] = second_arm(head["cider"], head["cider_finetuned"])

    ranked = sorted(test.values(), key=lambda row: (-float(row["cider"]), row["prompt"]))
    prompt_rows = [
        [
            quoted(row["text"]), "yes" if row["trained"] == "yes" else "no", interval(row, "cider"),
            number(float(novel[row["prompt"]]["cider"])) if row["prompt"] in novel else "--",
            interval(row, "clip_score"), number(float(row["lift"]), 1),
            number(float(row["entropy_weighted_clip_score"]), 1), number(float(row["tokens"]), 1),
        ]
        for row in ranked
    ]  # fmt: skip
    scores = {(row["split"], row["control"]): row for row in controls}
    control_rows = [
        [label, *(number(real(scores.get((split, name), {}).get("cider", ""))) for split in ("test", "novel"))]
        for name, label in CONTROLS.items()
    ]
    ratios = {(row["arm"], row["split"], row["fact"]): row for row in facts}
    fact_rows = [
        [
            kind,
            *(
                number(real(ratios["linear", split, kind][part]))
                for split in ("test", "novel")
                for part in ("precision", "recall")
            ),
        ]
        for kind in dict.fromkeys(row["fact"] for row in facts)
        if ("linear", "novel", kind) in ratios
    ]
    flags = {"drawn": isinstance(sections["data"], DrawnData), "trial": known["knows_nothing"]}
    with settings.target("numbers") as path:
        path.write_text(definitions(values, flags), encoding="utf-8")
    with settings.target("tables") as path:
        head_row = ["Prompt", "trained", "CIDEr-D", "novel", r"CLIP score", "lift", "entropy-w.", "tokens"]
        fact_head = ["Fact", "prec.", "recall", "prec.", "recall"]
        path.write_text(
            table("prompttable", "lllrlrrr", head_row, prompt_rows)
            + table("controltable", "lrr", ["Arm or control", "test", "novel"], control_rows)
            + table("facttable", "lrrrr", fact_head, fact_rows),
            encoding="utf-8",
        )


if __name__ == "__main__":
    settings.run(main)
