"""Stage `choice`: one choice of the projection's recipe; about twenty seconds a seed on two cores.

Trains a map from each seed as stage `project` does and captions split val after the headline prompt, since choices
are made on val; stage `table` scores them.
"""

import hashlib
import json
import sys
from dataclasses import asdict, replace

import torch

from captioner.bridge.history import best
from captioner.captioning.generation import caption_all
from captioner.config.caption import CaptionConfig
from captioner.config.projection import ProjectionConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.errors import InputError
from stages import settings
from stages.study.training import Training


def main(key: str) -> None:
    if settings.study() != "scenes":
        raise InputError("params.yaml: the ablation is made on the drawn world; set `study: scenes`")
    ablation = settings.document("ablation/params.yaml")
    prompt = settings.shared("prompt")
    caption = settings.section("caption", CaptionConfig)
    change = {**ablation["choices"][key], "epochs": ablation["epochs"], "seeds": ablation["seeds"]}
    study = Training.open()
    recipe = settings.validated(ProjectionConfig, {**asdict(study.recipe), **change}, f"ablation.choices.{key}")
    study = replace(study, recipe=recipe)
    changed = hashlib.sha256(json.dumps(change, sort_keys=True).encode()).hexdigest()[:12]
    folder = settings.checkpoint_folder(f"choice_{key}") / changed
    results = []
    for number in range(recipe.seeds):
        projection = study.projection(number)
        state, label = Checkpoints(folder / str(number)), f"{key}, seed {number + 1} of {recipe.seeds}"
        history = study.fit(projection, recipe.prompts, state, label, number)
        with torch.inference_mode():
            prefix = projection(study.validation.embeddings.to(study.device))
        sizes = (caption.max_new_tokens, caption.batch_size)
        texts = caption_all(study.decoder, study.vocabulary, prefix, prompt, *sizes, key)
        results.append(
            {
                "captions": [each.text for each in texts],
                "validation_loss": best(history)["validation_loss"],
                "tokens": sum(each.tokens for each in texts) / len(texts),
            }
        )
    with settings.target("ablation", f"{key}.json") as path:
        settings.write_json(path, {"choice": key, "change": ablation["choices"][key], "seeds": results})
    settings.forget(f"choice_{key}")


if __name__ == "__main__":
    settings.run(main, sys.argv[1])
