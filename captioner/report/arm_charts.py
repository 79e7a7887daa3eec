"""The figure of the arms: their tables in, a Figure out."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from captioner.report import theme
from captioner.report.arm_wording import label


@theme.themed
def arms(table: pd.DataFrame, seeds: pd.DataFrame) -> Figure:
    """CIDEr-D of every trained arm by split, with its interval over seeds and images, and of each seed alone."""
    trained = table[table["parameters"] > 0]
    order = theme.rows_of(trained, "test").sort_values("cider", ascending=False, kind="stable")["arm"].tolist()
    present = [split for split in theme.SPLITS if split in set(trained["split"])]
    figure = theme.column_figure(0.7 + 0.2 * len(order))
    axes = figure.subplots(1, len(present), sharey=True, squeeze=False)[0]
    for ax, split in zip(axes, present, strict=True):
        colour, rows = theme.SPLITS[split], theme.rows_of(trained, split).set_index("arm")
        ax.axvline(rows.loc["linear", "cider"], color=theme.GREY, lw=0.6, ls=":")
        for y, arm in enumerate(order):
            row = rows.loc[arm]
            ax.plot([row["cider_low"], row["cider_high"]], [y, y], color=colour, lw=1.1)
            ax.plot(row["cider"], y, "o", color=colour, ms=3.6)
            single = seeds[(seeds["split"] == split) & (seeds["arm"] == arm)]["cider"]
            ax.plot(single, [y + 0.26] * len(single), "o", color=colour, ms=2.2, mfc="white", mew=0.6)
        ax.set_xlabel(f"CIDEr-D, {split}")
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x")
    axes[0].set_yticks(range(len(order)), [label(arm) for arm in order])
    axes[0].set_ylim(len(order) - 0.5, -0.5)
    handles = [
        theme.marker("mean, interval over seeds and images", theme.BLACK),
        theme.marker("one seed", theme.BLACK, False),
    ]
    theme.legend(figure, handles, 2)
    return figure
