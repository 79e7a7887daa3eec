"""Figures that compare the prompts: one function a figure, tables of `compare` in, a matplotlib Figure out.

In all of them the prompts stand in one order: by group (seen in training, unseen, unrelated), then by CIDEr-D on test.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from captioner.report import theme

NUMBERED = 10  # prompts up to which a matrix has numbers in its cells


def ordered(prompts: pd.DataFrame) -> pd.DataFrame:
    """The rows of test in the order of all figures."""
    place = {name: number for number, name in enumerate(theme.GROUPS)}
    test = theme.rows_of(prompts, "test")
    return test.assign(place=test["group"].map(place)).sort_values(
        ["place", "cider", "prompt"], ascending=[True, False, True], ignore_index=True
    )


def _rows(ax: Axes, ranked: pd.DataFrame, limit: int = 30, numbers: bool = False) -> None:
    """One row a prompt, the first at the top, a thin line between the groups."""
    labels = [theme.shown(text, limit) for text in ranked["text"]]
    if numbers:
        labels = [f"{label}  {row}" for row, label in enumerate(labels, start=1)]
    ax.set_yticks(range(len(ranked)), labels)
    ax.set_ylim(len(ranked) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    groups = list(ranked["group"])
    for row in range(1, len(groups)):
        if groups[row] != groups[row - 1]:
            ax.axhline(row - 0.5, color="#BBBBBB", lw=0.5)


def _dots(
    ax: Axes, ranked: pd.DataFrame, measure: str, colour: str, shift: float = 0.0, size: float = 4.0
) -> None:  # fmt: skip
    """A measure of each prompt with its interval; the marker tells the group."""
    for y, row in enumerate(ranked.to_dict("records")):
        _, shape, filled = theme.GROUPS[row["group"]]
        low, high = row[f"{measure}_low"], row[f"{measure}_high"]
        ax.plot([low, high], [y + shift] * 2, color=colour, lw=size / 3.2, solid_capstyle="butt", zorder=2)
        face = colour if filled else "white"
        ax.plot(row[measure], y + shift, shape, color=colour, ms=size, mfc=face, mew=size / 4.5, zorder=3)


def _groups(ranked: pd.DataFrame) -> list[Line2D]:
    """Legend entries of the groups that are there."""
    present = set(ranked["group"])
    return [
        theme.marker(label, theme.BLACK, filled, shape)
        for name, (label, shape, filled) in theme.GROUPS.items()
        if name in present
    ]


def draw_ranking(
    ax: Axes, prompts: pd.DataFrame, size: float, limit: int = 32, seeds: pd.DataFrame | None = None
) -> list[Line2D]:
    """CIDEr-D with its interval of each prompt on test and novel; returns the legend's handles.

    `size`: points of a marker; `limit`: characters of a prompt; `seeds`: each seed's mean becomes a tick.
    """
    ranked = ordered(prompts)
    present = [name for name in theme.SPLITS if len(theme.rows_of(prompts, name))]
    for number, split in enumerate(present):
        shift = 0.3 * (number - (len(present) - 1) / 2)
        part = theme.rows_of(prompts, split).set_index("prompt").loc[ranked["prompt"]].reset_index()
        _dots(ax, part, "cider", theme.SPLITS[split], shift, size)
        if seeds is not None:
            place = {name: y + shift for y, name in enumerate(ranked["prompt"])}
            own = theme.rows_of(seeds, split)
            ax.scatter(
                own["cider"], [place[name] + 0.17 for name in own["prompt"]], 6, theme.SPLITS[split], marker="|", lw=0.6
            )
    _rows(ax, ranked, limit)
    ax.set_xlim(left=min(0, ax.get_xlim()[0]))
    ax.grid(axis="x")
    return [theme.marker(split, theme.SPLITS[split], shape="s") for split in present] + _groups(ranked)


@theme.themed
def ranking(prompts: pd.DataFrame, seeds: pd.DataFrame) -> Figure:
    """CIDEr-D of every prompt on test and novel, intervals over images and seeds, a tick for each seed's mean."""
    figure = theme.column_figure(0.75 + 0.24 * prompts["prompt"].nunique())
    ax = figure.add_subplot()
    handles = draw_ranking(ax, prompts, 4, seeds=seeds)
    ax.set_xlabel("CIDEr-D")
    handles.append(Line2D([], [], color=theme.GREY, marker="|", ls="none", ms=4, label="one seed"))
    theme.legend(figure, handles, 3)
    return figure


@theme.themed
def transfer(table: pd.DataFrame, prompts: pd.DataFrame) -> Figure:
    """CIDEr-D on test of every prompt with the study's maps, and with the map that met the empty prompt only."""
    ranked = ordered(prompts)
    both = ranked[["prompt", "text", "group"]].merge(table.drop(columns=["text", "group"]), on="prompt")
    figure = theme.column_figure(0.7 + 0.22 * len(ranked))
    ax = figure.add_subplot()
    for y, row in enumerate(both.itertuples()):
        ax.plot([row.cider, row.empty], [y, y], color="#BBBBBB", lw=0.8, zorder=1)
    styles = {"cider": ("maps trained with prompts", theme.BLUE), "empty": ("map of the empty prompt", theme.AMBER)}
    for name, (_, colour) in styles.items():
        _dots(ax, both, name, colour, size=4)
    _rows(ax, ranked)
    ax.set_xlim(left=min(0, ax.get_xlim()[0]))
    ax.grid(axis="x")
    ax.set_xlabel("CIDEr-D")
    theme.legend(figure, [theme.marker(*style) for style in styles.values()], 2)
    return figure


@theme.themed
def wins(prompts: pd.DataFrame) -> Figure:
    """On how many test images each prompt has the highest CIDEr-D, ties split, with intervals; dashed: all equal."""
    ranked = ordered(prompts)
    figure = theme.column_figure(0.55 + 0.19 * len(ranked))
    ax = figure.add_subplot()
    ax.barh(range(len(ranked)), ranked["wins"], 0.62, color=theme.BLUE, alpha=0.75)
    for y, row in enumerate(ranked.itertuples()):
        ax.plot([row.wins_low, row.wins_high], [y, y], color=theme.BLACK, lw=1)
    ax.axvline(ranked["wins"].sum() / len(ranked), color=theme.RED, lw=1, ls=(0, (4, 2)))
    _rows(ax, ranked)
    ax.grid(axis="x")
    ax.set_xlabel("test images on which the prompt is best")
    return figure


def _matrix(
    ax: Axes, table: np.ndarray, colours: str, bounds: tuple[float, float], digits: int, bold: np.ndarray | None = None,
    muted: np.ndarray | None = None, size: float = 6.0,
) -> mpl.collections.QuadMesh:  # fmt: skip
    """A table [P, Q] as coloured cells with numbers, some `bold`, some `muted` (in italics); NaN is empty."""
    rows, columns = table.shape
    image = ax.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, np.ma.masked_invalid(table), cmap=colours,
        vmin=bounds[0], vmax=bounds[1], edgecolors="white", linewidth=0.4,
    )  # fmt: skip
    for row, column in np.argwhere(np.isfinite(table)):
        value = table[row, column]
        red, green, blue, _ = image.cmap(image.norm(value))
        ink = "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else theme.BLACK
        style = {"weight": "bold" if bold is not None and bold[row, column] else "normal"}
        if muted is not None and muted[row, column]:
            style = {"style": "italic", "alpha": 0.75}
        if max(rows, columns) <= NUMBERED:
            text = f"{value:.{digits}f}"
            text = text.lstrip("-") if not float(text) else text.replace("-", theme.MINUS)
            ax.text(column, row, text, ha="center", va="center", size=size, color=ink, **style)
        elif bold is not None and bold[row, column]:
            ax.plot(column, row, ".", color=ink, ms=1.5)
    ax.spines[:].set_visible(False)
    ax.set_xlim(-0.5, columns - 0.5)
    return image


def _numbers(ax: Axes, count: int) -> None:
    """The prompts' numbers above the columns of a matrix."""
    ticks = [row for row in range(count) if count <= 12 or row == 0 or (row + 1) % 5 == 0]
    ax.set_xticks(ticks, [str(row + 1) for row in ticks])
    ax.xaxis.tick_top()
    ax.tick_params(length=0, pad=2)


def _grid(table: pd.DataFrame, column: str, names: Sequence[str]) -> np.ndarray:
    """A column of a table of ordered pairs as [P, P]; NaN where a pair is not there."""
    wide = table.pivot(index="prompt", columns="versus", values=column)
    return wide.reindex(index=names, columns=names).to_numpy(float)


@theme.themed
def pairs(table: pd.DataFrame, prompts: pd.DataFrame) -> Figure:
    """Paired difference in CIDEr-D on test, row minus column. Bold: differs after Holm; italic and grey: equivalent.

    Where there is no room for numbers, a dot is a difference.
    """
    ranked = ordered(prompts)
    names, count = list(ranked["prompt"]), len(ranked)
    if count < 2:
        return theme.note("not applicable: a single prompt")
    primary = table[table["measure"] == "cider"]
    difference = _grid(primary, "difference", names)
    verdicts = primary.assign(
        differs=primary["verdict"].str.startswith("differs") * 1.0, same=(primary["verdict"] == "equivalent") * 1.0
    )
    bold, muted = _grid(verdicts, "differs", names) == 1, _grid(verdicts, "same", names) == 1
    related = (ranked["group"] != "unrelated").to_numpy()
    inner = difference[np.ix_(related, related)] if related.sum() > 1 else difference
    bound = float(np.nanmax(np.abs(inner))) or 1.0  # an unrelated prompt's distance would bleach all other cells
    height = 0.8 + (0.2 if count <= NUMBERED else 0.15) * count
    figure = theme.column_figure(height)
    ax = figure.add_subplot()
    image = _matrix(ax, difference, "RdBu", (-bound, bound), 2, bold, muted, 6.0 if count <= 8 else 5.2)
    _rows(ax, ranked, 26, numbers=True)
    _numbers(ax, count)
    extend = "both" if np.nanmax(np.abs(difference)) > bound else "neither"
    bar = figure.colorbar(image, ax=ax, location="bottom", aspect=35, pad=0.1 / height, shrink=0.9, extend=extend)
    bar.outline.set_visible(False)
    bar.locator.set_params(nbins=6)
    figure.supxlabel("CIDEr-D, row minus column", size=8)
    return figure


@theme.themed
def together(table: pd.DataFrame, prompts: pd.DataFrame) -> Figure:
    """Prompt by prompt: compatibility above chance (asymmetric), agreement, and success on the same images."""
    ranked = ordered(prompts)
    names, count = list(ranked["prompt"]), len(ranked)
    if count < 2:
        return theme.note("not applicable: a single prompt")
    panels = {
        "lift": ("(a) compatibility above chance\nrow retrieves, column is scored", "PuBu", 0),
        "agreement": ("(b) agreement of captions\nabove chance", "YlGn", 2),
        "together": ("(c) success on the same images\nSpearman, CIDEr-D", "OrRd", 2),
    }
    figure = Figure((theme.FULL, 0.85 + 0.22 * count), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    for ax, (column, (title, colours, digits)) in zip(axes, panels.items(), strict=True):
        values = _grid(table, column, names)
        low, high = min(0.0, float(np.nanmin(values))), float(np.nanmax(values))
        own = np.eye(count, dtype=bool) if column == "lift" else None
        _matrix(
            ax, values, colours, (low, max(low, high * 1.15) or 1.0), digits, muted=own, size=6.0 if count <= 8 else 5.2
        )
        _numbers(ax, count)
        ax.set_title(title, size=8)
    _rows(axes[0], ranked, 26, numbers=True)
    for ax in axes[1:]:
        ax.tick_params(axis="y", length=0)
    return figure


@theme.themed
def efficiency(prompts: pd.DataFrame, lengths: pd.DataFrame) -> Figure:
    """Above: CLIP points a token, ratio of sums. Below: CLIP score against length, smoothed, and prompts' means,
    unrelated prompts left out.
    """
    ranked = ordered(prompts)
    figure = theme.column_figure(2.45 + 0.17 * len(ranked))
    above, below = figure.subplots(2, 1, height_ratios=[0.35 + 0.17 * len(ranked), 1.8])
    _dots(above, ranked, "per_token", theme.BLUE)
    _rows(above, ranked)
    above.grid(axis="x")
    above.set_xlabel("CLIP points a token (ratio of sums)")
    colours = {"seen": theme.BLUE, "unseen": theme.RED, "unrelated": theme.GREY}
    for row in ranked[ranked["group"] != "unrelated"].to_dict("records"):
        _, shape, filled = theme.GROUPS[row["group"]]
        colour = colours[row["group"]]
        curve = lengths[(lengths["prompt"] == row["prompt"]) & (lengths["captions"] >= 10)].dropna(subset=["smooth"])
        below.plot(curve["tokens"], curve["smooth"], color=colour, lw=0.8, alpha=0.7)
        face = colour if filled else "white"
        below.plot(row["tokens"], row["clip_score"], shape, color=colour, ms=4.5, mfc=face, mew=0.9, zorder=3)
    below.set(xlabel="tokens of the caption", ylabel=f"CLIP score (100 {theme.TIMES} cosine)")
    below.grid()
    entries = [
        theme.marker(label, colours[name], filled, shape)
        for name, (label, shape, filled) in theme.GROUPS.items()
        if name in set(ranked["group"])
    ]
    theme.legend(figure, entries, 3)
    return figure


@theme.themed
def rankings(table: pd.DataFrame, ranks: pd.DataFrame, prompts: pd.DataFrame) -> Figure:
    """Entropy-weighted scores, their min-max values beside CIDEr-D's, and the bootstrap probability of each rank."""
    ranked = ordered(prompts)
    names, count = list(ranked["prompt"]), len(ranked)
    if count < 2:
        return theme.note("not applicable: a single prompt")
    chosen = table[(table["variant"] == "cider") | (table["exponent"] == 1)]
    variants = {
        name: chosen[chosen["variant"] == name].set_index("prompt").reindex(names)
        for name in chosen["variant"].unique()
    }
    styles = {
        "cider": ("CIDEr-D", theme.BLACK),
        "penalised": ("penalised", theme.BLUE),
        "self-normalised": ("self-normalised", theme.AMBER),
    }
    figure = Figure((theme.FULL, 0.95 + 0.2 * count), layout="constrained")
    axes = figure.subplots(1, 4, sharey=True, width_ratios=[1.2, 1, 1.15, 1.15])
    for number, (name, part) in enumerate(variants.items()):
        _, colour = styles[name]
        shift = 0.22 * (number - 1)
        if name != "cider":
            _dots(axes[0], part.rename(columns=lambda key: key.replace("score", "value")), "value", colour, shift, 3.6)
        axes[1].plot(part["minmax"], np.arange(count) + shift, "D", color=colour, ms=3.2, clip_on=False)
    axes[0].set(xlabel=f"100 {theme.TIMES} cosine", title="(a) weighted CLIP score")
    axes[1].set(xlabel="min-max", title="(b) normalised", xlim=(0, 1))
    for ax in axes[:2]:
        ax.grid(axis="x")
    for ax, name, title in zip(
        axes[2:], ("cider", "penalised"), ("(c) rank by CIDEr-D", "(d) rank, penalised"), strict=True
    ):
        part = ranks[ranks["variant"] == name]
        if len(part):
            wide = part.pivot(index="prompt", columns="rank", values="probability").reindex(names).to_numpy(float)
            image = ax.pcolormesh(
                np.arange(count + 1) + 0.5, np.arange(count + 1) - 0.5, wide, cmap="Blues", vmin=0, vmax=1,
                edgecolors="white", linewidth=0.4,
            )  # fmt: skip
            for row, column in np.argwhere(wide >= 0.05) if count <= NUMBERED else ():
                ink = "white" if wide[row, column] > 0.55 else theme.BLACK
                text = f"{wide[row, column]:.2f}".replace("0.", ".").replace("1.00", "1")
                ax.text(column + 1, row, text, ha="center", va="center", size=6, color=ink)
            ax.set_xticks([rank for rank in range(1, count + 1) if count <= 12 or rank % 5 == 0])
            del image
        ax.set(xlabel="rank", title=title)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    for ax in axes:
        ax.title.set_size(8)
        ax.tick_params(axis="y", length=0)
    _rows(axes[0], ranked)
    handles = [theme.marker(*styles[name], shape="D") for name in variants]
    theme.legend(figure, [*handles, *_groups(ranked)], 6)
    return figure


@theme.themed
def mixed(table: pd.DataFrame, prompts: pd.DataFrame) -> Figure:
    """Effect of each prompt on CIDEr-D against the mean over prompts, total and direct (at equal length)."""
    ranked = ordered(prompts)
    if not np.isfinite(table["total"]).any():
        return theme.note("not applicable: the mixed model could not be fitted")
    both = ranked[["prompt", "text", "group"]].merge(table, on="prompt")
    figure = theme.column_figure(0.7 + 0.2 * len(ranked))
    ax = figure.add_subplot()
    styles = {"total": ("total effect", theme.BLUE), "direct": ("direct effect, at equal length", theme.GREEN)}
    present = {name: style for name, style in styles.items() if np.isfinite(both[name]).any()}
    for number, (name, (_, colour)) in enumerate(present.items()):
        _dots(ax, both, name, colour, 0.24 * (number - (len(present) - 1) / 2), 3.6)
    ax.axvline(0, color="#555555", lw=0.6)
    _rows(ax, ranked)
    ax.grid(axis="x")
    ax.set_xlabel("CIDEr-D, against the mean over prompts")
    theme.legend(figure, [theme.marker(*style) for style in present.values()], 2)
    return figure


@theme.themed
def surface(table: pd.DataFrame, prompts: pd.DataFrame) -> Figure:
    """CIDEr-D of each prompt on the test images, from the hardest for all prompts to the easiest."""
    ranked = ordered(prompts)
    wide = table.pivot(index="prompt", columns="bin", values="cider").reindex(ranked["prompt"]).to_numpy(float)
    figure = theme.column_figure(0.95 + 0.17 * len(ranked))
    ax = figure.add_subplot()
    image = ax.pcolormesh(
        np.linspace(0, 100, wide.shape[1] + 1), np.arange(len(ranked) + 1) - 0.5, wide, cmap="viridis", rasterized=True
    )
    _rows(ax, ranked)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("test images, hardest to easiest (%)")
    bar = figure.colorbar(image, ax=ax, aspect=18, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label("CIDEr-D", size=8)
    return figure
