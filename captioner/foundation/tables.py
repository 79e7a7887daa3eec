"""Small results as CSV whose bytes depend on the values alone."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A header and rows; floats with six significant digits, None and NaN as an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


def write_named(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """As `write_table`, each row by column; KeyError for a row that lacks one."""
    write_table(path, columns, ([row[column] for column in columns] for row in rows))


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows as dictionaries of texts."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
