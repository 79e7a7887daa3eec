"""Stage `report`: the figures, the sentences and the table of the section on languages; a few seconds."""

import json

import pandas as pd

from captioner.foundation.tables import read_table
from captioner.languages.known import LANGUAGES
from captioner.photographs.images import ManifestReader, read_manifest
from captioner.report import language_charts, language_wording, theme
from captioner.report.latex import number
from further.languages.parameters import prompts
from stages import settings


def main() -> None:
    rows, spoken = read_table(settings.source("further_languages_results")), prompts()
    trained = json.loads(settings.source("further_languages_decoder_metrics").read_text(encoding="utf-8"))
    names = {code: LANGUAGES[code].name for code in spoken}
    first = next(iter(names))
    values = {
        **{
            name: getattr(language_wording, name)(rows, names)
            for name in ("own", "decides", "image", "silent", "together", "novel")
        },
        "documents": number(sum(trained["documents"].values())),
        "tokens": number(trained["vocabulary"]),
        "mixed": number(100 * trained["documents"].get("mixed", 0) / sum(trained["documents"].values()), 0),
    }
    lines = [rf"\expandafter\def\csname result@languages.{key}\endcsname{{{value}}}" for key, value in values.items()]
    results = pd.read_csv(settings.source("further_languages_results"), keep_default_na=False)
    examples = pd.read_csv(settings.source("further_languages_examples"), keep_default_na=False)
    shown = [(f"{names[code]} map", code, several[-1]) for code, several in spoken.items()]
    shown += [(f"{names[first]} map", first, several[-1]) for code, several in spoken.items() if code != first]
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    settings.source("images")
    with settings.target("further_languages_report") as folder:
        folder.mkdir()
        (folder / "numbers.tex").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "tables.tex").write_text(language_wording.results(rows, names), encoding="utf-8")
        labels = {**{code: f"{name} map" for code, name in names.items()}, "all": "map of all"}
        theme.write(language_charts.transfer(results, labels), folder / "transfer.pdf")
        theme.write(language_charts.examples(examples, shown, reader.open), folder / "examples.pdf")


if __name__ == "__main__":
    settings.run(main)
