"""Stage `report`: every number, sentence and table of the paper's section on the search, as LaTeX; a second."""

import json

from captioner.config.compare import CompareConfig
from captioner.config.judge import JUDGES, SameJudge
from captioner.config.optimise import SearchConfig
from captioner.foundation.tables import read_table
from captioner.report import search_wording
from captioner.report.latex import escaped, number
from optimise.parameters import part
from stages import settings


def main() -> None:
    weights = part("search", SearchConfig).objective
    level = 1 - settings.validated(CompareConfig, settings.shared("compare"), "compare").confidence
    ranked = read_table(settings.source("optimise_search"))
    confirmed, ceilings = (
        read_table(settings.source("optimise_confirmed")),
        read_table(settings.source("optimise_ceilings")),
    )
    found = json.loads(settings.source("optimise_search_metrics").read_text(encoding="utf-8"))
    judged = json.loads(settings.source("optimise_confirm_metrics").read_text(encoding="utf-8"))
    explained = json.loads(settings.source("optimise_explain_metrics").read_text(encoding="utf-8"))
    same = isinstance(settings.section("judge", JUDGES), SameJudge)
    gains = {part: judged.get(f"{part}_test") for part in ("headline", "empty")}
    values = {
        "objective": escaped(search_wording.objective(weights)),
        "instances": number(found["instances"]),
        "prompts": number(explained["prompts"]),
        "images": number(explained["images"]),
        "val": search_wording.between(judged["val"]),
        "test": search_wording.between(judged["test"]),
        "novel": search_wording.between(judged["novel"]) if "novel" in judged else "--",
        "cost": search_wording.cost(found["candidates"], found["spent"], found["share"]),
        "winner": search_wording.winner(found["winner"], ranked[0]["source"], gains),
        "runners": search_wording.runners(confirmed, level),
        "shrinkage": search_wording.shrinkage(judged.get("headline_shrinkage"), judged["optimism"]),
        "ceilings": search_wording.ceilings(confirmed, ceilings),
        "soft": search_wording.soft(next(row for row in ceilings if (row["split"], row["part"]) == ("test", "soft"))),
        "variance": search_wording.variance(read_table(settings.source("optimise_components"))),
        "words": search_wording.words(explained),
        "attribution": search_wording.attribution(read_table(settings.source("optimise_attribution"))),
        "circular": search_wording.circular(weights, same),
    }
    lines = [rf"\expandafter\def\csname result@optimise.{key}\endcsname{{{value}}}" for key, value in values.items()]
    with settings.target("optimise_numbers") as path:
        path.write_text("\n".join(lines) + "\n" + search_wording.rivals(confirmed, ceilings), encoding="utf-8")


if __name__ == "__main__":
    settings.run(main)
