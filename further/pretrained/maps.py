"""How the maps under the pretrained model are trained, and how work on several of them is done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.foundation.processes import side_by_side
from captioner.foundation.runtime import prepare
from further.pretrained.parameters import FILE
from stages import settings

T = TypeVar("T")


def recipe() -> ProjectionConfig:
    """The training of the maps: as section `projection` of this pipeline says, after the study's own prompts."""
    prompts = settings.section("projection", ProjectionConfig).prompts
    value = settings.document("further/pretrained/params.yaml").get("projection")
    told = {**value, "prompts": prompts} if isinstance(value, dict) else value
    return settings.validated(ProjectionConfig, told, "projection", FILE)


def for_each(number: int, job: Callable[[int, int], T]) -> list[T]:
    """What the job returns for each of so many maps, called with the map's number and its share of the study's threads;
    side by side on a CPU.
    """
    runtime = settings.section("runtime", RuntimeConfig)
    on_cpu = prepare(runtime, settings.shared("seed")).type == "cpu"
    processes = min(runtime.threads, number) if on_cpu else 1
    share = max(1, runtime.threads // processes)
    return side_by_side([partial(job, place, share) for place in range(number)], processes)
