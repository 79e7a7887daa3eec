"""The figure on the pretrained language model: each prompt under it against the study's miniature."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from captioner.report import theme


@theme.themed
def prompts(table: pd.DataFrame) -> Figure:
    """CIDEr-D of each prompt under the pretrained model against that under the miniature, with intervals."""
    figure = theme.column_figure(2.5)
    ax = figure.add_subplot(xlabel="CIDEr-D under the miniature", ylabel="under the pretrained model")
    for split, colour in theme.SPLITS.items():
        for row in theme.rows_of(table, split).itertuples():
            _, shape, filled = theme.GROUPS[row.group]
            line = {"color": colour, "lw": 0.8, "alpha": 0.6, "zorder": 2}
            ax.plot([row.miniature_low, row.miniature_high], [row.cider] * 2, **line)
            ax.plot([row.miniature] * 2, [row.cider_low, row.cider_high], **line)
            face = colour if filled else "white"
            ax.plot(row.miniature, row.cider, shape, color=colour, ms=4, mfc=face, mew=0.9, zorder=3)
            if split == "test":
                place = (row.miniature, row.cider)
                ax.annotate(row.prompt, place, (3, 3), textcoords="offset points", size=6, color=theme.GREY)
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.grid()
    groups = [theme.marker(*told) for told in _labels(table)]
    splits = [Line2D([], [], color=colour, lw=2, label=name) for name, colour in theme.SPLITS.items()]
    theme.legend(figure, [*groups, *splits], 3)
    return figure


def _labels(table: pd.DataFrame) -> list[tuple[str, str, bool, str]]:
    present = set(table["group"])
    return [
        (label, theme.BLACK, filled, shape) for name, (label, shape, filled) in theme.GROUPS.items() if name in present
    ]
