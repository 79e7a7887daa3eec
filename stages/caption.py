"""Stage `caption`: greedy captions after the headline prompt, by every arm; about ten seconds on `scenes`.

Arms: `linear` (the study's own, on val, test and novel), `finetuned` (GPT-2 trained too), `random` (an untrained
projection, what the original study reported) and `zero` (no image: a prefix of zeros, one caption for all images).
"""

import json

import torch

from captioner.captions import Record, write_records
from captioner.checkpoints import Parts
from captioner.config.caption import CaptionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoder import Decoder
from captioner.embeddings import Embeddings
from captioner.generation import caption_all
from captioner.projection import Projection, untrained
from captioner.runtime import prepare
from captioner.vocabulary import Vocabulary
from stages import settings


def main() -> None:
    seed = settings.shared("seed")
    prompt = settings.shared("prompt")
    config = settings.section("caption", CaptionConfig)
    device = prepare(settings.section("runtime", RuntimeConfig), seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    embeddings = Embeddings.load(settings.source("embeddings"))
    frozen = Decoder.load(settings.source("decoder"), device, config.dtype)
    tuned = Decoder.load(settings.source("finetuned"), device, config.dtype)
    vocabulary = Vocabulary.load(settings.source("decoder"))
    projection = Projection.load(settings.source("projections") / "0.safetensors", device)
    arms = {
        "linear": (frozen, projection, ("val", "test", "novel")),
        "finetuned": (
            tuned,
            Projection.load(settings.source("finetuned") / "projection.safetensors", device),
            ("test", "novel"),
        ),
        "random": (frozen, untrained(projection.shape, seed).to(device), ("test", "novel")),
    }
    folder = settings.checkpoint_folder("caption")
    records = []
    for arm, (decoder, mapping, names) in arms.items():
        places = [(name, key) for name in names for key in splits[name]]
        with torch.inference_mode():
            prefix = mapping(embeddings.of([key for _, key in places]).to(device))
        parts = Parts(folder / arm)
        captions = caption_all(
            decoder, vocabulary, prefix, prompt, config.max_new_tokens, config.batch_size, arm, parts
        )
        records += [Record(arm, *place, caption) for place, caption in zip(places, captions, strict=True)]
    nothing = torch.zeros(1, projection.shape.prefix_length, projection.shape.width, device=device)
    blind = caption_all(frozen, vocabulary, nothing, prompt, config.max_new_tokens, 1, "zero")[0]
    records += [Record("zero", name, key, blind) for name in ("test", "novel") for key in splits[name]]
    with settings.target("arms") as path:
        write_records(path, records)
    settings.forget("caption")


if __name__ == "__main__":
    settings.run(main)
