"""Stage `train`: the linear maps from image to prefix under the pretrained language model, which stays as it is; one a
seed, side by side, one CPU thread each; each goes on from its last checkpoint.
"""

import hashlib
import json
from dataclasses import asdict

import torch

from captioner.bridge.base import Shape
from captioner.bridge.files import bridge_bytes
from captioner.bridge.history import COLUMNS, History, rows
from captioner.bridge.linear import Projection
from captioner.bridge.objective import Examples, Objective
from captioner.bridge.training import Schedule, train
from captioner.config.runtime import RuntimeConfig
from captioner.decoders.decoder import Decoder
from captioner.decoders.tokens import TokenTable, prefix_targets
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.foundation.tables import write_table
from further.pretrained.images import images
from further.pretrained.maps import for_each, recipe
from stages import settings


def trained(number: int, threads: int) -> tuple[bytes, History]:
    """One map: its file and its training."""
    seed, runtime, config = settings.shared("seed"), settings.section("runtime", RuntimeConfig), recipe()
    device = prepare(runtime, seed, threads)
    folder, ids = settings.source("pretrained_decoder"), images()
    embeddings = Embeddings.load(settings.source("embeddings"))
    decoder, table = Decoder.load(folder, device), TokenTable.load(settings.source("pretrained_tokens"))
    examples, validation = (Examples(ids[name], embeddings.of(ids[name])) for name in ("train", "val"))
    vectors, norm = examples.embeddings.to(device), config.prefix_norm * decoder.mean_norm
    torch.manual_seed(seed + number)
    projection = Projection(Shape(vectors.shape[1], config.prefix_length, decoder.width)).to(device)
    projection.start(vectors, config.standardise, norm)
    if config.start == "ridge":
        targets = prefix_targets(table, examples.images, decoder.embeddings, config.prefix_length)
        projection.start_by_ridge(vectors, targets, config.ridge, norm)
    objective = Objective(decoder, projection, table, config.prompts, Vocabulary.load(folder), config.stop_token)
    told = hashlib.sha256(json.dumps([asdict(config), ids], sort_keys=True).encode()).hexdigest()[:16]
    checkpoints = Checkpoints(settings.checkpoint_folder("pretrained") / told / str(number))
    history = train(
        objective, projection, examples, validation, Schedule.of(config), seed + number, runtime.dtype, checkpoints,
        f"pretrained, map {number + 1}",
    )  # fmt: skip
    return bridge_bytes(projection), history


def main() -> None:
    found = for_each(recipe().seeds, trained)
    with settings.target("pretrained_maps") as folder:
        folder.mkdir()
        for number, (content, _) in enumerate(found):
            (folder / f"{number}.safetensors").write_bytes(content)
    with settings.target("pretrained_training") as path:
        several = [[number, *row] for number, (_, history) in enumerate(found) for row in rows(history)]
        write_table(path, ["map", *COLUMNS], several)
    settings.forget("pretrained")


if __name__ == "__main__":
    settings.run(main)
