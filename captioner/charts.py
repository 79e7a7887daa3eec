"""The figures: one function a figure, tables (columns as in `plots/*.csv`) in, a matplotlib Figure out.

Drawn at the paper's final size, one column or full width, and for the web. Texts are shown literally, never read as mathtext.
"""

from __future__ import annotations

import functools
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path
from PIL.Image import Image

P = ParamSpec("P")
R = TypeVar("R")
COLUMN, FULL = 3.33, 6.9  # widths in inches
BLUE, RED, GREEN, GREY, BLACK = "#0072B2", "#D55E00", "#009E73", "#8C8C8C", "#222222"  # Okabe and Ito's, and greys
SPLITS = {"test": BLUE, "novel": RED}
CONTROLS = {  # from the strongest that can be expected to the weakest
    "human": "a person's caption",
    "finetuned": "GPT-2 trained too",
    "linear": "linear map (headline)",
    "shuffled": "shuffled images",
    "zero": "zero prefix",
    "random": "random projection",
}
FEW = 20  # a ratio of fewer facts than this is drawn hollow
THEME = {
    "font.family": ["STIXGeneral", "DejaVu Sans"],
    "font.size": 8,
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "#555555",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.0,
    "lines.linewidth": 1.2,
    "figure.constrained_layout.h_pad": 0.02,
    "figure.constrained_layout.w_pad": 0.02,
    "pdf.fonttype": 42,
}


def themed(function: Callable[P, R]) -> Callable[P, R]:
    """The function under the theme, silent about characters that the fonts lack."""

    @functools.wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(THEME), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            return function(*args, **kwargs)

    return inside


@themed
def write(figure: Figure, path: Path, dpi: float = 300) -> None:
    """The figure as PDF or PNG, by the suffix; equal figures give equal bytes. `dpi` holds for pixels, of images too."""
    kind = path.suffix[1:]
    figure.savefig(path, format=kind, dpi=dpi, metadata={"CreationDate": None} if kind == "pdf" else None)


def shown(text: str, limit: int = 32) -> str:
    """A prompt as it stands in a figure: in quotes, shortened at a word where it is longer than `limit` characters."""
    text = " ".join(text.split())
    if len(text) > limit:
        head = text[: limit - 1]
        words = head.rpartition(" ")[0]
        text = (words if len(words) > limit // 2 else head).rstrip() + "…"
    return f"“{text}”" if text else "(no prompt)"


def wrapped(text: str, inches: float, size: float, lines: int) -> str:
    """The text in at most `lines` lines that are no wider than `inches` at this font size (points), shortened if need be."""
    font = FontProperties(size=size)
    text = " ".join(text.split()) or "(empty caption)"
    for characters in range(max(4, int(inches * 72 / (0.36 * size))), 3, -1):
        found = textwrap.wrap(text, characters, max_lines=lines, placeholder=" …")
        if all(text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] <= inches * 72 for line in found):
            break
    return "\n".join(found)


def _figure(height: float, width: float = COLUMN) -> Figure:
    return Figure((width, height), layout="constrained")


def _split(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table["split"] == name]


def _legend(figure: Figure, handles: Sequence, columns: int) -> None:
    figure.legend(handles=handles, loc="outside upper center", ncols=columns)


def _marker(label: str, colour: str, filled: bool = True, marker: str = "o") -> Line2D:
    face = colour if filled else "white"
    return Line2D([], [], color=colour, marker=marker, ls="none", ms=4, mfc=face, mew=0.9, label=label)


@themed
def histogram(scores: pd.DataFrame) -> Figure:
    """CLIP scores (100 x cosine) of the headline captions on test: on their own images and on shuffled ones."""
    test = _split(scores, "test")
    figure = _figure(2.1)
    ax = figure.add_subplot()
    both = {"own image": ("clip_score", BLUE), "shuffled image": ("clip_score_shuffled", GREY)}
    bins = np.histogram_bin_edges(test[[column for column, _ in both.values()]].to_numpy(), bins=45)
    handles = []
    for label, (column, colour) in both.items():
        mean = test[column].mean()
        label = f"{label} (mean {mean:.1f})".replace("-", "−")
        handles.append(ax.hist(test[column], bins, color=colour, alpha=0.65, label=label)[2])
        ax.axvline(mean, color=colour if colour == BLUE else "#555555", lw=1, ls=(0, (4, 2)))
    ax.set(xlabel="CLIP score (100 × cosine)", ylabel="test images")
    _legend(figure, handles, 2)
    return figure


@themed
def tokens(scores: pd.DataFrame) -> Figure:
    """Length of each headline caption on test against its CLIP score, with the mean of each length and its 95 % interval."""
    test = _split(scores, "test")
    figure = _figure(2.1)
    ax = figure.add_subplot()
    ax.scatter(test["tokens"], test["clip_score"], s=7, color=BLUE, alpha=0.18, linewidths=0)
    means = test.groupby("tokens")["clip_score"].agg(["mean", "sem", "size"])
    means = means[means["size"] >= min(5, means["size"].max())]
    spread = 1.96 * means["sem"].fillna(0)
    ax.errorbar(means.index, means["mean"], spread, color=RED, marker="o", ms=2.5, lw=1, elinewidth=0.8)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="tokens of the caption", ylabel="CLIP score (100 × cosine)")
    handles = [_marker("one test image", BLUE), Line2D([], [], color=RED, marker="o", ms=2.5, lw=1, label="mean of a length")]
    _legend(figure, handles, 2)
    return figure


@themed
def cumulative(table: pd.DataFrame) -> Figure:
    """Cumulative mean CLIP score of the best and the worst images of test, with the same curves for shuffled images."""
    figure = _figure(2.1)
    ax = figure.add_subplot()
    count = len(table)
    curves = {"top": (f"best {count}", BLUE), "bottom": (f"worst {count}", RED)}
    handles = []
    for column, (label, colour) in curves.items():
        handles += ax.plot(table["rank"], table[column], color=colour, label=f"{label}, own image")
        handles += ax.plot(
            table["rank"], table[f"{column}_shuffled"], color=colour, ls=(0, (3, 1.5)), label=f"{label}, shuffled"
        )
    ax.grid(axis="y")
    ax.set(xlabel="images in the mean, from the most extreme", ylabel="mean CLIP score\n(100 × cosine)")
    ax.set_xlim(min(1, count), max(count, 2))
    _legend(figure, handles, 2)
    return figure


def _ranked(prompts: pd.DataFrame) -> pd.DataFrame:
    """The rows of test, the best CIDEr-D first."""
    return _split(prompts, "test").sort_values(["cider", "prompt"], ascending=[False, True], ignore_index=True)


def _ranking(ax: Axes, prompts: pd.DataFrame, size: float, limit: int = 32) -> list[Line2D]:
    """CIDEr-D with its interval of each prompt, the best on test at the top; returns the legend's handles.

    Filled: a prompt that the projection was trained with. `size`: points of a marker; `limit`: characters of a prompt.
    """
    ranked = _ranked(prompts)
    place = {name: row for row, name in enumerate(ranked["prompt"])}
    present = [name for name in SPLITS if len(_split(prompts, name))]
    for number, split in enumerate(present):
        colour = SPLITS[split]
        for row in _split(prompts, split).itertuples():
            y = place[row.prompt] + 0.26 * (number - (len(present) - 1) / 2)
            ax.plot([row.cider_low, row.cider_high], [y, y], color=colour, lw=size / 3.2, solid_capstyle="butt")
            face = colour if row.trained == "yes" else "white"
            ax.plot(row.cider, y, "o", color=colour, ms=size, mfc=face, mew=size / 4)
    ax.set_yticks(range(len(ranked)), [shown(text, limit) for text in ranked["text"]])
    ax.set_ylim(len(ranked) - 0.4, -0.6)
    ax.set_xlim(left=min(0, ax.get_xlim()[0]))
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
    handles = [_marker(split, SPLITS[split]) for split in present]
    seen = {"yes": "trained with", "no": "not trained with"}
    return handles + [_marker(label, BLACK, key == "yes") for key, label in seen.items() if key in set(ranked["trained"])]


@themed
def ranking(prompts: pd.DataFrame) -> Figure:
    """CIDEr-D of every prompt on test and novel with bootstrap intervals, sorted by test."""
    count = prompts["prompt"].nunique()
    figure = _figure(0.65 + 0.2 * count)
    ax = figure.add_subplot()
    handles = _ranking(ax, prompts, 4)
    ax.set_xlabel("CIDEr-D")
    _legend(figure, handles, 4)
    return figure


@themed
def matrix(table: pd.DataFrame, prompts: pd.DataFrame) -> Figure:
    """Paired difference in CIDEr-D on test, row minus column, the prompts sorted as in `ranking`.

    Bold (a dot where there is no room for numbers): the interval excludes zero.
    """
    ranked = _ranked(prompts)
    names, count = list(ranked["prompt"]), len(ranked)
    grids = [
        table.pivot(index="prompt", columns="versus", values=column).loc[names, names].to_numpy(float)
        for column in ("difference", "low", "high")
    ]
    difference, low, high = grids
    certain = (low > 0) | (high < 0)
    bound = np.nanmax(np.abs(difference)) or 1.0
    figure = _figure(0.75 + max(0.2 * count, 0.3) if count <= 10 else 0.75 + min(0.2, 4 / count + 0.06) * count)
    ax = figure.add_subplot()
    image = ax.pcolormesh(
        np.arange(count + 1) - 0.5, np.arange(count + 1) - 0.5, difference,
        cmap="RdBu", vmin=-bound, vmax=bound, edgecolors="white", linewidth=0.4,
    )  # fmt: skip
    for row in range(count):
        for column in range(count):
            if row == column:
                continue
            dark = abs(difference[row, column]) > 0.55 * bound
            ink = "white" if dark else BLACK
            if count <= 10:
                text = f"{difference[row, column]:.2f}".replace("-", "−")
                weight = "bold" if certain[row, column] else "normal"
                ax.text(column, row, text, ha="center", va="center", size=6, color=ink, weight=weight)
            elif certain[row, column]:
                ax.plot(column, row, ".", color=ink, ms=1.5)
    size = min(7, 180 / count)
    ax.set_yticks(range(count), [f"{shown(text, 28)}  {row}" for row, text in enumerate(ranked["text"], start=1)], size=size)
    ax.set_xticks(range(count), [str(row) for row in range(1, count + 1)], size=min(7, 160 / count))
    ax.xaxis.tick_top()
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    ax.set_ylim(count - 0.5, -0.5)
    bar = figure.colorbar(image, ax=ax, location="bottom", aspect=35, pad=0.03, shrink=0.9)
    bar.outline.set_visible(False)
    bar.set_label("CIDEr-D on test, row minus column")
    return figure


@themed
def curves(backbones: pd.DataFrame, project: pd.DataFrame, finetune: pd.DataFrame) -> Figure:
    """Losses of the backbones by step, and of both arms by epoch on training and validation data."""
    figure = _figure(2.0)
    left, right = figure.subplots(1, 2)
    for column, label, colour in (("encoder", "encoder (contrastive)", GREEN), ("decoder", "decoder (nats a token)", BLACK)):
        known = backbones.dropna(subset=[column])
        if len(known):
            left.plot(known["step"], known[column], color=colour, label=label)
    for table, label, colour in ((project, "linear map", BLUE), (finetune, "GPT-2 too", RED)):
        right.plot(table["epoch"], table["training_loss"], color=colour, ls=(0, (3, 1.5)), marker=".", ms=3, lw=1)
        right.plot(table["epoch"], table["validation_loss"], color=colour, marker=".", ms=3, lw=1, label=label)
    if left.lines:
        left.legend(loc="upper right")
        left.set_ylim(bottom=0)
    else:
        left.text(0.5, 0.5, "not applicable:\npretrained", ha="center", va="center", transform=left.transAxes, color=GREY)
    handles, _ = right.get_legend_handles_labels()
    dashes = [
        Line2D([], [], color=GREY, ls=style, lw=1, label=label)
        for label, style in (("training", (0, (3, 1.5))), ("validation", "-"))
    ]
    right.legend(handles=[*handles, *dashes], loc="upper right")
    right.xaxis.get_major_locator().set_params(integer=True)
    left.set(xlabel="step", ylabel="loss", title="backbones")
    right.set(xlabel="epoch", ylabel="nats a token", title="captioner")
    for ax in (left, right):
        ax.grid(axis="y")
    return figure


@themed
def controls(table: pd.DataFrame) -> Figure:
    """CIDEr-D of the headline arm and its controls on test and, where there is one, novel."""
    values = {(row.split, row.control): row.cider for row in table.itertuples() if np.isfinite(row.cider)}
    names = [name for name in CONTROLS if any((split, name) in values for split in SPLITS)]
    present = [split for split in SPLITS if any((split, name) in values for name in names)]
    height = 0.8 / max(1, len(present))
    figure = _figure(0.6 + 0.27 * len(names))
    ax = figure.add_subplot()
    for number, split in enumerate(present):
        for place, name in enumerate(names):
            if (split, name) in values:
                value = values[split, name]
                mine = [other for other in present if (other, name) in values]
                y = place + (height * (number - (len(present) - 1) / 2) if len(mine) > 1 else 0)
                ax.barh(y, value, height * 0.9, color=SPLITS[split])
                ax.annotate(f"{value:.2f}", (value, y), (2, 0), textcoords="offset points", va="center", size=6.5)
    ax.set_yticks(range(len(names)), [CONTROLS[name] for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.margins(x=0.1)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("CIDEr-D")
    _legend(figure, [_marker(split, SPLITS[split], marker="s") for split in present], 2)
    return figure


@themed
def facts(table: pd.DataFrame) -> Figure:
    """Precision and recall of the headline arm by kind of fact, test against novel; hollow where few facts count."""
    linear = table[table["arm"] == "linear"]
    present = [split for split in SPLITS if len(_split(linear, split))]
    if not present:
        figure = _figure(0.8)
        figure.text(0.5, 0.5, "not applicable: no drawn facts", ha="center", va="center", color="#555555")
        return figure
    kinds = list(dict.fromkeys(linear["fact"]))
    figure = _figure(0.65 + 0.18 * len(kinds))
    axes = figure.subplots(1, 2, sharey=True)
    for ax, ratio in zip(axes, ("precision", "recall"), strict=True):
        for number, split in enumerate(present):
            for row in _split(linear, split).itertuples():
                if np.isfinite(getattr(row, ratio)):
                    total = row.right + row.wrong if ratio == "precision" else row.true
                    y = kinds.index(row.fact) + 0.24 * (number - (len(present) - 1) / 2)
                    ax.plot([0, getattr(row, ratio)], [y, y], color=SPLITS[split], lw=0.8, clip_on=False)
                    face = SPLITS[split] if total >= FEW else "white"
                    ax.plot(getattr(row, ratio), y, "o", color=SPLITS[split], ms=4, mfc=face, mew=0.9, clip_on=False)
        ax.set(xlabel=ratio, xlim=(0, 1), xticks=[0, 0.5, 1])
        ax.set_xticks([0.25, 0.75], minor=True)
        ax.grid(axis="x")
    axes[0].set_yticks(range(len(kinds)), kinds)
    axes[0].set_ylim(len(kinds) - 0.5, -0.5)
    for ax in axes:
        ax.tick_params(axis="y", length=0)
    handles = [_marker(split, SPLITS[split]) for split in present]
    _legend(figure, [*handles, _marker(f"of fewer than {FEW} facts", BLACK, False)], 3)
    return figure


def _cell(
    figure: Figure, corner: tuple[float, float], box: tuple[float, float], picture: Image, title: str, caption: str,
    size: float, lines: int,
) -> None:  # fmt: skip
    """One picture of a sheet with its title above and its caption below.

    `corner`: left and upper edge of the picture in inches from the figure's upper left; `box`: its greatest width and height.
    """
    width, height = figure.get_size_inches()
    scale = min(box[0] / picture.width, box[1] / picture.height)
    w, h = picture.width * scale, picture.height * scale
    left, top = corner[0] + (box[0] - w) / 2, corner[1] + (box[1] - h) / 2
    ax = figure.add_axes((left / width, 1 - (top + h) / height, w / width, h / height))
    ax.imshow(np.asarray(picture), aspect="auto")
    ax.set_axis_off()
    centre, gap = (corner[0] + box[0] / 2) / width, 0.035
    figure.text(centre, 1 - (corner[1] - gap) / height, title, ha="center", va="bottom", size=size - 1, color="#555555")
    caption = wrapped(caption, box[0], size, lines)
    below = 1 - (corner[1] + box[1] + gap) / height
    figure.text(centre, below, caption, ha="center", va="top", size=size, linespacing=1.05)


def _by_cider(scores: pd.DataFrame) -> pd.DataFrame:
    """The images of test, the best CIDEr-D first, ties by image id."""
    return _split(scores, "test").sort_values(["cider", "image_id"], ascending=[False, True], ignore_index=True)


@themed
def contact_sheet(scores: pd.DataFrame, picture: Callable[[int], Image]) -> Figure:
    """The best, the middle and the worst four test images by the CIDEr-D of the headline caption, ties by image id.

    `picture` gives an image by its id, RGB.
    """
    ordered = _by_cider(scores)
    middle = max(0, (len(ordered) - 4) // 2)
    worst = ordered.sort_values(["cider", "image_id"], ignore_index=True)
    rows = {"best": ordered[:4], "middle": ordered[middle : middle + 4], "worst": worst[:4]}
    edge, title, step = 0.24, 0.17, (FULL - 0.24) / 4
    box, pitch = (step - 0.1, 1.22), 1.84
    figure = Figure((FULL, len(rows) * pitch))
    for line, (name, chosen) in enumerate(rows.items()):
        top = line * pitch + title
        figure.text(0.09 / FULL, 1 - (top + box[1] / 2) / (len(rows) * pitch), name, rotation=90, ha="center", va="center", size=9)
        for place, row in enumerate(chosen.itertuples()):
            corner = (edge + place * step + 0.05, top)
            _cell(figure, corner, box, picture(row.image_id), f"CIDEr-D {row.cider:.2f}", row.caption, 8, 3)
    return figure


@themed
def results(
    scores: pd.DataFrame, prompts: pd.DataFrame, controls: pd.DataFrame, prompt: str, picture: Callable[[int], Image]
) -> Figure:
    """The README's picture: six test images at evenly spaced ranks of CIDEr-D with the headline caption, and the ranking.

    `prompt`: the headline prompt; `picture` gives an image by its id, RGB.
    """
    width, height = 10.0, 5.1
    figure = Figure((width, height))
    ordered = _by_cider(scores)
    chosen = ordered.iloc[np.unique(np.linspace(0, len(ordered) - 1, 6).round().astype(int))]
    step, top, box, pitch = 1.83, 0.95, (1.66, 1.26), 2.12
    figure.text(0.18 / width, 1 - 0.16 / height, f"Captions after {shown(prompt, 40)}", size=13, va="top", weight="bold")
    told = "test images at evenly spaced ranks of CIDEr-D, from the best to the worst"
    figure.text(0.18 / width, 1 - 0.42 / height, told, size=9.5, va="top", color="#555555")
    for place, row in enumerate(chosen.itertuples()):
        corner = (0.18 + place % 3 * step, top + place // 3 * pitch)
        _cell(figure, corner, box, picture(row.image_id), f"CIDEr-D {row.cider:.2f}", row.caption, 10, 3)

    left, ceiling, floor = 7.72, 1.28, 0.5
    count = prompts["prompt"].nunique()
    ax = figure.add_axes((left / width, floor / height, 1 - (left + 0.15) / width, 1 - (ceiling + floor) / height))
    room = (height - ceiling - floor) * 72 / max(count, 1)  # points a prompt
    handles = _ranking(ax, prompts, min(6.0, 0.3 * room), 28)
    ax.tick_params(axis="y", labelsize=min(10.0, 0.9 * room))
    ax.tick_params(axis="x", labelsize=9)
    ax.set_xlabel("CIDEr-D", size=10)
    known = {row.control: row.cider for row in _split(controls, "test").itertuples() if np.isfinite(row.cider)}
    for name, align in (("shuffled", "left"), ("human", "right")):
        if name in known:
            ax.axvline(known[name], color=GREEN if name == "human" else GREY, lw=1.2, ls=(0, (4, 2)), zorder=1)
            ax.annotate(
                f"{CONTROLS[name]}\n{known[name]:.2f}", (known[name], 1), (0, 3), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha=align, va="bottom", size=9, linespacing=1.05,
                color="#00694D" if name == "human" else "#666666",
            )  # fmt: skip
    ax.set_xlim(right=max(ax.get_xlim()[1], 1.04 * known.get("human", 0)))
    figure.text(6.02 / width, 1 - 0.16 / height, "Which prompt describes images best?", size=13, va="top", weight="bold")
    told = "mean CIDEr-D with bootstrap interval; dashed lines: on test"
    figure.text(6.02 / width, 1 - 0.42 / height, told, size=9.5, va="top", color="#555555")
    place = (6.02 / width, 1 - 0.62 / height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=4, fontsize=9.5, handletextpad=0.2)
    return figure
