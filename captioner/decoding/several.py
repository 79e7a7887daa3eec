"""The captions that one picture has by one way of decoding, and files of them: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from captioner.captioning.captions import Caption


@dataclass(frozen=True)
class Several:
    """The texts of a picture's captions in their order, their tokens without the stop token, and their mean
    log-probabilities a token (nats); the way of decoding, the split, and the seed of the map by number.
    """

    decoding: str
    split: str
    seed: int
    image_id: int
    texts: tuple[str, ...]
    tokens: tuple[int, ...]
    log_probabilities: tuple[float, ...]

    @classmethod
    def of(cls, decoding: str, split: str, seed: int, image_id: int, captions: Sequence[Caption]) -> Several:
        """What is kept of these captions."""
        return cls(
            decoding, split, seed, image_id, tuple(one.text for one in captions), tuple(one.tokens for one in captions),
            tuple(round(one.mean_log_probability, 5) for one in captions),
        )  # fmt: skip


def write_several(path: Path, rows: Iterable[Several]) -> None:
    """One line a picture and way of decoding."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read_several(path: Path) -> list[Several]:
    """The lines of a file, in its order."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [Several(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})
            for row in rows]  # fmt: skip
