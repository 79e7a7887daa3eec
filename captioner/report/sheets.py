"""Pictures with captions: what a reader should see before any figure, chosen by rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL.Image import Image

from captioner.report import theme
from captioner.report.arms import CONTROLS
from captioner.report.prompt_charts import draw_ranking, ordered


def _cell(
    figure: Figure, corner: tuple[float, float], box: tuple[float, float], picture: Image, cider: float, caption: str,
    size: float,
) -> None:  # fmt: skip
    """One picture of a sheet with its CIDEr-D above and its wrapped caption below, lines `1.12 size` points apart.

    In inches: `corner`, left and upper edge of the picture off the figure's upper left; `box`, its greatest extent.
    """
    width, height = figure.get_size_inches()
    scale = min(box[0] / picture.width, box[1] / picture.height)
    w, h = picture.width * scale, picture.height * scale
    left, top = corner[0] + (box[0] - w) / 2, corner[1] + (box[1] - h) / 2
    ax = figure.add_axes((left / width, 1 - (top + h) / height, w / width, h / height))
    ax.imshow(np.asarray(picture), aspect="auto", interpolation="bicubic")
    ax.set_axis_off()
    centre, above, below = (corner[0] + box[0] / 2) / width, corner[1] - 0.045, corner[1] + box[1] + 0.02
    figure.text(centre, 1 - above / height, f"CIDEr-D {cider:.2f}", ha="center", size=size - 1, color="#555555")
    for number, line in enumerate(caption.split("\n")):
        baseline = below + (0.95 + 1.12 * number) * size / 72
        figure.text(centre, 1 - baseline / height, line, ha="center", size=size)


def _by_cider(scores: pd.DataFrame) -> pd.DataFrame:
    """The images of test by the first seed's CIDEr-D, the best first, ties by image id."""
    return theme.rows_of(scores[scores["seed"] == 0], "test").sort_values(
        ["cider", "image_id"], ascending=[False, True], ignore_index=True
    )


@theme.themed
def contact_sheet(scores: pd.DataFrame, picture: Callable[[int], Image]) -> Figure:
    """The best, the middle and the worst four test images by the CIDEr-D of the headline caption (first seed).

    `picture` gives an image by its id, RGB.
    """
    ordered = _by_cider(scores)
    middle = max(0, (len(ordered) - 4) // 2)
    worst = ordered.sort_values(["cider", "image_id"], ignore_index=True)
    rows = {"best": ordered[:4], "middle": ordered[middle : middle + 4], "worst": worst[:4]}
    size, edge, title = 8, 0.24, 0.17
    step = (theme.FULL - edge) / 4
    box = (step - 0.1, 1.25)
    captions = {
        name: [theme.wrapped(text, box[0], size, 3) for text in chosen["caption"]] for name, chosen in rows.items()
    }
    lines = max(text.count("\n") + 1 for several in captions.values() for text in several)
    pitch = title + box[1] + 0.1 + 1.12 * lines * size / 72
    figure = Figure((theme.FULL, len(rows) * pitch))
    for line, (name, chosen) in enumerate(rows.items()):
        top = line * pitch + title
        height = 1 - (top + box[1] / 2) / (len(rows) * pitch)
        figure.text(0.09 / theme.FULL, height, name, rotation=90, ha="center", va="center", size=9)
        for place, (row, caption) in enumerate(zip(chosen.itertuples(), captions[name], strict=True)):
            _cell(figure, (edge + place * step + 0.05, top), box, picture(row.image_id), row.cider, caption, size)
    return figure


@theme.themed
def examples(table: pd.DataFrame, prompts: pd.DataFrame, picture: Callable[[int], Image]) -> Figure:
    """The best, the median and the worst test image with the captions of every prompt and their CIDEr-D.

    `picture` gives an image by its id, RGB.
    """
    ranked = ordered(prompts)
    places = list(dict.fromkeys(table["place"]))
    step, size, pitch = theme.FULL / len(places), 6.6, 0.098
    box, top = (1.25, 1.25), 0.2
    columns = {}
    for place in places:
        own = table[table["place"] == place].set_index("prompt").loc[ranked["prompt"]]
        columns[place] = [
            (theme.shown(text, 34), row.cider, theme.wrapped(row.caption, step - 0.2, size, 2).split("\n"))
            for text, row in zip(ranked["text"], own.itertuples(), strict=True)
        ]
    lines = max(sum(1 + len(caption) for _, _, caption in column) for column in columns.values())
    height = top + box[1] + 0.12 + pitch * lines + 0.02 * len(ranked)
    figure = Figure((theme.FULL, height))
    for number, (place, column) in enumerate(columns.items()):
        left = number * step + 0.08
        image = picture(int(table[table["place"] == place]["image_id"].iloc[0]))
        scale = min(box[0] / image.width, box[1] / image.height)
        w, h = image.width * scale, image.height * scale
        figure.text(left / theme.FULL, 1 - 0.13 / height, place, size=8, weight="bold")
        ax = figure.add_axes((left / theme.FULL, 1 - (top + h) / height, w / theme.FULL, h / height))
        ax.imshow(np.asarray(image), aspect="auto", interpolation="bicubic")
        ax.set_axis_off()
        y = top + box[1] + 0.12
        for label, cider, caption in column:
            figure.text(
                left / theme.FULL, 1 - y / height, f"{label}  {cider:.2f}", size=size, style="italic", color="#555555"
            )
            for line in caption:
                y += pitch
                figure.text(left / theme.FULL, 1 - y / height, line, size=size)
            y += pitch + 0.02
    return figure


@theme.themed
def results(
    scores: pd.DataFrame, prompts: pd.DataFrame, controls: pd.DataFrame, prompt: str, picture: Callable[[int], Image]
) -> Figure:
    """The README's picture: six test images at evenly spaced ranks of CIDEr-D with their captions, and the ranking.

    `prompt`: the headline prompt; `picture` gives an image by its id, RGB.
    """
    width, height, edge, gutter = 10.0, 5.1, 0.18, 6.02
    figure = Figure((width, height))

    def heading(left: float, title: str, told: str) -> None:
        figure.text(left / width, 1 - 0.32 / height, title, size=13, weight="bold")
        figure.text(left / width, 1 - 0.54 / height, told, size=9.5, color="#555555")

    heading(
        edge,
        f"Captions after {theme.shown(prompt, 40)}",
        "test images at evenly spaced ranks of CIDEr-D, from the best to the worst",
    )
    ordered = _by_cider(scores)
    chosen = ordered.iloc[np.unique(np.linspace(0, len(ordered) - 1, 6).round().astype(int))]
    step, top, size = 1.84, 0.9, 10
    captions = [theme.wrapped(text, step - 0.14, size, 3) for text in chosen["caption"]]
    below = 0.1 + 1.12 * size / 72 * max(text.count("\n") + 1 for text in captions)
    pitch = (height - top + 0.17) / 2
    box = (step - 0.14, pitch - 0.22 - below)
    for place, (row, caption) in enumerate(zip(chosen.itertuples(), captions, strict=True)):
        corner = (edge + place % 3 * step, top + place // 3 * pitch)
        _cell(figure, corner, box, picture(row.image_id), row.cider, caption, size)

    heading(
        gutter,
        "Which prompt describes images best?",
        "mean CIDEr-D and its bootstrap interval; dashed: references, on test",
    )
    left, ceiling, floor = 7.72, 1.5, 0.5
    points = (height - ceiling - floor) * 72
    ax = figure.add_axes((left / width, floor / height, 1 - (left + 0.15) / width, points / 72 / height))
    room = points / prompts["prompt"].nunique()
    handles = draw_ranking(ax, prompts, min(5.0, 0.3 * room), 28)
    ax.tick_params(axis="y", labelsize=min(10.0, 0.9 * room))
    ax.tick_params(axis="x", labelsize=9)
    ax.set_xlabel("CIDEr-D", size=10)
    known = {row.control: row.cider for row in theme.rows_of(controls, "test").itertuples() if np.isfinite(row.cider)}
    ax.set_xlim(right=max(ax.get_xlim()[1], 1.04 * known.get("human", 0)))
    for name, colour, rise in (("human", theme.GREEN, 3), ("shuffled", "#6E6E6E", 15)):
        if name in known:
            ax.axvline(
                known[name], 0, 1 + (rise + 9) / points, color=colour, lw=1.2, ls=(0, (4, 2)), zorder=1, clip_on=False
            )
            align, side = ("right", -3) if known[name] > ax.get_xlim()[1] / 2 else ("left", 3)
            ax.annotate(
                f"{CONTROLS[name]} {known[name]:.2f}", (known[name], 1), (side, rise + 1), ha=align, size=9,
                color=colour, xycoords=("data", "axes fraction"), textcoords="offset points",
            )  # fmt: skip
    wide = {"test": "test images", "novel": "images of novel combinations"}
    for handle in handles:
        handle.set_label(wide.get(handle.get_label(), handle.get_label()))
    place = (gutter / width, 1 - 0.64 / height)
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=place,
        ncols=2 if len(handles) == 4 else 3,
        fontsize=9.5,
        handletextpad=0.2,
    )
    return figure
