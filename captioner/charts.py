"""The figures: one function a figure, tables (columns as in `plots/*.csv`) in, a matplotlib Figure out.

Drawn at final size: a column or the full width of the paper, or for the web. Texts are shown literally, never as math.
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
TIMES, MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"
BLUE, RED, GREEN, GREY, BLACK = "#0072B2", "#D55E00", "#009E73", "#8C8C8C", "#222222"  # Okabe and Ito's, and greys
SPLITS = {"test": BLUE, "novel": RED}
CONTROLS = {  # from the strongest that can be expected to the weakest
    "human": "a person's caption",
    "finetuned": "GPT-2 trained too",
    "linear": "linear map (headline)",
    "constant": "one caption for all",
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
def write(figure: Figure, path: Path, dpi: float = 300, trial: bool = False) -> None:
    """The figure as PDF or PNG, by the suffix; equal figures give equal bytes. `dpi` is that of all pixels.

    A figure of a `trial` (backbones that know nothing) says across it that it is no result.
    """
    kind = path.suffix[1:]
    if trial:
        size = 5 * min(figure.get_size_inches())
        text = "TRIAL RUN, NO RESULT"
        figure.text(0.5, 0.5, text, ha="center", va="center", rotation=20, size=size, color=RED, alpha=0.45, zorder=99)
    figure.savefig(path, format=kind, dpi=dpi, metadata={"CreationDate": None} if kind == "pdf" else None)


def _width(line: str, size: float = 1.0) -> float:
    """Width of one line of text, in the unit of the font size."""
    return text_to_path.get_text_width_height_descent(line, FontProperties(size=10), ismath=False)[0] * size / 10


@themed
def shown(text: str, limit: int = 32) -> str:
    """A prompt as it stands in a figure: in quotes, shortened at a word where it has more than `limit` characters.

    Where the characters are wide, `limit` / 2 times the font size is the bound.
    """
    text = " ".join(text.split())
    head = text[:limit]
    while _width(head) > limit / 2:
        head = head[:-1]
    if head != text:
        words = head.rpartition(" ")[0]
        head = (words if len(words) > limit // 2 else head[:-1]).rstrip() + "…"
    return f"“{head}”" if head else "(no prompt)"


@themed
def wrapped(text: str, inches: float, size: float, lines: int) -> str:
    """The text in at most `lines` lines, none wider than `inches` at this font size (points); shortened if need be."""
    text = " ".join(text.split()) or "(empty caption)"
    for characters in range(max(4, int(inches * 72 / (0.36 * size))), 3, -1):
        found = textwrap.wrap(text, characters, max_lines=lines, placeholder=" …")
        if all(_width(line, size) <= inches * 72 for line in found):
            break
    return "\n".join(found)


def _figure(height: float) -> Figure:
    return Figure((COLUMN, height), layout="constrained")


def _note(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = _figure(0.8)
    figure.text(0.5, 0.5, text, ha="center", va="center", color="#555555")
    return figure


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
        label = f"{label} (mean {mean:.1f})".replace("-", MINUS)
        handles += ax.hist(test[column], bins, color=colour, alpha=0.65, label=label, histtype="stepfilled")[2]
        ax.axvline(mean, color=colour if colour == BLUE else "#555555", lw=1, ls=(0, (4, 2)))
    ax.set(xlabel=f"CLIP score (100 {TIMES} cosine)", ylabel="test images")
    _legend(figure, handles, 2)
    return figure


@themed
def tokens(scores: pd.DataFrame) -> Figure:
    """Length of each headline caption on test against its CLIP score, with the mean of each length, 95 % interval."""
    test = _split(scores, "test")
    figure = _figure(2.1)
    ax = figure.add_subplot()
    ax.scatter(test["tokens"], test["clip_score"], s=7, color=BLUE, alpha=0.18, linewidths=0)
    means = test.groupby("tokens")["clip_score"].agg(["mean", "sem", "size"])
    means = means[means["size"] >= min(5, means["size"].max())]
    spread = 1.96 * means["sem"].fillna(0)
    ax.errorbar(means.index, means["mean"], spread, color=RED, marker="o", ms=2.5, lw=1, elinewidth=0.8)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="tokens of the caption", ylabel=f"CLIP score (100 {TIMES} cosine)")
    mean = Line2D([], [], color=RED, marker="o", ms=2.5, lw=1, label="mean at each length, 95 % interval")
    handles = [_marker("a test image", BLUE), mean]
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
    ax.set(xlabel="images in the mean, from the most extreme", ylabel=f"mean CLIP score\n(100 {TIMES} cosine)")
    ax.set_xlim(min(1, count), max(count, 2))
    ax.xaxis.get_major_locator().set_params(integer=True)
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
    seen = {"yes": "trained prompt", "no": "untrained prompt"}
    return handles + [
        _marker(label, BLACK, key == "yes") for key, label in seen.items() if key in set(ranked["trained"])
    ]


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
    if count < 2:
        return _note("not applicable: a single prompt")
    grids = [
        table.pivot(index="prompt", columns="versus", values=column).loc[names, names].to_numpy(float)
        for column in ("difference", "low", "high")
    ]
    difference, low, high = grids
    certain = (low > 0) | (high < 0)
    bound = np.nanmax(np.abs(difference)) or 1.0
    numbered = count <= 8
    height = 0.75 + (0.2 if numbered else 0.15) * count
    figure = _figure(height)
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
            if numbered:
                text = f"{difference[row, column]:.2f}".replace("-", MINUS)
                style = {"weight": "bold"} if certain[row, column] else {"style": "italic"}
                ax.text(column, row, text, ha="center", va="center", size=6, color=ink, **style)
            elif certain[row, column]:
                ax.plot(column, row, ".", color=ink, ms=1.5)
    ax.set_yticks(range(count), [f"{shown(text, 28)}  {row}" for row, text in enumerate(ranked["text"], start=1)])
    ticks = [row for row in range(count) if count <= 12 or row == 0 or (row + 1) % 5 == 0]
    ax.set_xticks(ticks, [str(row + 1) for row in ticks])
    ax.xaxis.tick_top()
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    ax.set_ylim(count - 0.5, -0.5)
    bar = figure.colorbar(image, ax=ax, location="bottom", aspect=35, pad=0.1 / height, shrink=0.9)
    bar.outline.set_visible(False)
    bar.locator.set_params(nbins=6)
    figure.supxlabel(f"CIDEr-D, row minus column ({'bold' if numbered else 'dot'}: interval excludes 0)", size=8)
    return figure


@themed
def curves(backbones: pd.DataFrame, project: pd.DataFrame, finetune: pd.DataFrame) -> Figure:
    """Losses of the backbones by step, and of both arms by epoch on training and validation data."""
    figure = _figure(2.1)
    left, right = figure.subplots(1, 2)
    for column, label, colour in (("encoder", "encoder (contrastive)", GREEN), ("decoder", "decoder (a token)", BLACK)):
        known = backbones.dropna(subset=[column])
        if len(known):
            left.plot(known["step"], known[column], color=colour, label=label)
    dashed = (0, (3, 1.5))
    for table, label, colour in ((project, "linear map", BLUE), (finetune, "GPT-2 too", RED)):
        style = {"color": colour, "marker": "o", "ms": 2.2, "lw": 1, "mew": 0.7}
        right.plot(table["epoch"], table["training_loss"], ls=dashed, mfc="white", **style)
        right.plot(table["epoch"], table["validation_loss"], label=label, **style)
    handles, _ = right.get_legend_handles_labels()
    style = {"color": GREY, "marker": "o", "ms": 2.2, "lw": 1, "mew": 0.7}
    handles += [
        Line2D([], [], ls=dashed, mfc="white", label="training", **style),
        Line2D([], [], label="validation", **style),
    ]
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.02), "handletextpad": 0.4}
    if left.lines:
        left.legend(**place)
        left.set_ylim(bottom=0)
        left.set(xlabel="step of a backbone", ylabel="loss (nats)")
        left.grid(axis="y")
    else:
        left.set_axis_off()
        left.text(
            0.5, 0.5, "backbones:\npretrained", ha="center", va="center", transform=left.transAxes, color="#555555"
        )
    right.legend(handles=handles, ncols=2, **place)
    right.xaxis.get_major_locator().set_params(integer=True)
    right.set(xlabel="epoch of an arm", ylabel="loss (nats a token)")
    right.grid(axis="y")
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
        return _note("not applicable: no drawn facts")
    kinds = list(dict.fromkeys(linear["fact"]))
    figure = _figure(0.65 + 0.18 * len(kinds))
    axes = figure.subplots(1, 2, sharey=True)
    figure.get_layout_engine().set(wspace=0.1)
    for ax, ratio in zip(axes, ("precision", "recall"), strict=True):
        for number, split in enumerate(present):
            for row in _split(linear, split).itertuples():
                if np.isfinite(getattr(row, ratio)):
                    total = row.right + row.wrong if ratio == "precision" else row.true
                    y = kinds.index(row.fact) + 0.24 * (number - (len(present) - 1) / 2)
                    ax.plot([0, getattr(row, ratio)], [y, y], color=SPLITS[split], lw=0.8, clip_on=False)
                    face = SPLITS[split] if total >= FEW else "white"
                    ax.plot(getattr(row, ratio), y, "o", color=SPLITS[split], ms=4, mfc=face, mew=0.9, clip_on=False)
        ax.set(xlabel=ratio, xlim=(0, 1))
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_xticks([0.25, 0.75], minor=True)
        ax.grid(axis="x")
    axes[0].set_yticks(range(len(kinds)), kinds)
    axes[0].set_ylim(len(kinds) - 0.5, -0.5)
    for ax in axes:
        ax.tick_params(axis="y", length=0, pad=5)
    handles = [_marker(split, SPLITS[split]) for split in present]
    _legend(figure, [*handles, _marker(f"of fewer than {FEW} facts", BLACK, False)], 3)
    return figure


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
    size, edge, title = 8, 0.24, 0.17
    step = (FULL - edge) / 4
    box = (step - 0.1, 1.25)
    captions = {name: [wrapped(text, box[0], size, 3) for text in chosen["caption"]] for name, chosen in rows.items()}
    lines = max(text.count("\n") + 1 for several in captions.values() for text in several)
    pitch = title + box[1] + 0.1 + 1.12 * lines * size / 72
    figure = Figure((FULL, len(rows) * pitch))
    for line, (name, chosen) in enumerate(rows.items()):
        top = line * pitch + title
        height = 1 - (top + box[1] / 2) / (len(rows) * pitch)
        figure.text(0.09 / FULL, height, name, rotation=90, ha="center", va="center", size=9)
        for place, (row, caption) in enumerate(zip(chosen.itertuples(), captions[name], strict=True)):
            _cell(figure, (edge + place * step + 0.05, top), box, picture(row.image_id), row.cider, caption, size)
    return figure


@themed
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
        f"Captions after {shown(prompt, 40)}",
        "test images at evenly spaced ranks of CIDEr-D, from the best to the worst",
    )
    ordered = _by_cider(scores)
    chosen = ordered.iloc[np.unique(np.linspace(0, len(ordered) - 1, 6).round().astype(int))]
    step, top, size = 1.84, 0.9, 10
    captions = [wrapped(text, step - 0.14, size, 3) for text in chosen["caption"]]
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
    handles = _ranking(ax, prompts, min(5.0, 0.3 * room), 28)
    ax.tick_params(axis="y", labelsize=min(10.0, 0.9 * room))
    ax.tick_params(axis="x", labelsize=9)
    ax.set_xlabel("CIDEr-D", size=10)
    known = {row.control: row.cider for row in _split(controls, "test").itertuples() if np.isfinite(row.cider)}
    ax.set_xlim(right=max(ax.get_xlim()[1], 1.04 * known.get("human", 0)))
    for name, colour, rise in (("human", GREEN, 3), ("shuffled", "#6E6E6E", 15)):
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
