"""What is told of a training: one record an epoch."""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS = ("epoch", "training_loss", "validation_loss")
History = list[dict[str, float]]


def best(history: Sequence[dict[str, float]]) -> dict[str, float]:
    """The epoch of the lowest validation loss."""
    return min(history, key=lambda record: record["validation_loss"])


def summary(history: Sequence[dict[str, float]], name: str) -> dict[str, float]:
    """The best epoch of the training `name` and its loss."""
    record = best(history)
    return {f"{name}_best_epoch": record["epoch"], f"{name}_validation_loss": record["validation_loss"]}


def rows(history: Sequence[dict[str, float]]) -> list[list[float]]:
    """A row an epoch, of `COLUMNS`."""
    return [[record[name] for name in COLUMNS] for record in history]
