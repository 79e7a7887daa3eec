"""Stage `finetune`: the second arm, in which GPT-2 is trained too, starting from the trained projection; about a
minute.
"""

import json

from torch import nn

from captioner.alignment import Examples, Objective, Schedule, train
from captioner.checkpoints import Checkpoints
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoder import Decoder
from captioner.embeddings import Embeddings
from captioner.history import COLUMNS, summary
from captioner.projection import Projection
from captioner.runtime import prepare
from captioner.tables import write_table
from captioner.tokens import TokenTable
from captioner.vocabulary import Vocabulary
from stages import settings


def main() -> None:
    seed = settings.shared("seed")
    runtime = settings.section("runtime", RuntimeConfig)
    config = settings.section("finetune", FinetuneConfig)
    recipe = settings.section("projection", ProjectionConfig)
    device = prepare(runtime, seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    embeddings = Embeddings.load(settings.source("embeddings"))
    examples, validation = (Examples(splits[name], embeddings.of(splits[name])) for name in ("train", "val"))
    decoder = Decoder.load(settings.source("decoder"), device)
    table, vocabulary = TokenTable.load(settings.source("tokens")), Vocabulary.load(settings.source("decoder"))
    projection = Projection.load(settings.source("projections") / "0.safetensors", device)
    checkpoints = Checkpoints(settings.checkpoint_folder("finetune"))
    trained = nn.ModuleDict({"projection": projection, "decoder": decoder.model}).requires_grad_(True)
    schedule = Schedule(config.epochs, config.batch_size, config.learning_rate, config.warmup, config.weight_decay)
    history = train(
        Objective(decoder, projection, table, recipe.prompts, vocabulary, recipe.stop_token),
        trained, examples, validation, schedule, seed, runtime.dtype, checkpoints, "finetune",
    )  # fmt: skip
    with settings.target("finetuned") as path:
        decoder.model.save_pretrained(path)
        projection.save(path / "projection.safetensors")
    with settings.target("finetune_curve") as path:
        write_table(path, COLUMNS, ([record[name] for name in COLUMNS] for record in history))
    with settings.target("finetune_metrics") as path:
        parameters = sum(parameter.numel() for parameter in trained.parameters())
        settings.write_json(path, {**summary(history, "finetune"), "finetune_parameters": parameters})
    settings.forget("finetune")


if __name__ == "__main__":
    settings.run(main)
