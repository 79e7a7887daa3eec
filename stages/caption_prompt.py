"""Stage `caption_prompt`: greedy captions of test and novel after one of the compared prompts, by the map of every seed
(arm `linear`) and by the map that was trained with the empty prompt only (arm `empty`); about fifteen seconds.
"""

import json
import sys

import torch

from captioner.captions import Record, write_records
from captioner.checkpoints import Parts
from captioner.config.caption import CaptionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoder import Decoder
from captioner.embeddings import Embeddings
from captioner.generation import caption_all
from captioner.projection import Projection
from captioner.runtime import prepare
from captioner.vocabulary import Vocabulary
from stages import settings


def main(key: str) -> None:
    prompt = settings.shared(f"prompts.{key}")
    config = settings.section("caption", CaptionConfig)
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    embeddings = Embeddings.load(settings.source("embeddings"))
    decoder = Decoder.load(settings.source("decoder"), device, config.dtype)
    vocabulary = Vocabulary.load(settings.source("decoder"))
    folder = settings.source("projections")
    arms = [("linear", number, folder / f"{number}.safetensors") for number in range(len(list(folder.iterdir())))]
    arms.append(("empty", 0, settings.source("mappers", "empty.safetensors")))
    parts = settings.checkpoint_folder(f"caption_{key}")
    places = [(name, image) for name in ("test", "novel") for image in splits[name]]
    vectors = embeddings.of([image for _, image in places]).to(device)
    sizes = (config.max_new_tokens, config.batch_size)
    records = []
    for arm, number, file in arms:
        with torch.inference_mode():
            prefix = Projection.load(file, device)(vectors)
        label, kept = f"{key}, {arm}, seed {number + 1}", Parts(parts / f"{arm}-{number}")
        captions = caption_all(decoder, vocabulary, prefix, prompt, *sizes, label, kept)
        records += [Record(arm, *place, text, number) for place, text in zip(places, captions, strict=True)]
    with settings.target("captions", f"{key}.jsonl") as path:
        write_records(path, records)
    settings.forget(f"caption_{key}")


if __name__ == "__main__":
    settings.run(main, sys.argv[1])
