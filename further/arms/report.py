"""Stage `report`: the numbers, the sentences, the table and the figure of the paper's section on the arms; seconds."""

import pandas as pd

from captioner.config.compare import CompareConfig
from captioner.config.projection import ProjectionConfig
from captioner.foundation.tables import read_table
from captioner.report import arm_charts, arm_wording, theme
from captioner.report.latex import number
from further.arms import parameters
from stages import settings


def main() -> None:
    bridges = parameters.bridges()
    level = settings.validated(CompareConfig, settings.shared("compare"), "compare").confidence
    recipe = settings.section("projection", ProjectionConfig)
    rows, apart = read_table(settings.source("further_arms_table")), read_table(settings.source("further_arms_pairs"))
    kinds = {kind: [arm for arm, config in bridges.items() if config.bridge == kind] for kind in ("pooled", "patches")}
    values = {
        "maps": number(recipe.seeds),
        "confidence": number(100 * level, 0),
        "test": arm_wording.against_headline(rows, "test"),
        "novel": arm_wording.against_headline(rows, "novel"),
        "patches": arm_wording.by_patch(apart, kinds["patches"], kinds["pooled"]),
        "seeds": arm_wording.by_seed(rows),
    }
    lines = [rf"\expandafter\def\csname result@arms.{key}\endcsname{{{value}}}" for key, value in values.items()]
    with settings.target("further_arms_numbers") as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with settings.target("further_arms_tables") as path:
        path.write_text(arm_wording.arms(rows), encoding="utf-8")
    with settings.target("further_arms_figure") as path:
        seeds = pd.read_csv(settings.source("further_arms_seeds_table"))
        theme.write(arm_charts.arms(pd.read_csv(settings.source("further_arms_table")), seeds), path)


if __name__ == "__main__":
    settings.run(main)
