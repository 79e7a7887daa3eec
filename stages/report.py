"""Stage `report`: every number, table and result-dependent sentence of the paper, as LaTeX, and on what machine and
with which versions the results were made; a second.
"""

import json

import numpy as np

from captioner.config.caption import CaptionConfig
from captioner.config.compare import CompareConfig, EquivalenceConfig
from captioner.config.controls import ControlsConfig
from captioner.config.data import SOURCES, DrawnData
from captioner.config.decoder import DECODERS, TrainedDecoder
from captioner.config.encoder import ENCODERS, TrainedEncoder
from captioner.config.judge import JUDGES, SameJudge
from captioner.config.mappers import MappersConfig
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.config.score import ScoreConfig
from captioner.config.split import SPLITTINGS
from captioner.encoders.origin import Origin
from captioner.foundation.tables import read_table
from captioner.report import paper_tables, ratings, wording
from captioner.report.arms import labels
from captioner.report.captioner_wording import Beside, captioners
from captioner.report.environment import environment
from captioner.report.fingerprint import fingerprint, versions
from captioner.report.latex import definitions, escaped, flattened, number, quoted
from captioner.report.original import IMAGES, recomputed
from captioner.report.paper_tables import digits
from captioner.statistics.pairwise import VERDICTS
from stages import settings

BLIND = ("shuffled", "random_projection", "zero_prefix", "mean_prefix", "no_prefix", "constant")
BESIDE = {
    "mlp": "ClipCap's MLP", "transformer": "its transformer", "finetuned": "the linear map with GPT-2 trained too",
    "empty": "a linear map that is trained with the empty prompt only",
}  # fmt: skip
PACKAGES = ("torch", "transformers", "openai-clip", "numpy", "scipy", "statsmodels", "matplotlib", "dvc")


def main() -> None:
    results = {
        "headline": json.loads(settings.source("headline").read_text(encoding="utf-8")),
        "data": json.loads(settings.source("data_metrics").read_text(encoding="utf-8")),
        "split": json.loads(settings.source("split_metrics").read_text(encoding="utf-8")),
        "backbones": json.loads(settings.source("backbones_metrics").read_text(encoding="utf-8")),
        "project": json.loads(settings.source("project_metrics").read_text(encoding="utf-8")),
        "finetune": json.loads(settings.source("finetune_metrics").read_text(encoding="utf-8")),
        "mappers": {
            **json.loads(settings.source("mapper_metrics", "mlp.json").read_text(encoding="utf-8")),
            **json.loads(settings.source("mapper_metrics", "transformer.json").read_text(encoding="utf-8")),
            **json.loads(settings.source("mapper_metrics", "empty.json").read_text(encoding="utf-8")),
        },
        "compare": json.loads(settings.source("compare_metrics").read_text(encoding="utf-8")),
        "original": {**vars(recomputed()), "images": IMAGES},
        "ratings": json.loads(settings.source("rating_metrics").read_text(encoding="utf-8")),
        "captioners": json.loads(settings.source("captioner_metrics").read_text(encoding="utf-8")),
    }
    sections = {
        "runtime": settings.section("runtime", RuntimeConfig),
        "data": settings.section("data", SOURCES),
        "split": settings.section("split", SPLITTINGS),
        "encoder": settings.section("encoder", ENCODERS),
        "decoder": settings.section("decoder", DECODERS),
        "judge": settings.section("judge", JUDGES),
        "projection": settings.section("projection", ProjectionConfig),
        "mappers": settings.section("mappers", MappersConfig),
        "finetune": settings.section("finetune", FinetuneConfig),
        "caption": settings.section("caption", CaptionConfig),
        "equivalence": settings.section("equivalence", EquivalenceConfig),
        "controls": settings.validated(ControlsConfig, settings.shared("controls"), "controls"),
        "statistics": settings.validated(CompareConfig, settings.shared("compare"), "compare"),
    }
    prompt, prompts, seed = settings.shared("prompt"), settings.shared("prompts"), settings.shared("seed")
    tables = {
        "prompts": read_table(settings.source("prompts")), "pairs": read_table(settings.source("pairs")),
        "rankings": read_table(settings.source("rankings")), "together": read_table(settings.source("together")),
        "diagnoses": read_table(settings.source("diagnoses")), "controls": read_table(settings.source("controls")),
        "transfer": read_table(settings.source("transfer")),
        "rated": read_table(settings.source("rated_systems")), "trust": read_table(settings.source("trusted_metrics")),
    }  # fmt: skip
    prints = [
        settings.source("manifest"),
        settings.source("split"),
        settings.source("encoder"),
        settings.source("decoder"),
        settings.source("projections"),
    ]
    pinned = versions(settings.source("requirements").read_text(encoding="utf-8"), PACKAGES)

    told = {
        f"{name}.{key}": value
        for name, config in sections.items()
        for key, value in vars(config).items()
        if not isinstance(value, dict)
    }
    values = {
        key: number(value, digits(key))
        for key, value in flattened(results).items()
        if not isinstance(value, (str, bool))
    }
    values |= {
        f"params.{key}": number(value) if type(value) is int else escaped(paper_tables.setting(value))
        for key, value in told.items()
    }
    values |= {
        "params.seed": str(seed),
        "params.prompt": quoted(prompt),
        "params.statistics.percent": number(100 * sections["statistics"].confidence, 0),
        "params.statistics.level": f"{1 - sections['statistics'].confidence:g}",
        "prompts.trained": wording.listed_prompts(list(sections["projection"].prompts.values())),
        "prompts.count": str(len(prompts)),
        "versions": ", ".join(f"{escaped(name)} {version}" for name, version in pinned.items()),
    }
    values |= sentences(results, tables, prompts, sections)
    if results["captioners"]:
        test = {row["control"]: row for row in tables["controls"] if row["split"] == "test"}
        several = [Beside.read(name, facts, test) for name, facts in results["captioners"].items()]
        values["sentence.captioners"] = captioners(results["headline"]["cider"], several)
    values |= {
        "sentence.encoder": wording.backbone("encoder", Origin.read(settings.source("encoder"))),
        "sentence.decoder": wording.backbone("decoder", Origin.read(settings.source("decoder"))),
        "sentence.judge": wording.circular(isinstance(sections["judge"], SameJudge)),
    }
    if not isinstance(sections["judge"], SameJudge):
        values["sentence.judge"] += " " + wording.backbone("judge", Origin.read(settings.source("judge")))
    if told_apart := wording.words(settings.section("score", ScoreConfig).words):
        values["sentence.words"] = told_apart
    rated = results["ratings"]["answers"] > 0
    if rated:
        told_by_people = ratings.sentences(results["ratings"], tables["rated"], tables["trust"])
        values |= {f"sentence.{name}": sentence for name, sentence in told_by_people.items()}
    trained = isinstance(sections["encoder"], TrainedEncoder) and isinstance(sections["decoder"], TrainedDecoder)
    flags = {
        "drawn": isinstance(sections["data"], DrawnData), "miniature": trained,
        "trial": results["backbones"]["knows_nothing"], "rated": rated,
        "unreal": rated and not results["ratings"]["by_people"],
    }  # fmt: skip
    with settings.target("environment") as path:
        settings.write_json(path, environment(PACKAGES, sections["runtime"].device))
    with settings.target("numbers") as path:
        path.write_text(definitions(values, flags), encoding="utf-8")
    with settings.target("tables") as path:
        pairs = primary(tables["pairs"])
        test = [row for row in tables["prompts"] if row["split"] == "test"]
        path.write_text(
            paper_tables.prompts(tables["prompts"])
            + paper_tables.arms(tables["controls"], labels(row["control"] for row in tables["controls"]))
            + paper_tables.clip_metrics(test)
            + paper_tables.contests(tables["prompts"], pairs)
            + paper_tables.weights(tables["rankings"])
            + paper_tables.diagnoses(tables["diagnoses"], test)
            + (ratings.systems(tables["rated"]) + ratings.metrics(tables["trust"]) if rated else "")
            + paper_tables.hashes({printed.as_posix(): fingerprint(printed) for printed in prints})
            + paper_tables.parameters({"seed": seed, **told}),
            encoding="utf-8",
        )


def rankings(found: dict, name: str) -> tuple[float | None, str | None, str | None]:
    """Kendall's tau of two rankings, the best prompt of this one, and of the study's own."""
    return found[f"{name}_tau"], found[f"{name}_best"], found[f"{name}_best_without"]


def primary(pairs: list[dict[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """The pairs of the primary outcome by (prompt, versus)."""
    return {(row["prompt"], row["versus"]): row for row in pairs if row["measure"] == "cider"}


def sentences(
    results: dict, tables: dict[str, list[dict[str, str]]], prompts: dict[str, str], sections: dict
) -> dict[str, str]:
    """Every sentence that depends on a result, by key."""
    head, found, level = results["headline"], results["compare"], 1 - sections["statistics"].confidence
    test = {row["prompt"]: row for row in tables["prompts"] if row["split"] == "test"}
    related = [name for name, row in test.items() if row["group"] != "unrelated"]  # in order: ties go to the first
    pairs = {
        pair: {key: float(row[key]) for key in ("low", "high", "p")} for pair, row in primary(tables["pairs"]).items()
    }
    column = {key: {name: float(row[key]) for name, row in test.items()} for key in ("cider", "wins", "tokens")}
    per_token = {name: value for name in related if (value := paper_tables.real(test[name]["per_token"])) is not None}
    told = {}
    for group in paper_tables.GROUPS:
        means = {name: column["cider"][name] for name, row in test.items() if row["group"] == group}
        told[f"best_{group}"] = (
            wording.best_prompt(prompts, means, pairs, level) if means else "no prompt of this group is compared."
        )
    ranked: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in tables["rankings"]:
        if row["exponent"] and row["prompt"] in related:
            ranked.setdefault((row["exponent"], row["variant"]), []).append(row)
    taus: dict[float, list[float]] = {}
    for (exponent, _), rows in ranked.items():
        taus.setdefault(float(exponent), []).append(float(rows[0]["tau"] or "nan"))
    agreement = {
        (row["prompt"], row["versus"]): float(row["agreement"] or "nan")
        for row in tables["together"]
        if row["prompt"] in related and row["versus"] in related
    }
    collapsed = {row["prompt"]: int(row["collapsed_seeds"]) for row in tables["diagnoses"] if row["split"] == "test"}
    blind = [head[f"cider_{name}"] for name in BLIND]
    arms = {
        row["control"]: (float(row["cider"]), float(row["difference_low"]), float(row["difference_high"]))
        for row in tables["controls"]
        if row["split"] == "test" and row["control"] in {*BESIDE, "retrieved"}
    }
    seen = [row for row in tables["transfer"] if row["group"] == "seen"]
    spread = tuple(np.ptp([float(row[key]) for row in seen]) if seen else 0.0 for key in ("cider", "empty"))
    known = results["backbones"]
    told |= {
        "trial": wording.trial(
            known["knows_nothing"],
            known["encoder_recall_at_1"],
            known["encoder_tried_images"],
            known["decoder_caption_loss"],
            known["decoder_uniform_loss"],
        ),
        "omnibus": wording.omnibus(found["friedman_p"], found["concordance"], level),
        "verdicts": wording.verdicts(
            found["pairs"], {verdict: found[f"pairs_{verdict.replace(' ', '_')}"] for verdict in VERDICTS}
        ),
        "clip_verdicts": wording.verdicts(
            found["pairs"], {verdict: found[f"clip_pairs_{verdict.replace(' ', '_')}"] for verdict in VERDICTS}
        ),
        "seeds": wording.seeds(found["seeds"]),
        "coverage": wording.coverage(
            {
                int(key.removeprefix("coverage_")): found[key]
                for key in sorted(found, key=len)
                if key.startswith("coverage_")
            },
            sections["statistics"].confidence,
        ),
        "weight": wording.weight_predicts(found["certainty"], found["certainty_low"], found["certainty_high"]),
        "weight_order": wording.weight_reorders(
            taus, [max(rows, key=lambda row: float(row["score"]))["prompt"] for rows in ranked.values()]
        ),
        "original": wording.original_arithmetic(
            results["original"]["least_ratio"], results["original"]["greatest_ratio"]
        ),
        "length": wording.length_effect(
            found["length_effect"], found["length_effect_low"], found["length_effect_high"]
        ),
        "efficient": wording.efficient(prompts, per_token, {name: column["tokens"][name] for name in per_token})
        if per_token
        else "No caption has a token.",
        "winners": wording.winners(prompts, column["wins"], column["cider"]),
        "alike": wording.alike(prompts, agreement),
        "collapse": wording.collapse(prompts, collapsed, sections["statistics"].collapse),
        "extremes": wording.extremes(found["extremes_gap"], found["extremes_gap_shuffled"], found["extremes"]),
        "image": wording.image_matters(head["cider"], blind),
        "novel": wording.generalisation(head["cider"], head["cider_novel"]),
        "arms": wording.beside(head["cider"], {label: arms[name] for name, label in BESIDE.items()}),
        "retrieval": wording.retrieval(head["cider"], *arms["retrieved"]),
        "prompt_left_in": wording.prompt_left_in(prompts, *rankings(found, "prompt_left_in")),
        "empty_prompt_map": wording.empty_prompt_map(prompts, *rankings(found, "empty_prompt_map"), spread),
    }
    return {f"sentence.{name}": sentence for name, sentence in told.items()}


if __name__ == "__main__":
    settings.run(main)
