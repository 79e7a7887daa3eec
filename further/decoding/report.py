"""Stage `report`: numbers, sentences, table and figure of the section on ways of decoding, as LaTeX; a second."""

import pandas as pd

from captioner.config.data import SOURCES, DrawnData
from captioner.config.judge import JUDGES, SameJudge
from captioner.foundation.tables import read_table
from captioner.report import decoding_charts, decoding_wording, theme
from captioner.report.latex import number
from further.decoding.ways import part
from stages import settings


def main() -> None:
    config = part("decoding")
    rows = read_table(settings.source("further_decoding_table"))
    same = isinstance(settings.section("judge", JUDGES), SameJudge)
    drawn = isinstance(settings.section("data", SOURCES), DrawnData)
    test = decoding_wording.by_pick(rows, "test")
    values = {
        "captions": number(config.samples),
        "greedy": decoding_wording.between(decoding_wording.told(test["greedy", "first"], "cider")),
        "beams": decoding_wording.beams(rows),
        "samples": decoding_wording.samples(rows),
        "best": decoding_wording.best_of(rows),
        "spread": decoding_wording.spread_of(rows),
        "yardstick": decoding_wording.yardstick(drawn),
        "price": decoding_wording.price(rows),
        "fairness": decoding_wording.fairness(same),
    }
    lines = [rf"\expandafter\def\csname result@decoding.{key}\endcsname{{{value}}}" for key, value in values.items()]
    with settings.target("further_decoding_report") as folder:
        folder.mkdir()
        (folder / "numbers.tex").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "tables.tex").write_text(decoding_wording.decodings(rows), encoding="utf-8")
        theme.write(
            decoding_charts.quality(pd.read_csv(settings.source("further_decoding_table"))), folder / "quality.pdf"
        )


if __name__ == "__main__":
    settings.run(main)
