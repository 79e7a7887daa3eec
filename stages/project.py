"""Stage `project`: the linear maps from image to prefix, trained while encoder and decoder stay frozen: the study's
own, once a seed, and one that meets the empty prompt only.

They train side by side, one CPU thread each; under a minute a map on `scenes`. Expect a validation loss near 0.7 nats
a token.
"""

from functools import partial

from captioner.bridge.files import bridge_bytes
from captioner.bridge.history import COLUMNS, History, rows, summary
from captioner.config.projection import ProjectionConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.tables import write_table
from stages import settings
from stages.study.training import Training, each

EMPTY = {"none": ""}


def linear(name: str, number: int, threads: int) -> tuple[bytes, int, History]:
    """One map: its file, its parameters and its training."""
    study = Training.open(threads)
    projection = study.projection(number)
    checkpoints = Checkpoints(settings.checkpoint_folder("project") / name)
    prompts = EMPTY if name == "empty" else study.recipe.prompts
    history = study.fit(projection, prompts, checkpoints, f"project, {name}", number)
    return bridge_bytes(projection), sum(parameter.numel() for parameter in projection.parameters()), history


def main() -> None:
    seeds = settings.section("projection", ProjectionConfig).seeds
    maps = [partial(linear, str(number), number) for number in range(seeds)]
    *trained, empty = each([*maps, partial(linear, "empty", 0)])
    with settings.target("projections") as folder:
        folder.mkdir()
        for number, (content, _, _) in enumerate(trained):
            (folder / f"{number}.safetensors").write_bytes(content)
    _, parameters, history = trained[0]
    with settings.target("project_curve") as path:
        write_table(path, COLUMNS, rows(history))
    with settings.target("project_metrics") as path:
        settings.write_json(path, {**summary(history, "projection"), "projection_parameters": parameters})
    content, parameters, history = empty
    with settings.target("mappers", "empty.safetensors") as path:
        path.write_bytes(content)
    with settings.target("mapper_metrics", "empty.json") as path:
        settings.write_json(path, {**summary(history, "empty"), "empty_parameters": parameters})
    settings.forget("project")


if __name__ == "__main__":
    settings.run(main)
