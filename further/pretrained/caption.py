"""Stage `caption`: greedy captions of test and novel by every map, after every prompt of the study. What is made
after a prompt is kept, so that one more prompt costs its own captions only.
"""

from dataclasses import asdict

import torch

from captioner.bridge.files import load_bridge
from captioner.captioning.captions import Record, write_records
from captioner.captioning.generation import caption_all
from captioner.captioning.loading import load_decoder
from captioner.config.caption import CaptionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.origin import folder_digest
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from further.pretrained.images import images
from further.pretrained.maps import for_each
from further.pretrained.parameters import part
from stages import settings

SPLITS = ("test", "novel")


def captioned(number: int, threads: int) -> list[Record]:
    """The captions by one map, an arm a prompt."""
    runtime, config = settings.section("runtime", RuntimeConfig), part("caption", CaptionConfig)
    device = prepare(runtime, settings.shared("seed"), threads)
    folder, path = settings.source("pretrained_decoder"), settings.source("pretrained_maps", f"{number}.safetensors")
    decoder, vocabulary = load_decoder(folder, device, config.dtype), Vocabulary.load(folder)
    embeddings, digest = Embeddings.load(settings.source("embeddings")), folder_digest(folder)
    records = []
    for name, prompt in settings.shared("prompts").items():
        for split in SPLITS:
            keys = images()[split]
            vectors = embeddings.of(keys)
            with torch.inference_mode():
                prefix = load_bridge(path, device)(vectors.to(device))
            kept = settings.store(
                "pretrained_captions", path, digest, vectors.tolist(), prompt, asdict(config), asdict(runtime)
            )
            sizes, label = (config.max_new_tokens, config.batch_size), f"{name}, map {number + 1}, {split}"
            captions = caption_all(decoder, vocabulary, prefix, prompt, *sizes, label, Parts(kept))
            records += [Record(name, split, key, told, number) for key, told in zip(keys, captions, strict=True)]
    return records


def main() -> None:
    maps = len(list(settings.source("pretrained_maps").iterdir()))
    found = for_each(maps, captioned)
    with settings.target("pretrained_captions") as path:
        write_records(path, [record for records in found for record in records])
    settings.prune("pretrained_captions")


if __name__ == "__main__":
    settings.run(main)
