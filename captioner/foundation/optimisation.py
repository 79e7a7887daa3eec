"""What the training loops share: optimiser groups, the schedule of the learning rate, groups of like length."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn


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


def by_length(lengths: torch.Tensor, groups: int) -> tuple[torch.Tensor, ...]:
    """The rows [n] of `groups` equal shares of a batch with these lengths [B], from the shortest rows to the longest.

    Fewer than `groups` where there are fewer rows. Padding to the longest of a share costs less than to that of the
    batch (bucketing by length, as in sequence-to-sequence training).
    """
    return lengths.argsort(stable=True).split(max(1, -(-len(lengths) // groups)))
