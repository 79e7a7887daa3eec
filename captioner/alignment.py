"""Trains the projection under a frozen GPT-2, and in the second arm GPT-2 with it, on the captions' tokens alone."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from captioner.checkpoints import Checkpoints
from captioner.decoder import Decoder
from captioner.errors import InputError
from captioner.optimisation import adamw, by_length, scheduled_rate, set_rate
from captioner.projection import Projection
from captioner.runtime import autocast
from captioner.tokens import IGNORED, TokenTable, batch
from captioner.vocabulary import Vocabulary, form

GROUPS = 4  # of like length, into which a batch is cut on a CPU


@dataclass(frozen=True)
class Examples:
    """The images of one split: ids in order and their embeddings [N, D]."""

    images: Sequence[int]
    embeddings: torch.Tensor


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train."""

    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float
    weight_decay: float


class Objective:
    """The mean cross-entropy of caption tokens after [prefix, prompt], nats a token; `stop_token`: that one too."""

    def __init__(
        self,
        decoder: Decoder,
        projection: Projection,
        table: TokenTable,
        prompts: Mapping[str, str],
        vocabulary: Vocabulary,
        stop_token: bool = True,
    ) -> None:
        self.decoder, self.projection, self.table, self.stop_token = decoder, projection, table, stop_token
        self.prompts = [
            (torch.tensor([vocabulary.prompt(text)], dtype=torch.long), form(text)) for text in prompts.values()
        ]
        self.names = list(prompts)
        longest = max(ids.shape[1] for ids, _ in self.prompts)
        needed = projection.shape.prefix_length + longest + table.longest()
        if needed > decoder.positions:
            raise InputError(
                f"params.yaml: projection: prefix, longest prompt and longest caption need {needed} positions, "
                f"the decoder has {decoder.positions}; shorten projection.prompts or projection.prefix_length"
            )

    def __call__(
        self, images: Sequence[int], embeddings: torch.Tensor, which: Sequence[int], prompt: int
    ) -> tuple[torch.Tensor, int]:
        """Sum of the losses and count of the trained tokens, for caption `which` of each image after prompt number
        `prompt`.

        On a CPU captions of like length go through the decoder together, since a padded position costs as much as a
        token; the sum is the same to rounding.
        """
        ids, how = self.prompts[prompt]
        captions = [self.table.caption(image, chosen, how) for image, chosen in zip(images, which, strict=True)]
        prefix = self.projection(embeddings.to(self.decoder.device))  # [B, k, W]
        told = self.decoder.table(ids.to(self.decoder.device))  # [1, P, W]
        lengths = torch.tensor([len(caption) for caption in captions])
        groups = by_length(lengths, GROUPS if self.decoder.device.type == "cpu" else 1)
        parts = [self._loss(prefix[rows], told, [captions[row] for row in rows.tolist()]) for rows in groups]
        return torch.stack([loss for loss, _ in parts]).sum(), sum(count for _, count in parts)

    def _loss(
        self, prefix: torch.Tensor, told: torch.Tensor, captions: Sequence[np.ndarray]
    ) -> tuple[torch.Tensor, int]:
        inputs, labels = batch(captions, self.decoder.stop, self.stop_token)  # [B, T], [B, T + 1]
        device = self.decoder.device
        told = told.expand(len(prefix), -1, -1)  # [B, P, W]
        words = self.decoder.table(inputs.to(device))  # [B, T, W]
        hidden = self.decoder.hidden(torch.cat([prefix, told, words], dim=1))  # [B, k + P + T, W]
        tail = hidden[:, prefix.shape[1] + told.shape[1] - 1 :]  # [B, T + 1, W]
        kept = labels != IGNORED
        logits = self.decoder.logits(tail[kept.to(device)])  # [K, V]
        target = labels[kept].to(device)
        return F.cross_entropy(logits, target, reduction="sum"), len(target)


@torch.no_grad()
def validation_loss(objective: Objective, examples: Examples, batch_size: int) -> float:
    """Nats a token over the examples' first captions, after every prompt."""
    total, count = 0.0, 0
    for prompt in range(len(objective.prompts)):
        for at in range(0, len(examples.images), batch_size):
            images = examples.images[at : at + batch_size]
            loss, tokens = objective(images, examples.embeddings[at : at + batch_size], [0] * len(images), prompt)
            total, count = total + loss.item(), count + tokens
    return total / count


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
) -> list[dict[str, float]]:
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
    history: list[dict[str, float]] = []
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
