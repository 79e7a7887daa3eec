"""Stage `embed`: the encoder's embedding of every image of every split, each once; about fifteen seconds on `scenes`.

On photographs decoding takes a few percent of the time beside ViT-B/16. What is done is kept when it is interrupted.
"""

import json

from captioner.checkpoints import Parts
from captioner.config.embed import EmbedConfig
from captioner.config.runtime import RuntimeConfig
from captioner.embeddings import Embeddings
from captioner.encoder import load_encoder
from captioner.images import ManifestReader, read_manifest
from captioner.runtime import prepare
from stages import settings


def main() -> None:
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    config = settings.section("embed", EmbedConfig)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    ids = sorted(key for keys in splits.values() for key in keys)
    settings.source("images")
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    encoder = load_encoder(settings.source("encoder"), device, config.dtype)
    parts = Parts(settings.checkpoint_folder("embed"))
    vectors = encoder.embed(reader.open, ids, config.batch_size, parts)
    with settings.target("embeddings") as path:
        Embeddings(ids, vectors).save(path)
    settings.forget("embed")


if __name__ == "__main__":
    settings.run(main)
