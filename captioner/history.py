"""What is told of a training: one record an epoch."""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS = ("epoch", "training_loss", "validation_loss")


def summary(history: Sequence[dict[str, float]], name: str) -> dict[str, float]:
    """The best epoch (lowest validation loss) of the training `name` and its loss."""
    best = min(history, key=lambda record: record["validation_loss"])
    return {f"{name}_best_epoch": best["epoch"], f"{name}_validation_loss": best["validation_loss"]}
