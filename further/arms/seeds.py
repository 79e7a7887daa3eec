"""Stage `seeds`: the study's other arms from the seeds from which the study itself trains the linear map alone, the
second and later ones; the first is the study's own model. Side by side, one thread each; four minutes on `scenes`.
"""

import shutil
from functools import partial
from itertools import product
from pathlib import Path

from torch import nn

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.clipcap import Mlp, Transformer
from captioner.bridge.files import load_bridge, save_bridge
from captioner.bridge.history import History, summary
from captioner.bridge.training import Schedule
from captioner.config.mappers import MappersConfig
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.foundation.checkpoints import Checkpoints
from stages import settings
from stages.study.training import Training, each

ARMS = ("finetuned", "transformer", "mlp", "empty")  # the longest first


def transformer(config: MappersConfig, shape: Shape) -> Bridge:
    """ClipCap's transformer of these sizes."""
    return Transformer(shape, config.slots, config.layers, config.heads)


def trained(arm: str, number: int, threads: int) -> tuple[Path, History]:
    """One arm from one seed, trained as the study trains it from its first: a folder of its files, and its training."""
    study, config = Training.open(threads), settings.section("mappers", MappersConfig)
    finetuning, maps = settings.section("finetune", FinetuneConfig), settings.source("projections")
    folder = settings.checkpoint_folder("further_arms_seeds") / f"{arm}-{number}"
    schedule, prompts, whole = Schedule.of(study.recipe), study.recipe.prompts, None
    rate = {"mlp": config.mlp_learning_rate, "transformer": config.transformer_learning_rate}.get(arm)
    match arm:
        case "mlp":
            bridge = study.started(Mlp, number)
        case "transformer":
            bridge = study.started(partial(transformer, config), number)
        case "empty":
            bridge, prompts = study.projection(number), {"none": ""}
        case "finetuned":
            schedule = Schedule.of(finetuning)
            bridge = load_bridge(maps / f"{number}.safetensors", study.device)
            whole = nn.ModuleDict({"projection": bridge, "decoder": study.decoder.model}).requires_grad_(True)
    history = study.fit(
        bridge, prompts, Checkpoints(folder), f"{arm}, seed {number + 1}", number, rate, schedule, whole
    )
    made = folder / "made"
    made.mkdir(exist_ok=True)
    save_bridge(bridge, made / "projection.safetensors")
    if whole is not None:
        study.decoder.model.save_pretrained(made)
    return made, history


def main() -> None:
    seeds = settings.section("projection", ProjectionConfig).seeds
    wanted = list(product(ARMS, range(1, seeds)))
    made = each([partial(trained, *one) for one in wanted]) if wanted else []
    metrics: dict[str, float] = {}
    with settings.target("further_arms_seeds") as folder:
        folder.mkdir()
        for (arm, number), (files, history) in zip(wanted, made, strict=True):
            shutil.copytree(files, folder / f"{arm}-{number}")
            metrics |= summary(history, f"{arm}_{number}")
    with settings.target("further_arms_seeds_metrics") as path:
        settings.write_json(path, metrics)
    settings.forget("further_arms_seeds")


if __name__ == "__main__":
    settings.run(main)
