"""Stage `mapper`: one of the arms beside the headline's map, trained on the same images for as many steps under the
same frozen decoder: ClipCap's MLP or its transformer, or the linear map with the empty prompt only.

On `scenes` about two minutes for the transformer, less than one for the others.
"""

import json
import sys

import torch

from captioner.alignment import Examples, Objective, Schedule, train
from captioner.checkpoints import Checkpoints
from captioner.config.mappers import MappersConfig
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoder import Decoder
from captioner.embeddings import Embeddings
from captioner.errors import InputError
from captioner.history import summary
from captioner.mappers import Mapper, Mlp, Transformer
from captioner.projection import Projection, Shape
from captioner.runtime import prepare
from captioner.tokens import TokenTable
from captioner.vocabulary import Vocabulary
from stages import settings


def arm(key: str, shape: Shape, mappers: MappersConfig, config: ProjectionConfig) -> tuple[Projection | Mapper, float]:
    """The network of this arm as it is before training, and its learning rate."""
    if key == "mlp":
        return Mlp(shape), mappers.mlp_learning_rate
    if key == "transformer":
        try:
            return Transformer(shape, mappers.slots, mappers.layers, mappers.heads), mappers.transformer_learning_rate
        except ValueError as error:
            raise InputError(f"params.yaml: {settings.study()}.mappers.heads: {error}") from error
    return Projection(shape), config.learning_rate


def main(key: str) -> None:
    seed = settings.shared("seed")
    runtime = settings.section("runtime", RuntimeConfig)
    config = settings.section("projection", ProjectionConfig)
    mappers = settings.section("mappers", MappersConfig)
    device = prepare(runtime, seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    embeddings = Embeddings.load(settings.source("embeddings"))
    examples, validation = (Examples(splits[name], embeddings.of(splits[name])) for name in ("train", "val"))
    decoder = Decoder.load(settings.source("decoder"), device)
    table, vocabulary = TokenTable.load(settings.source("tokens")), Vocabulary.load(settings.source("decoder"))
    state = Checkpoints(settings.checkpoint_folder(f"mapper_{key}"))
    torch.manual_seed(seed)
    shape = Shape(embeddings.vectors.shape[1], config.prefix_length, decoder.width)
    network, rate = arm(key, shape, mappers, config)
    network.to(device).start(examples.embeddings.to(device), config.standardise, config.prefix_norm * decoder.mean_norm)
    prompts = {"none": ""} if key == "empty" else config.prompts
    objective = Objective(decoder, network, table, prompts, vocabulary, config.stop_token)
    schedule = Schedule(config.epochs, config.batch_size, rate, config.warmup, config.weight_decay)
    history = train(objective, network, examples, validation, schedule, seed, runtime.dtype, state, key)
    with settings.target("mappers", f"{key}.safetensors") as path:
        network.save(path)
    with settings.target("mapper_metrics", f"{key}.json") as path:
        parameters = sum(parameter.numel() for parameter in network.parameters())
        settings.write_json(path, {**summary(history, key), f"{key}_parameters": parameters})
    settings.forget(f"mapper_{key}")


if __name__ == "__main__":
    settings.run(main, sys.argv[1])
