r"""The figures, tables and numbers of the paper, as its LaTeX sources name them.

A number is ``\result{key}``; a float names its stage and its data as ``\from{compare}{plots/pairs.csv}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONDITION = re.compile(r"\\(if[a-z]+|else|fi)\b")
_FLOAT = re.compile(
    r"\\begin\{(figure|table)(\*?)\}(.*?)\\end\{\1\2\}|(\\captionof\{(figure|table)\}.*?\\label\{[^}]*\})", re.S
)
_RESULT = re.compile(r"\\csname result@(.+?)\\endcsname\{(.*)\}$", re.M)


@dataclass(frozen=True)
class Float:
    """A figure or a table: its kind and number, its label, the macros or files that it shows, its stage and data."""

    kind: str  # figure or table
    number: int
    label: str  # fig:pairs
    shows: tuple[str, ...]  # names of figure files, or of macros of tables
    stages: tuple[str, ...]
    data: tuple[str, ...]  # the paths that stand in \from, of which a later one may lack the folder

    @property
    def names(self) -> set[str]:
        """What it may be called, in lower case."""
        short = self.label.partition(":")[2]
        return {f"{self.kind} {self.number}", self.label, short, *(name.lower() for name in self.shows)}


def printed(numbers: str) -> dict[str, str]:
    r"""Every key of ``\result`` and what it prints, from the file of numbers."""
    return dict(_RESULT.findall(numbers))


def flags(numbers: str) -> dict[str, bool]:
    r"""The conditions that the file of numbers sets, by name (``ifdrawn``)."""
    return {f"if{name}": state == "true" for name, state in re.findall(r"\\newif\\if([a-z]+)\\\1(true|false)", numbers)}


def taken(source: str, known: dict[str, bool]) -> str:
    """The text of a LaTeX file without the branches that these conditions leave out."""
    kept: list[str] = []
    open_: list[tuple[str, bool]] = []  # the conditions around, and whether the present branch of each is taken
    at = 0
    for found in _CONDITION.finditer(source):
        if all(state for _, state in open_):
            kept.append(source[at : found.start()])
        at, word = found.end(), found[1]
        if word.startswith("if"):
            open_.append((word, known.get(word, True)))
        elif open_ and word == "else":
            name, state = open_[-1]
            open_[-1] = (name, not state)
        elif open_:
            open_.pop()
    return "".join([*kept, source[at:]])


def floats(source: str, numbers: str) -> list[Float]:
    """Every figure and table of the paper, numbered as LaTeX does, in the order of their captions."""
    body = taken(source.partition(r"\begin{document}")[2], flags(numbers))
    counts = {"figure": 0, "table": 0}
    found = []
    for match in _FLOAT.finditer(body):
        kind, text = match[1] or match[5], match[3] or match[4]
        counts[kind] += 1
        label = re.search(r"\\label\{([^}]*)\}", text)
        if label is None:
            continue
        origin = re.search(r"\\from\{([^}]*)\}\{([^}]*)\}", text)
        stages, data = ((part.replace("\\_", "_").split(", ")) for part in origin.groups()) if origin else ([], [])
        shows = re.findall(r"\\figures\{([^}]*)\}", text) or re.findall(r"^\\([a-z]+table)$", text, re.M)
        found.append(Float(kind, counts[kind], label[1], tuple(shows), tuple(stages), tuple(data)))
    return found
