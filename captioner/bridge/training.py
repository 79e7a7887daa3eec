"""Trains a bridge under a frozen GPT-2, or GPT-2 with it, and keeps the best epoch."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import nn
from tqdm import tqdm

from captioner.bridge.history import History
from captioner.bridge.objective import Examples, Objective, validation_loss
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.optimisation import adamw, scheduled_rate, set_rate
from captioner.foundation.runtime import autocast


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train."""

    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float
    weight_decay: float

    @classmethod
    def of(cls, config: ProjectionConfig | FinetuneConfig) -> Schedule:
        """That of a section of the parameters."""
        return cls(config.epochs, config.batch_size, config.learning_rate, config.warmup, config.weight_decay)


def train(
    objective: Objective,
    trained: nn.Module,
    examples: Examples,
    validation: Examples,
    schedule: Schedule,
    seed: int,
    dtype: str,
    checkpoints: Checkpoints,
    label: str,
    every: float = 300.0,
) -> History:
    """Train the parameters of `trained` that ask for a gradient; returns one record an epoch and leaves the best
    epoch's weights.

    An epoch shows every image once, with one of its captions and after one of the prompts, both drawn at random (one
    prompt a batch). "Best" is the lowest validation loss. The state is saved after every epoch and every `every`
    seconds; a training that goes on from there gives the same weights.
    """
    optimiser = adamw(trained.parameters(), schedule.learning_rate, schedule.weight_decay, betas=(0.9, 0.99))
    size = schedule.batch_size
    per_epoch = -(-len(examples.images) // size)
    steps = per_epoch * schedule.epochs
    history: History = []
    best: dict[str, torch.Tensor] = {}
    start, told, tokens, drawn = 0, 0.0, 0, None
    if state := checkpoints.load():
        trained.load_state_dict(state["trained"])
        optimiser.load_state_dict(state["optimiser"])
        history, best = state["history"], state["best"]
        start, told, tokens, drawn = state["step"], state["told"], state["tokens"], state["drawn"]

    def save(step: int, generator: torch.Generator) -> None:
        checkpoints.save(
            {
                "trained": trained.state_dict(), "optimiser": optimiser.state_dict(), "history": history, "best": best,
                "step": step, "told": told, "tokens": tokens, "drawn": generator.get_state(),
            }
        )  # fmt: skip

    captions = torch.tensor([objective.table.captions_of(image) for image in examples.images])
    saved = time.monotonic()
    with tqdm(total=steps, initial=start, desc=label, unit=" steps", mininterval=1.0) as progress:
        for epoch in range(start // per_epoch, schedule.epochs):
            generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
            order = torch.randperm(len(examples.images), generator=generator)
            first = start % per_epoch if epoch == start // per_epoch else 0
            if first:
                generator.set_state(drawn)
            else:
                told, tokens = 0.0, 0
            for index in range(first, per_epoch):
                chosen = order[index * size : (index + 1) * size]
                which = (torch.rand(len(chosen), generator=generator) * captions[chosen]).long().tolist()
                prompt = int(torch.randint(len(objective.prompts), (1,), generator=generator))
                rate = scheduled_rate(epoch * per_epoch + index, steps, schedule.learning_rate, schedule.warmup)
                set_rate(optimiser, rate)
                images = [examples.images[place] for place in chosen.tolist()]
                with autocast(objective.decoder.device, dtype):
                    loss, count = objective(images, examples.embeddings[chosen], which, prompt)
                optimiser.zero_grad(set_to_none=True)
                (loss / count).backward()
                torch.nn.utils.clip_grad_norm_(trained.parameters(), 1.0)
                optimiser.step()
                told, tokens = told + loss.item(), tokens + count
                progress.update()
                if index + 1 < per_epoch and time.monotonic() - saved >= every:
                    save(epoch * per_epoch + index + 1, generator)
                    saved = time.monotonic()
            with autocast(objective.decoder.device, dtype):
                measured = validation_loss(objective, validation, size)
            if not history or measured < min(record["validation_loss"] for record in history):
                best = {name: tensor.detach().clone() for name, tensor in trained.state_dict().items()}
            history.append({"epoch": epoch + 1, "training_loss": told / tokens, "validation_loss": measured})
            progress.set_postfix(validation_loss=round(measured, 4))
            save((epoch + 1) * per_epoch, generator)
            saved = time.monotonic()
    trained.load_state_dict(best)
    return history
