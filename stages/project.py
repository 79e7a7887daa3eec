"""Stage `project`: the linear map from image to prefix, trained while encoder and decoder stay frozen, once a seed.

About a minute a seed on `scenes`; expect a validation loss near 0.7 nats a token.
"""

import json

import torch

from captioner.alignment import Examples, Objective, Schedule, train
from captioner.checkpoints import Checkpoints
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoder import Decoder
from captioner.embeddings import Embeddings
from captioner.history import COLUMNS, summary
from captioner.projection import Projection, Shape
from captioner.runtime import prepare
from captioner.tables import write_table
from captioner.tokens import TokenTable, prefix_targets
from captioner.vocabulary import Vocabulary
from stages import settings


def main() -> None:
    seed = settings.shared("seed")
    runtime = settings.section("runtime", RuntimeConfig)
    config = settings.section("projection", ProjectionConfig)
    device = prepare(runtime, seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    embeddings = Embeddings.load(settings.source("embeddings"))
    examples, validation = (Examples(splits[name], embeddings.of(splits[name])) for name in ("train", "val"))
    decoder = Decoder.load(settings.source("decoder"), device)
    table, vocabulary = TokenTable.load(settings.source("tokens")), Vocabulary.load(settings.source("decoder"))
    checkpoints = settings.checkpoint_folder("project")
    norm = config.prefix_norm * decoder.mean_norm
    schedule = Schedule(config.epochs, config.batch_size, config.learning_rate, config.warmup, config.weight_decay)
    trained: list[Projection] = []
    histories = []
    for number in range(config.seeds):
        torch.manual_seed(seed + number)
        projection = Projection(Shape(embeddings.vectors.shape[1], config.prefix_length, decoder.width)).to(device)
        projection.start(examples.embeddings.to(device), config.standardise, norm)
        if config.start == "ridge":
            targets = prefix_targets(table, examples.images, decoder.table.weight, config.prefix_length)
            projection.start_by_ridge(examples.embeddings.to(device), targets, config.ridge, norm)
        objective = Objective(decoder, projection, table, config.prompts, vocabulary, config.stop_token)
        state = Checkpoints(checkpoints / str(number))
        label = f"project, seed {number + 1} of {config.seeds}"
        histories.append(
            train(objective, projection, examples, validation, schedule, seed + number, runtime.dtype, state, label)
        )
        trained.append(projection)
    with settings.target("projections") as folder:
        folder.mkdir()
        for number, projection in enumerate(trained):
            projection.save(folder / f"{number}.safetensors")
    with settings.target("project_curve") as path:
        write_table(path, COLUMNS, ([record[name] for name in COLUMNS] for record in histories[0]))
    with settings.target("project_metrics") as path:
        parameters = sum(parameter.numel() for parameter in trained[0].parameters())
        settings.write_json(path, {**summary(histories[0], "projection"), "projection_parameters": parameters})
    settings.forget("project")


if __name__ == "__main__":
    settings.run(main)
