"""What is told of a training: one record an epoch."""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS = ("epoch", "training_loss", "validation_loss")


def summary(history: Sequence[dict[str, float]]) -> dict[str, float]:
    """The best epoch (lowest validation loss), its loss, and the number of epochs."""
    best = min(history, key=lambda record: record["validation_loss"])
    return {"best_epoch": best["epoch"], "validation_loss": best["validation_loss"], "epochs": len(history)}
