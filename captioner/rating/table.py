"""The table of ratings: one row an answer, as it is exported, kept under version control and analysed."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from captioner.foundation.errors import InputError

ANSWERS = {"pair": ("left", "right", "tie"), "scale": ("1", "2", "3", "4", "5")}
ROLES = ("rating", "check", "repeat")
PEOPLE = "people"
ORIGINS = (PEOPLE, "practice", "simulated")  # all but the first are no result, and everything made of them says so


@dataclass(frozen=True)
class Rating:
    """One answer of one rater. `left` and `right` name the systems that wrote the captions shown there, several joined
    by `+`; of a `scale` only `left` is there.
    """

    study: str
    origin: str  # who answered: one of ORIGINS
    rater: str
    position: int  # place in the rater's own order, from 0
    kind: str  # pair or scale
    role: str  # rating, check (of attention) or repeat (of an earlier pair, sides exchanged)
    image: str
    left: str
    right: str
    left_caption: str
    right_caption: str
    answer: str  # left, right or tie; 1 to 5
    milliseconds: int  # from the picture being seen to the answer
    given: str  # UTC
    changes: int  # answers to this task that were taken back before


COLUMNS = tuple(field.name for field in fields(Rating))
NUMBERS = tuple(field.name for field in fields(Rating) if field.type == "int")


def write_ratings(path: Path, ratings: Iterable[Rating]) -> None:
    """A header and a row an answer, as CSV in UTF-8."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(rating) for rating in ratings)


def read_ratings(path: Path) -> list[Rating]:
    """The rows of a table of ratings; InputError, with the line, for any row that no study exports."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise InputError(
                    f"{path}: its first line should be\n{','.join(COLUMNS)}\nas `captioner rate` exports it"
                )
            found = [_rating(row, f"{path}: line {reader.line_num}") for row in reader]
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(f"{path}: no table of ratings ({error}); export it with `captioner rate export`") from error
    seen = set()
    for rating in found:
        key = (rating.study, rating.rater, rating.position)
        if key in seen:
            raise InputError(
                f"{path}: {rating.rater} has two answers to task {rating.position}; keep one export a study"
            )
        seen.add(key)
    return found


def _rating(row: dict, where: str) -> Rating:
    if None in row or None in row.values():
        raise InputError(f"{where}: has not {len(COLUMNS)} cells; export the table again")
    try:
        values = {name: int(text) if name in NUMBERS else text for name, text in row.items()}
    except ValueError as error:
        raise InputError(f"{where}: {', '.join(NUMBERS)} should be whole numbers; export the table again") from error
    rating = Rating(**values)
    two = rating.kind == "pair"
    known = {"origin": ORIGINS, "kind": tuple(ANSWERS), "role": ROLES, "answer": ANSWERS.get(rating.kind, ())}
    for name, allowed in known.items():
        if getattr(rating, name) not in allowed:
            told = " or ".join(allowed) or "one that its kind has"
            raise InputError(f"{where}: {name} {getattr(rating, name)!r} should be {told}")
    if not (rating.rater and rating.image and rating.left) or bool(rating.right) != two:
        raise InputError(f"{where}: a {rating.kind} names a rater, an image and the systems; export the table again")
    return rating
