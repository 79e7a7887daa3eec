"""Stage `embed`: the CLIP embedding of every image of every split, each once; about fifteen seconds on `scenes`."""

import json

from captioner.config.embed import EmbedConfig
from captioner.config.runtime import RuntimeConfig
from captioner.embeddings import Embeddings
from captioner.encoder import Encoder
from captioner.images import ManifestReader, read_manifest
from captioner.runtime import prepare
from stages import settings


def main() -> None:
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    batch_size = settings.section("embed", EmbedConfig).batch_size
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    ids = sorted(key for keys in splits.values() for key in keys)
    settings.source("images_train")
    settings.source("images_val")
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    encoder = Encoder.load(settings.source("encoder"), device)
    vectors = encoder.embed(reader.open, ids, batch_size)
    with settings.target("embeddings") as path:
        Embeddings(ids, vectors).save(path)


if __name__ == "__main__":
    settings.run(main)
