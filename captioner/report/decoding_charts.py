"""The figure of ways of decoding: their table in, a Figure out."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from captioner.report import theme


@theme.themed
def quality(table: pd.DataFrame) -> Figure:
    """CIDEr-D on test, against as many references as people's captions, over self-CIDEr: of each way of decoding the
    mean of its captions and the one nearest by CLIP, people's captions, and the level of the greedy caption.
    """
    test = table[table["split"] == "test"].set_index(["decoding", "pick"])
    figure = theme.column_figure(2.7)
    measure = "cider_four" if test["cider_four"].notna().any() else "cider"
    ax = figure.add_subplot(xlabel="self-CIDEr of a picture's captions", ylabel="CIDEr-D, one reference left out")
    if measure == "cider":
        ax.set_ylabel("CIDEr-D")
    ax.axhline(test.loc[("greedy", "first"), measure], color=theme.GREY, lw=0.9, ls="--")
    for (name, pick), row in test.iterrows():
        if pick != "mean" or pd.isna(row["self_cider"]):
            continue
        colour = theme.BLACK if name == "people" else theme.AMBER if (name, "first") in test.index else theme.BLUE
        x, y = row["self_cider"], row[measure]
        if pd.isna(y):
            continue
        ax.plot([row["self_cider_low"], row["self_cider_high"]], [y, y], color=colour, lw=0.9)
        ax.plot([x, x], [row[f"{measure}_low"], row[f"{measure}_high"]], color=colour, lw=0.9)
        ax.plot(x, y, "*" if name == "people" else "o", color=colour, ms=7 if name == "people" else 4)
        ax.annotate(row["label"], (x, y), (-5, -9), textcoords="offset points", ha="right", size=6.5, color=colour)
        if (name, "clip") in test.index:
            best = test.loc[(name, "clip"), measure]
            ax.plot([x, x], [y, best], color=theme.RED, lw=0.6, ls=":")
            ax.plot(x, best, "o", color=theme.RED, ms=4, mfc="white", mew=0.9)
    ax.margins(x=0.18, y=0.1)
    ax.grid()
    handles = [
        theme.marker("one of those drawn, mean", theme.BLUE),
        theme.marker("one of a beam, mean", theme.AMBER),
        theme.marker("the nearest by CLIP", theme.RED, filled=False),
        Line2D([], [], color=theme.GREY, lw=0.9, ls="--", label="greedy"),
    ]
    theme.legend(figure, handles, 2)
    return figure
