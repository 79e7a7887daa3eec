"""Stage `maps`: the bridges that read patches, trained as the study's linear maps are: on the same images for as many
steps after the same prompts, from as many seeds. Side by side, one thread each; under a minute a bridge on `scenes`.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial

from safetensors import safe_open

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.files import bridge_bytes
from captioner.bridge.history import History, summary
from captioner.bridge.patches import Patches, Pooled
from captioner.config.arms import PatchBridgeConfig
from captioner.config.projection import ProjectionConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.errors import InputError
from further.arms import parameters
from stages import settings
from stages.study.training import Training, each


def network(arm: str, config: PatchBridgeConfig, patches: int, width: int) -> Callable[[Shape], Bridge]:
    """Makes the bridge of this arm for features [N, `patches`, `width`], as it is before training."""

    def make(shape: Shape) -> Bridge:
        own = Shape(width, config.prefix_length, shape.width)
        if config.bridge == "pooled":
            return Pooled(own)
        try:
            return Patches(own, patches)
        except ValueError as error:
            raise InputError(
                f"{parameters.FILE}: {settings.study()}.bridges.{arm}.prefix_length: {error}; change it, or "
                f"{settings.study()}.patches.grid"
            ) from error

    return make


def trained(arm: str, config: PatchBridgeConfig, number: int, threads: int) -> tuple[bytes, History]:
    """One bridge: its file and its training."""
    study, features = Training.open(threads), Embeddings.load(settings.source("further_arms_features"))
    examples, validation = (
        replace(split, embeddings=features.of(split.images)) for split in (study.examples, study.validation)
    )
    study = replace(study, examples=examples, validation=validation)
    bridge = study.started(network(arm, config, *features.vectors.shape[1:]), number)
    told = "-".join(map(str, asdict(config).values()))
    checkpoints = Checkpoints(settings.checkpoint_folder("further_arms_maps") / f"{arm}-{told}-{number}")
    history = study.fit(bridge, study.recipe.prompts, checkpoints, f"{arm}, seed {number + 1}", number)
    return bridge_bytes(bridge), history


def main() -> None:
    arms, seeds = parameters.bridges(), settings.section("projection", ProjectionConfig).seeds
    with safe_open(settings.source("further_arms_features"), framework="pt") as file:
        _, patches, width = file.get_slice("vectors").get_shape()
    for arm, config in arms.items():
        network(arm, config, patches, width)(Shape(1, 1, 1))  # a prefix that does not fit is told before all training
    wanted = [(arm, config, number) for arm, config in arms.items() for number in range(seeds)]
    made = each([partial(trained, *one) for one in wanted])
    metrics: dict[str, float] = {}
    with settings.target("further_arms_maps") as folder:
        folder.mkdir()
        for (arm, _, number), (content, history) in zip(wanted, made, strict=True):
            (folder / f"{arm}-{number}.safetensors").write_bytes(content)
            metrics |= summary(history, f"{arm}_{number}")
    with settings.target("further_arms_maps_metrics") as path:
        settings.write_json(path, metrics)
    settings.forget("further_arms_maps")


if __name__ == "__main__":
    settings.run(main)
