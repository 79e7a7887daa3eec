"""Stage `report`: every number, sentence, table and figure of the paper's section on the pretrained model; a few
seconds.
"""

import json

import pandas as pd

from captioner.config.compare import EquivalenceConfig
from captioner.config.pretrained import ImagesConfig
from captioner.foundation.tables import read_table
from captioner.report import pretrained_charts, pretrained_wording, theme
from captioner.report.latex import escaped, number
from further.pretrained.maps import recipe
from further.pretrained.parameters import part
from stages import settings


def main() -> None:
    facts = json.loads(settings.source("pretrained_facts").read_text(encoding="utf-8"))
    figures = json.loads(settings.source("pretrained_compared").read_text(encoding="utf-8"))
    rows, training = (
        read_table(settings.source("pretrained_prompts")),
        read_table(settings.source("pretrained_training")),
    )
    margin = settings.section("equivalence", EquivalenceConfig).cider
    config = recipe()
    values = {
        "name": escaped(facts["name"]),
        "model": pretrained_wording.model(facts),
        "known": pretrained_wording.known(facts),
        "stop": escaped(facts["stop_token"]),
        "maps": number(figures["maps"]),
        "prefix": number(config.prefix_length),
        "epochs": number(config.epochs),
        "train": number(part("images", ImagesConfig).train),
        "loss": number(min(float(row["validation_loss"]) for row in training)),
        "test": number(figures["test"]["images"]),
        "novel": number(figures["novel"]["images"]),
        "works": pretrained_wording.works(rows),
        "answer": pretrained_wording.answer(figures, rows, margin),
        "spearman": pretrained_wording.between(figures["test"]["all"], "spearman"),
        "noveltau": pretrained_wording.between(figures["novel"]["all"], "tau"),
    }
    with settings.target("pretrained_numbers") as path:
        lines = [
            rf"\expandafter\def\csname result@pretrained.{key}\endcsname{{{told}}}" for key, told in values.items()
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with settings.target("pretrained_tables") as path:
        path.write_text(pretrained_wording.prompts(rows), encoding="utf-8")
    with settings.target("pretrained_figures") as folder:
        folder.mkdir()
        drawn = pretrained_charts.prompts(pd.read_csv(settings.source("pretrained_prompts"), keep_default_na=False))
        theme.write(drawn, folder / "prompts.pdf")


if __name__ == "__main__":
    settings.run(main)
