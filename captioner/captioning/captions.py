"""A generated caption, and files of them: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Caption:
    """One generated caption.

    `tokens` leaves the stop token out; `log_probabilities` and `entropies` (nats) are per generated token, the stop
    token included where the caption has `stopped` before the cap.
    """

    text: str
    text_with_prompt: str
    tokens: int
    stopped: bool
    log_probabilities: tuple[float, ...]
    entropies: tuple[float, ...]

    @property
    def mean_entropy(self) -> float:
        """Nats a generated token."""
        return sum(self.entropies) / len(self.entropies)

    @property
    def mean_log_probability(self) -> float:
        """Nats a generated token."""
        return sum(self.log_probabilities) / len(self.log_probabilities)


@dataclass(frozen=True)
class Record:
    """A caption with where it belongs: the arm that made it, the split, the image, and which of the arm's seeds."""

    arm: str
    split: str
    image_id: int
    caption: Caption
    seed: int = 0


def by_arm(records: Iterable[Record]) -> dict[tuple[str, str, int], list[Caption]]:
    """The captions of each (arm, split, seed), in the order of the records."""
    found: dict[tuple[str, str, int], list[Caption]] = {}
    for record in records:
        found.setdefault((record.arm, record.split, record.seed), []).append(record.caption)
    return found


def write_records(path: Path, records: Iterable[Record]) -> None:
    """One line a record; probabilities rounded to five digits."""
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            fields = asdict(record.caption)
            for name in ("log_probabilities", "entropies"):
                fields[name] = [round(value, 5) for value in fields[name]]
            place = {"arm": record.arm, "split": record.split, "image_id": record.image_id, "seed": record.seed}
            row = {**place, **fields}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_records(path: Path) -> list[Record]:
    """The records of a file, in its order."""
    records = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            place = {name: row.pop(name) for name in ("arm", "split", "image_id", "seed")}
            for name in ("log_probabilities", "entropies"):
                row[name] = tuple(row[name])
            records.append(Record(**place, caption=Caption(**row)))
    return records
