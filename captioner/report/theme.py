"""What all figures share: fonts, colours, widths, how texts are shown, and how a figure is written.

Texts are shown literally, never as math.
"""

from __future__ import annotations

import functools
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from captioner.report.fonts import fallback

P = ParamSpec("P")
R = TypeVar("R")
COLUMN, FULL = 3.33, 6.9  # widths in inches
TIMES, MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"
BLUE, RED, GREEN, GREY, BLACK = "#0072B2", "#D55E00", "#009E73", "#8C8C8C", "#222222"  # Okabe and Ito's, and greys
PURPLE, AMBER, SKY = "#CC79A7", "#E69F00", "#56B4E9"
SPLITS = {"test": BLUE, "novel": RED}
GROUPS = {  # of prompts: label, marker, whether it is filled
    "seen": ("seen in training", "o", True),
    "unseen": ("unseen", "o", False),
    "unrelated": ("unrelated", "s", False),
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
    """The function under the theme, with a font for East Asian signs where there is one; silent about signs that the
    fonts lack.
    """

    @functools.wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        families = [*THEME["font.family"], *filter(None, [fallback()])]
        with mpl.rc_context({**THEME, "font.family": families}), warnings.catch_warnings():
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


def column_figure(height: float) -> Figure:
    """An empty figure as wide as a column, this many inches high."""
    return Figure((COLUMN, height), layout="constrained")


def note(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = column_figure(0.8)
    figure.text(0.5, 0.5, text, ha="center", va="center", color="#555555")
    return figure


def rows_of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one split."""
    return table[table["split"] == name]


def legend(figure: Figure, handles: Sequence, columns: int) -> None:
    """A legend above the axes."""
    figure.legend(handles=handles, loc="outside upper center", ncols=columns)


def marker(label: str, colour: str, filled: bool = True, shape: str = "o") -> Line2D:
    """A legend's entry: one marker."""
    face = colour if filled else "white"
    return Line2D([], [], color=colour, marker=shape, ls="none", ms=4, mfc=face, mew=0.9, label=label)
