"""What the training loops share: optimiser groups, the schedule of the learning rate, checkpoints to go on from."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from captioner.atomic import replacing


def adamw(
    parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float, betas=(0.9, 0.98)
) -> torch.optim.AdamW:
    """AdamW over the parameters that ask for a gradient; only matrices decay."""
    wanted = [parameter for parameter in parameters if parameter.requires_grad]
    groups = [
        {"params": [p for p in wanted if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in wanted if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate, betas=betas)


def scheduled_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    """The learning rate at `step` (from 0): linear warm-up over the share `warmup`, then half a cosine."""
    rising = max(1, round(warmup * steps))
    if step < rising:
        return peak * (step + 1) / rising
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every parameter group this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


class Checkpoints:
    """Where a long training goes on after a break.

    `folder` lies outside the pipeline's outputs (DVC deletes those before a run) and its name carries a hash of code,
    parameters and inputs, so that a state of another training is never taken up. Only the newest state is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.pt"

    def load(self) -> dict | None:
        """The newest state, or None where there is none."""
        return torch.load(self.path, weights_only=True) if self.path.exists() else None

    def save(self, state: dict) -> None:
        """Replace the state, whole or not at all."""
        with replacing(self.path) as partial:
            torch.save(state, partial)

    def remove(self) -> None:
        """Forget this training's state, and those of abandoned ones of its name: its result is saved."""
        folder = self.path.parent
        name, _, _ = folder.name.rpartition("-")
        for old in folder.parent.glob(f"{name}-*") if name else [folder]:
            shutil.rmtree(old, ignore_errors=True)
