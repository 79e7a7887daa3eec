"""Stage `figures`: the result tables and some test images in; the paper's figures and two pictures for the web out.

A few seconds on two cores; equal tables give equal bytes.
"""

import json
import multiprocessing
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from PIL.Image import Image

from captioner.photographs.images import ManifestReader, read_manifest
from captioner.report import charts, fonts, prompt_charts, sheets, theme
from stages import settings

TEXTS = {
    "split", "caption", "prompt", "text", "group", "versus", "control", "arm", "fact", "measure", "variant", "verdict",
    "place",
}  # fmt: skip


def load(path: Path) -> pd.DataFrame:
    """A table; texts as they stand ("None" too), all other columns as numbers, an empty cell as NaN."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.assign(**{name: pd.to_numeric(table[name]) for name in table if name not in TEXTS})


_drawings: dict[str, Callable[[], Figure]] = {}  # what the two processes draw; they inherit the tables


def drawn(job: tuple[str, Path, float, bool]) -> None:
    """Draw one figure (name, path, dots per inch, whether of a trial) and write it."""
    name, path, dpi, trial = job
    theme.write(_drawings[name](), path, dpi=dpi, trial=trial)


def main() -> None:
    prompt = settings.shared("prompt")
    scores, controls, facts = (
        load(settings.source("scores")), load(settings.source("controls")), load(settings.source("facts_table")),
    )  # fmt: skip
    prompts, seeds, pairs = (
        load(settings.source("prompts")), load(settings.source("seeds")), load(settings.source("pairs")),
    )  # fmt: skip
    transfer = load(settings.source("transfer"))
    rankings, ranks = load(settings.source("rankings")), load(settings.source("ranks"))
    together, mixed = load(settings.source("together")), load(settings.source("mixed"))
    lengths, headline_lengths = load(settings.source("lengths")), load(settings.source("headline_lengths"))
    surface, examples = load(settings.source("surface")), load(settings.source("examples"))
    cumulative = load(settings.source("cumulative"))
    losses = [load(settings.source("backbones_curve")), load(settings.source("project_curve"))]
    losses.append(load(settings.source("finetune_curve")))
    trial = json.loads(settings.source("backbones_metrics").read_text(encoding="utf-8"))["knows_nothing"]
    settings.source("images")  # where the manifest finds the test images
    reader = ManifestReader(read_manifest(settings.source("manifest")))

    if warning := fonts.lacking("".join([*prompts["text"], *examples["caption"], *scores["caption"]])):
        print(f"warning: {warning}", file=sys.stderr)

    def picture(key: int) -> Image:
        return reader.open(key).convert("RGB")

    _drawings.update(
        contact_sheet=lambda: sheets.contact_sheet(scores, picture),
        results=lambda: sheets.results(scores, prompts, controls, prompt, picture),
        examples=lambda: sheets.examples(examples, prompts, picture),
        pairs=lambda: prompt_charts.pairs(pairs, prompts),
        ranking=lambda: prompt_charts.ranking(prompts, seeds),
        transfer=lambda: prompt_charts.transfer(transfer, prompts),
        wins=lambda: prompt_charts.wins(prompts),
        rankings=lambda: prompt_charts.rankings(rankings, ranks, prompts),
        together=lambda: prompt_charts.together(together, prompts),
        efficiency=lambda: prompt_charts.efficiency(prompts, lengths),
        mixed=lambda: prompt_charts.mixed(mixed, prompts),
        surface=lambda: prompt_charts.surface(surface, prompts),
        tokens=lambda: charts.tokens(scores, headline_lengths),
        histogram=lambda: charts.histogram(scores),
        cumulative=lambda: charts.cumulative(cumulative),
        curves=lambda: charts.curves(*losses),
        controls=lambda: charts.controls(controls),
        facts=lambda: charts.facts(facts),
    )
    with (
        settings.target("figures") as folder,
        settings.target("contact_sheet") as sheet,
        settings.target("results_figure") as results,
    ):
        folder.mkdir()
        jobs: list[tuple[str, Path, float, bool]] = [
            ("contact_sheet", sheet, 1200 / theme.FULL, trial),
            ("results", results, 140, trial),
            *((name, folder / f"{name}.pdf", 300, trial) for name in _drawings if name != "results"),
        ]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(drawn, jobs, chunksize=1)


if __name__ == "__main__":
    settings.run(main)
