"""Figures of the captioner in several languages: one function a figure, a table in, a Figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from captioner.report import theme
from captioner.report.fonts import WIDE, demand

PANELS = {"told": ("captions in the wanted language", 1.0), "recall": ("recall of the facts", 1.0),
          "cider": ("CIDEr-D by that language's references", None)}  # fmt: skip


@theme.themed
def transfer(table: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """What every map (a row) says on test after every prompt (a column): in which language, how much, how well.

    `names`: each map as it is shown. InputError where a prompt has signs for which there is no font.
    """
    test = theme.rows_of(table, "test").copy()
    demand("".join(test["prompt"]))
    test["told"] = [row[row["language"]] for _, row in test.iterrows()]
    prompts = list(dict.fromkeys(test["prompt"]))
    figure = Figure((theme.FULL, 2.5), layout="constrained")
    for place, (measure, (title, top)) in enumerate(PANELS.items()):
        ax = figure.add_subplot(1, len(PANELS), place + 1)
        cells = test.pivot(index="map", columns="prompt", values=measure).loc[list(names), prompts].to_numpy()
        _matrix(ax, cells, top or max(float(cells.max()), 1e-9))
        ax.set_title(title)
        ax.set_xticks(range(len(prompts)), [theme.shown(text, 22) for text in prompts], rotation=55, ha="right",
                      rotation_mode="anchor")  # fmt: skip
        ax.set_yticks(range(len(names)), names.values() if place == 0 else [""] * len(names))
    return figure


def _matrix(ax: Axes, cells: np.ndarray, top: float) -> None:
    ax.imshow(cells, cmap="Blues", vmin=0, vmax=top, aspect="auto")
    for (row, column), value in np.ndenumerate(cells):
        colour = "white" if value > 0.6 * top else theme.BLACK
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", size=6, color=colour)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


@theme.themed
def examples(
    table: pd.DataFrame, lines: Sequence[tuple[str, str, str]], picture: Callable[[int], Image.Image]
) -> Figure:
    """Images of test, and beside each what is said of it; below a caption the facts that are read from it, in English.

    `lines`: label, map and prompt of each caption that is shown. InputError where a font is missing.
    """
    demand("".join(table["caption"]))
    told = {(row.image_id, row.map, row.prompt): row for row in table.itertuples()}
    images = list(dict.fromkeys(table["image_id"]))
    height = 0.06 + 0.27 * len(lines)
    figure = Figure((theme.FULL, height * len(images)))
    for place, key in enumerate(images):
        bottom = 1 - (place + 1) / len(images)
        ax = figure.add_axes((0.0, bottom + 0.02 / len(images), height / theme.FULL, 0.94 / len(images)))
        ax.imshow(picture(key))
        ax.set_axis_off()
        left = height / theme.FULL + 0.015
        for row, (label, name, prompt) in enumerate(lines):
            said = told[key, name, prompt]
            y = bottom + (1 - (row + 0.35) / len(lines)) / len(images)
            figure.text(left, y, label, size=7, color=theme.BLUE, va="center")
            blank = "" if WIDE.match(prompt[-1:]) else " "
            text = theme.wrapped(f"{prompt}{blank}{said.caption}".strip(), theme.FULL * (0.87 - left), 7.5, 1)
            figure.text(left + 0.12, y, text, size=7.5, va="center")
            read = theme.wrapped(said.gloss or "(no fact read)", theme.FULL * (0.87 - left), 6, 1)
            figure.text(left + 0.12, y - 0.42 / len(lines) / len(images), read, size=6, va="center", color=theme.GREY)
    return figure
