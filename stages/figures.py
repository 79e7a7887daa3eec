"""Stage `figures`: the result tables and some test images in; the paper's figures and two pictures for the web out.

A few seconds on one core; equal tables give equal bytes.
"""

from pathlib import Path

import pandas as pd

from captioner import charts
from captioner.images import ManifestReader, read_manifest
from stages import settings

TEXTS = {"split", "caption", "prompt", "text", "trained", "versus", "control", "arm", "fact"}


def load(path: Path) -> pd.DataFrame:
    """A table; texts as they stand ("None" too), all other columns as numbers, an empty cell as NaN."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.assign(**{name: pd.to_numeric(table[name]) for name in table if name not in TEXTS})


def main() -> None:
    prompt = settings.shared("prompt")
    scores, prompts = load(settings.source("scores")), load(settings.source("prompts"))
    controls, facts = load(settings.source("controls")), load(settings.source("facts_table"))
    matrix, cumulative = load(settings.source("matrix")), load(settings.source("cumulative"))
    losses = [load(settings.source("backbones_curve")), load(settings.source("project_curve"))]
    losses.append(load(settings.source("finetune_curve")))
    settings.source("images_val")  # where the manifest finds the test images
    picture = ManifestReader(read_manifest(settings.source("manifest"))).open
    sheet = charts.contact_sheet(scores, picture)
    figures = {
        "histogram": charts.histogram(scores),
        "tokens": charts.tokens(scores),
        "cumulative": charts.cumulative(cumulative),
        "ranking": charts.ranking(prompts),
        "matrix": charts.matrix(matrix, prompts),
        "curves": charts.curves(*losses),
        "controls": charts.controls(controls),
        "facts": charts.facts(facts),
        "contact_sheet": sheet,
    }
    with settings.target("figures") as folder:
        folder.mkdir()
        for name, figure in figures.items():
            charts.write(figure, folder / f"{name}.pdf")
    with settings.target("contact_sheet") as path:
        charts.write(sheet, path, dpi=1200 / charts.FULL)
    with settings.target("results_figure") as path:
        charts.write(charts.results(scores, prompts, controls, prompt, picture), path, dpi=140)


if __name__ == "__main__":
    settings.run(main)
