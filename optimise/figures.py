"""Stage `figures`: the tables of the search in, its figures for the paper out; a few seconds."""

from pathlib import Path

import pandas as pd

from captioner.config.optimise import SearchConfig
from captioner.report import search_charts, theme
from captioner.report.search_wording import axis
from optimise.parameters import part
from stages import settings


def load(path: Path) -> pd.DataFrame:
    """A table whose texts may be empty."""
    table = pd.read_csv(path, dtype={"prompt": str, "text": str, "incumbent": str})
    texts = [name for name in ("prompt", "text", "incumbent") if name in table]
    return table.fillna(dict.fromkeys(texts, ""))


def main() -> None:
    worth = axis(part("search", SearchConfig).objective)
    search, course = load(settings.source("optimise_search")), load(settings.source("optimise_course"))
    confirmed, ceilings = load(settings.source("optimise_confirmed")), load(settings.source("optimise_ceilings"))
    components, families = load(settings.source("optimise_components")), load(settings.source("optimise_families"))
    drawings = {
        "course": lambda: search_charts.course(course, worth),
        "quality": lambda: search_charts.quality(search, worth),
        "confirmed": lambda: search_charts.confirmed(confirmed, worth),
        "bounds": lambda: search_charts.bounds(confirmed, ceilings, worth),
        "components": lambda: search_charts.components(components),
        "families": lambda: search_charts.families(families, worth),
        "attribution": lambda: search_charts.attribution(load(settings.source("optimise_attribution"))),
    }
    with settings.target("optimise_figures") as folder:
        folder.mkdir()
        for name, draw in drawings.items():
            theme.write(draw(), folder / f"{name}.pdf")


if __name__ == "__main__":
    settings.run(main)
