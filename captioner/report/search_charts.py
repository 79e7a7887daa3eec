"""Figures of the search for the best prompt: one function a figure, tables of `optimise` in, a Figure out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from captioner.report import theme

PARTS = {  # of the confirmation, from the ceilings down: label, colour
    "oracle": ("best prompt of each image", theme.GREY),
    "soft": ("soft prompt", theme.PURPLE),
    "alone": ("map of the winner alone", theme.PURPLE),
    "consensus": ("consensus of all prompts", theme.GREEN),
    "reranked": ("CLIP picks among all prompts", theme.GREEN),
    "winner": ("winner", theme.RED),
    "runner-up": ("runner-up", theme.AMBER),
    "headline": ("headline prompt", theme.BLUE),
    "study": ("prompt of the study", theme.BLUE),
    "empty": ("empty prompt", theme.BLACK),
    "random": ("random words", theme.GREY),
}
SHOWN = {"val": ("o", False), "test": ("o", True), "novel": ("s", True)}


def objective_label(worth: str) -> str:
    """The axis of what a caption is worth to the search."""
    return worth[:1].upper() + worth[1:]


@theme.themed
def course(table: pd.DataFrame, worth: str) -> Figure:
    """What the incumbent is worth, with its interval over images, against the captions spent."""
    figure = theme.column_figure(1.9)
    ax = figure.add_subplot(xlabel="captions spent", ylabel=objective_label(worth), xscale="log")
    ax.fill_between(table["spent"], table["worth_low"], table["worth_high"], color=theme.BLUE, alpha=0.18, lw=0)
    ax.plot(table["spent"], table["worth"], "o-", color=theme.BLUE, ms=3)
    step = max(1, len(table) // 8)
    for row in table.iloc[::step].itertuples():
        above = (row.spent, row.worth_high)
        ax.annotate(f"{row.racing}", above, (0, 2), textcoords="offset points", ha="center", size=6, color=theme.GREY)
    ax.set_ylim(top=table["worth_high"].max() + 0.12 * np.ptp(table[["worth_low", "worth_high"]].to_numpy()))
    ax.set_xticks(ticks := [table["spent"].min(), table["spent"].max()], [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.grid(axis="y")
    return figure


def _rows(ax: Axes, labels: list[str]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")


@theme.themed
def confirmed(table: pd.DataFrame, worth: str) -> Figure:
    """Every prompt that was judged: its worth on val, where the search chose, and on test and novel, where it did
    not. Intervals are over images and maps.
    """
    prompts = table[table["part"].isin([part for part in PARTS if part not in ("consensus", "reranked", "oracle")])]
    test = prompts[prompts["split"] == "test"].sort_values("worth", ascending=False, kind="stable")
    place = {prompt: y for y, prompt in enumerate(test["prompt"])}
    figure = theme.column_figure(0.8 + 0.2 * len(test))
    ax = figure.add_subplot(xlabel=objective_label(worth))
    present = [split for split in SHOWN if (prompts["split"] == split).any()]
    for number, split in enumerate(present):
        shape, filled = SHOWN[split]
        for row in prompts[prompts["split"] == split].to_dict("records"):
            y, colour = place[row["prompt"]] + 0.24 * (number - (len(present) - 1) / 2), PARTS[row["part"]][1]
            ax.plot([row["worth_low"], row["worth_high"]], [y, y], color=colour, lw=0.9)
            ax.plot(row["worth"], y, shape, color=colour, ms=3, mfc=colour if filled else "white", mew=0.8)
    _rows(ax, [theme.shown(prompt, 30) for prompt in test["prompt"]])
    handles = [theme.marker(split, theme.BLACK, SHOWN[split][1], SHOWN[split][0]) for split in present]
    parts = [part for part in PARTS if part in set(test["part"])]
    theme.legend(figure, [*handles, *(theme.marker(PARTS[part][0], PARTS[part][1]) for part in parts)], 3)
    return figure


@theme.themed
def bounds(table: pd.DataFrame, ceilings: pd.DataFrame, worth: str) -> Figure:
    """What bounds the winner on test and novel: ceilings above, floors below; of runners-up, prompts of the study and
    random ones the means.
    """
    columns = ["split", "part", "worth", "worth_low", "worth_high"]
    both = pd.concat([table[columns], ceilings[columns]])
    mean = both.groupby(["split", "part"], sort=False).mean()
    parts = [part for part in PARTS if ("test", part) in mean.index]
    figure = theme.column_figure(0.6 + 0.2 * len(parts))
    ax = figure.add_subplot(xlabel=objective_label(worth))
    present = [split for split in theme.SPLITS if split in set(both["split"])]
    for number, split in enumerate(present):
        for y, part in enumerate(parts):
            row, at = mean.loc[split, part], y + 0.26 * (number - (len(present) - 1) / 2)
            ax.plot([row["worth_low"], row["worth_high"]], [at, at], color=theme.SPLITS[split], lw=1.1)
            ax.plot(row["worth"], at, "o", color=theme.SPLITS[split], ms=3.4)
    _rows(ax, [PARTS[part][0] for part in parts])
    theme.legend(figure, [theme.marker(split, theme.SPLITS[split]) for split in present], 2)
    return figure


def front(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that no other row beats in both worth (more) and tokens (fewer), by tokens."""
    ranked = table.sort_values(["tokens", "worth"], ascending=[True, False], kind="stable")
    best = ranked["worth"].cummax().shift(fill_value=-np.inf)
    return ranked[ranked["worth"] > best]


@theme.themed
def quality(search: pd.DataFrame, worth: str) -> Figure:
    """Worth of every candidate against the length of its captions on val, and the Pareto front of the finalists."""
    figure = theme.column_figure(2.3)
    ax = figure.add_subplot(xlabel="tokens of a caption", ylabel=objective_label(worth))
    seen = search[search["seen"] > 0]
    last = seen["seen"] == seen["seen"].max()
    ax.scatter(seen["tokens"][~last], seen["worth"][~last], 5, theme.GREY, alpha=0.35, lw=0)
    ax.scatter(seen["tokens"][last], seen["worth"][last], 14, theme.BLUE, lw=0, zorder=3)
    best = front(seen[last])
    near = ax.inset_axes([0.06, 0.6, 0.44, 0.38])  # the finalists stand close together
    near.scatter(seen["tokens"][last], seen["worth"][last], 10, theme.BLUE, lw=0)
    near.plot(best["tokens"], best["worth"], "o-", drawstyle="steps-post", color=theme.RED, lw=1, ms=3)
    near.tick_params(labelsize=5.5, pad=1)
    near.margins(0.12)
    handles = [
        theme.marker("left the race earlier", theme.GREY),
        theme.marker("seen on every instance", theme.BLUE),
        Line2D([], [], color=theme.RED, marker="o", ms=3, lw=1, label="Pareto front of these (inset)"),
    ]
    ax.grid()
    theme.legend(figure, handles, 2)
    return figure


@theme.themed
def components(table: pd.DataFrame) -> Figure:
    """The share of each component in the variance of what a caption is worth."""
    figure = theme.column_figure(0.5 + 0.19 * len(table))
    ax = figure.add_subplot(xlabel="share of the variance, per cent")
    shares = 100 * table["share"]
    ax.barh(range(len(table)), shares, 0.62, color=[_component_colour(name) for name in table["component"]])
    for y, share in enumerate(shares):
        ax.annotate(f"{share:.1f}", (share, y), (3, 0), textcoords="offset points", va="center", size=6.5)
    names = [name.replace(" x ", f" {theme.TIMES} ") for name in table["component"]]
    _rows(ax, [f"{name} and rest" if name.count(theme.TIMES) == 2 else name for name in names])
    ax.set_xlim(right=1.12 * max(shares.max(), 1e-9))
    return figure


def _component_colour(name: str) -> str:
    return theme.RED if name == "prompt" else theme.AMBER if "prompt" in name and name.count(" x ") < 2 else theme.GREY


@theme.themed
def families(table: pd.DataFrame, worth: str) -> Figure:
    """Mean worth on val of all prompts of the grammar that share a template, an adjective or a noun."""
    figure = theme.column_figure(0.7 + 0.165 * len(table))
    ax = figure.add_subplot(xlabel=objective_label(worth))
    colours = {"template": theme.BLUE, "adjective": theme.GREEN, "noun": theme.PURPLE}
    ranked = table.assign(order=table["family"].map(list(colours).index)).sort_values(
        ["order", "worth"], ascending=[True, False], kind="stable", ignore_index=True
    )
    for y, row in enumerate(ranked.to_dict("records")):
        ax.plot([row["worth_low"], row["worth_high"]], [y, y], color=colours[row["family"]], lw=1.1)
        ax.plot(row["worth"], y, "o", color=colours[row["family"]], ms=3.4)
    for y in np.flatnonzero(np.diff(ranked["order"])):
        ax.axhline(y + 0.5, color="#BBBBBB", lw=0.5)
    _rows(ax, [theme.shown(text, 32) if text else "(no adjective)" for text in ranked["text"]])
    theme.legend(figure, [theme.marker(name, colour) for name, colour in colours.items()], 3)
    return figure


@theme.themed
def attribution(table: pd.DataFrame) -> Figure:
    """For the first prompt of the table, by place in the caption: what the decoder attends to, and what image and
    prompt add to the word's log-probability.
    """
    first = table[table["prompt"] == table["prompt"].iloc[0]]
    first = first[first["captions"] >= max(1, first["captions"].max() // 5)]  # places that enough captions reach
    figure = theme.column_figure(2.9)
    above, below = figure.subplots(2, sharex=True)
    parts = {"prefix": ("prefix", theme.SKY), "prompt": ("prompt", theme.AMBER), "caption": ("caption", "#D9D9D9")}
    shares = [100 * first[f"{part}_share"] for part in parts]
    above.stackplot(first["token"], shares, colors=[colour for _, colour in parts.values()], lw=0)
    above.set(ylabel="attention, per cent", ylim=(0, 100), xlim=(1, max(2, first["token"].max())))
    below.plot(first["token"], first["image_nats"], "o-", color=theme.BLUE, ms=2.5)
    below.plot(first["token"], first["prompt_nats"], "s-", color=theme.RED, ms=2.5)
    below.axhline(0, color="#555555", lw=0.6)
    below.set(ylabel="nats added", xlabel="token of the caption")
    below.grid(axis="y")
    handles = [theme.marker(label, colour, shape="s") for label, colour in parts.values()]
    handles += [theme.marker("added by the image", theme.BLUE), theme.marker("by the prompt", theme.RED, shape="s")]
    theme.legend(figure, handles, 3)
    return figure
