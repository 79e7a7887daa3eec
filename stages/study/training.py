"""What the training of a bridge opens: the frozen decoder, the images' embeddings, the captions' tokens, the recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import torch
from torch import nn

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.linear import Projection
from captioner.bridge.objective import Examples, Objective
from captioner.bridge.training import History, Schedule, train
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoders.decoder import Decoder
from captioner.decoders.tokens import TokenTable, prefix_targets
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.processes import side_by_side
from captioner.foundation.runtime import prepare
from stages import settings
from stages.study.splits import splits

T = TypeVar("T")


@dataclass(frozen=True)
class Training:
    """One opening for every bridge; `recipe` is that of the headline's map."""

    seed: int
    runtime: RuntimeConfig
    device: torch.device
    recipe: ProjectionConfig
    decoder: Decoder
    table: TokenTable
    vocabulary: Vocabulary
    examples: Examples
    validation: Examples

    @classmethod
    def open(cls, threads: int | None = None) -> Training:
        """Everything loaded, in a process of so many threads."""
        seed, runtime = settings.shared("seed"), settings.section("runtime", RuntimeConfig)
        device = prepare(runtime, seed, threads)
        recipe = settings.section("projection", ProjectionConfig)
        embeddings, ids = Embeddings.load(settings.source("embeddings")), splits()
        folder = settings.source("decoder")
        return cls(
            seed, runtime, device, recipe, Decoder.load(folder, device), TokenTable.load(settings.source("tokens")),
            Vocabulary.load(folder), *(Examples(ids[name], embeddings.of(ids[name])) for name in ("train", "val")),
        )  # fmt: skip

    @property
    def shape(self) -> Shape:
        """The sizes of a bridge."""
        return Shape(self.examples.embeddings.shape[1], self.recipe.prefix_length, self.decoder.width)

    @property
    def norm(self) -> float:
        """The mean norm of a prefix embedding at the start."""
        return self.recipe.prefix_norm * self.decoder.mean_norm

    def started(self, make: Callable[[Shape], Bridge], number: int = 0) -> Bridge:
        """The bridge of seed `number` as it is before training."""
        torch.manual_seed(self.seed + number)
        bridge = make(self.shape).to(self.device)
        bridge.start(self.examples.embeddings.to(self.device), self.recipe.standardise, self.norm)
        return bridge

    def projection(self, number: int) -> Projection:
        """The linear map of seed `number` as the recipe starts it."""
        projection, recipe = self.started(Projection, number), self.recipe
        if recipe.start == "ridge":
            images, table = self.examples.images, self.decoder.embeddings
            targets = prefix_targets(self.table, images, table, recipe.prefix_length)
            projection.start_by_ridge(self.examples.embeddings.to(self.device), targets, recipe.ridge, self.norm)
        return projection

    def fit(
        self,
        bridge: Bridge,
        prompts: Mapping[str, str],
        checkpoints: Checkpoints,
        label: str,
        number: int = 0,
        learning_rate: float | None = None,
        schedule: Schedule | None = None,
        trained: nn.Module | None = None,
    ) -> History:
        """Train the bridge (or all of `trained`, which holds it) by the recipe, or by `schedule`."""
        schedule = schedule or Schedule.of(self.recipe)
        if learning_rate is not None:
            schedule = replace(schedule, learning_rate=learning_rate)
        objective = Objective(self.decoder, bridge, self.table, prompts, self.vocabulary, self.recipe.stop_token)
        return train(
            objective, trained or bridge, self.examples, self.validation, schedule, self.seed + number,
            self.runtime.dtype, checkpoints, label,
        )  # fmt: skip


def each(jobs: Sequence[Callable[[int], T]]) -> list[T]:
    """What the jobs return, each called with its share of the study's threads; side by side on a CPU, one after the
    other on a GPU.
    """
    runtime = settings.section("runtime", RuntimeConfig)
    on_cpu = prepare(runtime, settings.shared("seed")).type == "cpu"
    processes = min(runtime.threads, len(jobs)) if on_cpu else 1
    return side_by_side([partial(job, max(1, runtime.threads // processes)) for job in jobs], processes)
