"""Figures of the headline captions and of the trainings: one function a figure, drawn at final size.

Tables (columns as in `plots/*.csv`) in, a matplotlib Figure out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from captioner.report import theme
from captioner.report.arms import labels


@theme.themed
def histogram(scores: pd.DataFrame) -> Figure:
    """CLIP scores (100 x cosine) of the headline captions on test, of every seed: on their own images and on shuffled
    ones.
    """
    test = theme.rows_of(scores, "test")
    figure = theme.column_figure(2.1)
    ax = figure.add_subplot()
    both = {"own image": ("clip_score", theme.BLUE), "shuffled image": ("clip_score_shuffled", theme.GREY)}
    bins = np.histogram_bin_edges(test[[column for column, _ in both.values()]].to_numpy(), bins=45)
    handles = []
    for label, (column, colour) in both.items():
        mean = test[column].mean()
        label = f"{label} (mean {mean:.1f})".replace("-", theme.MINUS)
        handles += ax.hist(test[column], bins, color=colour, alpha=0.65, label=label, histtype="stepfilled")[2]
        ax.axvline(mean, color=colour if colour == theme.BLUE else "#555555", lw=1, ls=(0, (4, 2)))
    ax.set(xlabel=f"CLIP score (100 {theme.TIMES} cosine)", ylabel="captions")
    theme.legend(figure, handles, 2)
    return figure


@theme.themed
def tokens(scores: pd.DataFrame, lengths: pd.DataFrame) -> Figure:
    """Length of each headline caption on test against its CLIP score, the mean of each length, and a smoothed line."""
    test = theme.rows_of(scores, "test")
    figure = theme.column_figure(2.1)
    ax = figure.add_subplot()
    ax.scatter(test["tokens"], test["clip_score"], s=7, color=theme.BLUE, alpha=0.18, linewidths=0, rasterized=True)
    common = lengths[lengths["captions"] >= min(5, lengths["captions"].max())]
    ax.plot(common["tokens"], common["clip_score"], "o", color=theme.BLACK, ms=2.5)
    ax.plot(lengths["tokens"], lengths["smooth"], color=theme.RED, lw=1.4)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="tokens of the caption", ylabel=f"CLIP score (100 {theme.TIMES} cosine)")
    handles = [
        theme.marker("a caption", theme.BLUE),
        Line2D([], [], color=theme.BLACK, marker="o", ms=2.5, ls="none", label="mean of a length"),
        Line2D([], [], color=theme.RED, lw=1.4, label="LOWESS"),
    ]
    theme.legend(figure, handles, 3)
    return figure


@theme.themed
def cumulative(table: pd.DataFrame) -> Figure:
    """Cumulative mean CLIP score of the best and the worst images of test with intervals, and for shuffled images."""
    figure = theme.column_figure(2.1)
    ax = figure.add_subplot()
    count = len(table)
    curves = {"top": (f"best {count}", theme.BLUE), "bottom": (f"worst {count}", theme.RED)}
    handles = []
    for column, (label, colour) in curves.items():
        ax.fill_between(table["rank"], table[f"{column}_low"], table[f"{column}_high"], color=colour, alpha=0.18, lw=0)
        handles += ax.plot(table["rank"], table[column], color=colour, label=f"{label}, own image")
        handles += ax.plot(
            table["rank"], table[f"{column}_shuffled"], color=colour, ls=(0, (3, 1.5)), label=f"{label}, shuffled"
        )
    ax.grid(axis="y")
    ax.set(xlabel="images in the mean, from the most extreme", ylabel=f"mean CLIP score\n(100 {theme.TIMES} cosine)")
    ax.set_xlim(min(1, count), max(count, 2))
    ax.xaxis.get_major_locator().set_params(integer=True)
    theme.legend(figure, handles, 2)
    return figure


@theme.themed
def curves(backbones: pd.DataFrame, project: pd.DataFrame, finetune: pd.DataFrame) -> Figure:
    """Losses of the backbones by step, and of both arms by epoch on training and validation data."""
    figure = theme.column_figure(2.1)
    left, right = figure.subplots(1, 2)
    for column, label, colour in (
        ("encoder", "encoder (contrastive)", theme.GREEN),
        ("decoder", "decoder (a token)", theme.BLACK),
    ):
        known = backbones.dropna(subset=[column])
        if len(known):
            left.plot(known["step"], known[column], color=colour, label=label)
    dashed = (0, (3, 1.5))
    for table, label, colour in ((project, "linear map", theme.BLUE), (finetune, "GPT-2 too", theme.RED)):
        style = {"color": colour, "marker": "o", "ms": 2.2, "lw": 1, "mew": 0.7}
        right.plot(table["epoch"], table["training_loss"], ls=dashed, mfc="white", **style)
        right.plot(table["epoch"], table["validation_loss"], label=label, **style)
    handles, _ = right.get_legend_handles_labels()
    style = {"color": theme.GREY, "marker": "o", "ms": 2.2, "lw": 1, "mew": 0.7}
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


@theme.themed
def controls(table: pd.DataFrame) -> Figure:
    """CIDEr-D of people, arms and controls with intervals, on test and, where there is one, novel."""
    rows = {(row["split"], row["control"]): row for row in table.to_dict("records") if np.isfinite(row["cider"])}
    told = labels(table["control"])
    names = [name for name in told if any((split, name) in rows for split in theme.SPLITS)]
    present = [split for split in theme.SPLITS if any((split, name) in rows for name in names)]
    height = 0.8 / max(1, len(present))
    figure = theme.column_figure(0.6 + 0.2 * len(names))
    ax = figure.add_subplot()
    for number, split in enumerate(present):
        for place, name in enumerate(names):
            if (split, name) in rows:
                row = rows[split, name]
                mine = [other for other in present if (other, name) in rows]
                y = place + (height * (number - (len(present) - 1) / 2) if len(mine) > 1 else 0)
                ax.barh(y, row["cider"], height * 0.9, color=theme.SPLITS[split], alpha=0.8)
                ax.plot([row["cider_low"], row["cider_high"]], [y, y], color=theme.BLACK, lw=0.8)
                end = max(row["cider"], np.nan_to_num(row["cider_high"], nan=0.0))
                ax.annotate(
                    f"{row['cider']:.2f}", (end, y), (2, -0.3), textcoords="offset points", va="center", size=5.5
                )
    ax.set_yticks(range(len(names)), [told[name] for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.margins(x=0.1)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("CIDEr-D")
    theme.legend(figure, [theme.marker(split, theme.SPLITS[split], shape="s") for split in present], 2)
    return figure


@theme.themed
def facts(table: pd.DataFrame) -> Figure:
    """Precision and recall of the headline arm by kind of fact, test against novel; hollow where few facts count."""
    linear = table[table["arm"] == "linear"]
    present = [split for split in theme.SPLITS if len(theme.rows_of(linear, split))]
    if not present:
        return theme.note("not applicable: no drawn facts")
    kinds = list(dict.fromkeys(linear["fact"]))
    figure = theme.column_figure(0.65 + 0.18 * len(kinds))
    axes = figure.subplots(1, 2, sharey=True)
    figure.get_layout_engine().set(wspace=0.1)
    for ax, ratio in zip(axes, ("precision", "recall"), strict=True):
        for number, split in enumerate(present):
            for row in theme.rows_of(linear, split).itertuples():
                if np.isfinite(getattr(row, ratio)):
                    total = row.right + row.wrong if ratio == "precision" else row.true
                    y = kinds.index(row.fact) + 0.24 * (number - (len(present) - 1) / 2)
                    ax.plot([0, getattr(row, ratio)], [y, y], color=theme.SPLITS[split], lw=0.8, clip_on=False)
                    face = theme.SPLITS[split] if total >= theme.FEW else "white"
                    ax.plot(
                        getattr(row, ratio), y, "o", color=theme.SPLITS[split], ms=4, mfc=face, mew=0.9, clip_on=False
                    )
        ax.set(xlabel=ratio, xlim=(0, 1))
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_xticks([0.25, 0.75], minor=True)
        ax.grid(axis="x")
    axes[0].set_yticks(range(len(kinds)), kinds)
    axes[0].set_ylim(len(kinds) - 0.5, -0.5)
    for ax in axes:
        ax.tick_params(axis="y", length=0, pad=5)
    handles = [theme.marker(split, theme.SPLITS[split]) for split in present]
    theme.legend(figure, [*handles, theme.marker(f"of fewer than {theme.FEW} facts", theme.BLACK, False)], 3)
    return figure
