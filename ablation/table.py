"""Stage `table`: every choice beside the baseline; a moment."""

import json
import statistics

from captioner.tables import write_table
from stages import settings


def main() -> None:
    choices = settings.document("ablation/params.yaml")["choices"]
    found = {
        name: json.loads(settings.source("ablation", f"{name}.json").read_text(encoding="utf-8"))["seeds"]
        for name in choices
    }
    base = [result["cider"] for result in found["baseline"]]
    rows = []
    for name, change in choices.items():
        cider = [result["cider"] for result in found[name]]
        told = ", ".join(f"{key} {value}" for key, value in change.items()) or "the study's own recipe"
        loss, tokens = (statistics.mean(result[key] for result in found[name]) for key in ("validation_loss", "tokens"))
        paired = statistics.mean(mine - theirs for mine, theirs in zip(cider, base, strict=True))
        rows.append([name, told, statistics.mean(cider), min(cider), max(cider), paired, loss, tokens])
    with settings.target("ablation_table") as path:
        columns = ["choice", "change", "cider", "lowest", "highest", "difference", "validation_loss", "tokens"]
        write_table(path, columns, rows)


if __name__ == "__main__":
    settings.run(main)
