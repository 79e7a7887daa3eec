"""Stage `choice`: one choice of the projection's recipe; about twenty seconds a seed on two cores.

Trains a map from each seed as stage `project` does and captions split val after the headline prompt, since choices
are made on val; stage `table` scores them.
"""

import hashlib
import json
import sys
from dataclasses import asdict

import torch

from captioner.alignment import Examples, Objective, Schedule, train
from captioner.checkpoints import Checkpoints
from captioner.config.caption import CaptionConfig
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoder import Decoder
from captioner.embeddings import Embeddings
from captioner.errors import InputError
from captioner.generation import caption_all
from captioner.projection import Projection, Shape
from captioner.runtime import prepare
from captioner.tokens import TokenTable, prefix_targets
from captioner.vocabulary import Vocabulary
from stages import settings


def main(key: str) -> None:
    if settings.study() != "scenes":
        raise InputError("params.yaml: the ablation is made on the drawn world; set `study: scenes`")
    ablation = settings.document("ablation/params.yaml")
    seed, prompt = settings.shared("seed"), settings.shared("prompt")
    runtime = settings.section("runtime", RuntimeConfig)
    caption = settings.section("caption", CaptionConfig)
    recipe = asdict(settings.section("projection", ProjectionConfig))
    change = {**ablation["choices"][key], "epochs": ablation["epochs"], "seeds": ablation["seeds"]}
    config = settings.validated(ProjectionConfig, {**recipe, **change}, f"ablation.choices.{key}")
    device = prepare(runtime, seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    embeddings = Embeddings.load(settings.source("embeddings"))
    examples, validation = (Examples(splits[name], embeddings.of(splits[name])) for name in ("train", "val"))
    decoder = Decoder.load(settings.source("decoder"), device)
    table, vocabulary = TokenTable.load(settings.source("tokens")), Vocabulary.load(settings.source("decoder"))
    norm = config.prefix_norm * decoder.mean_norm
    schedule = Schedule(config.epochs, config.batch_size, config.learning_rate, config.warmup, config.weight_decay)
    changed = hashlib.sha256(json.dumps(change, sort_keys=True).encode()).hexdigest()[:12]
    folder = settings.checkpoint_folder(f"choice_{key}") / changed
    results = []
    for number in range(config.seeds):
        torch.manual_seed(seed + number)
        projection = Projection(Shape(embeddings.vectors.shape[1], config.prefix_length, decoder.width)).to(device)
        projection.start(examples.embeddings.to(device), config.standardise, norm)
        if config.start == "ridge":
            targets = prefix_targets(table, examples.images, decoder.table.weight, config.prefix_length)
            projection.start_by_ridge(examples.embeddings.to(device), targets, config.ridge, norm)
        objective = Objective(decoder, projection, table, config.prompts, vocabulary, config.stop_token)
        state = Checkpoints(folder / str(number))
        label = f"{key}, seed {number + 1} of {config.seeds}"
        history = train(
            objective, projection, examples, validation, schedule, seed + number, runtime.dtype, state, label
        )
        with torch.inference_mode():
            prefix = projection(validation.embeddings.to(device))
        texts = caption_all(decoder, vocabulary, prefix, prompt, caption.max_new_tokens, caption.batch_size, key)
        results.append(
            {
                "captions": [each.text for each in texts],
                "validation_loss": min(record["validation_loss"] for record in history),
                "tokens": sum(each.tokens for each in texts) / len(texts),
            }
        )
    with settings.target("ablation", f"{key}.json") as path:
        settings.write_json(path, {"choice": key, "change": ablation["choices"][key], "seeds": results})
    settings.forget(f"choice_{key}")


if __name__ == "__main__":
    settings.run(main, sys.argv[1])
