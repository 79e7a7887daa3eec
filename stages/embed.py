"""Stage `embed`: the encoder's embedding of every image of every split, each once; about fifteen seconds on `scenes`.

On photographs decoding takes a few percent of the time beside ViT-B/16. What is done is kept when it is interrupted.
"""

from captioner.config.embed import EmbedConfig
from captioner.config.runtime import RuntimeConfig
from captioner.encoders.encoder import load_encoder
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.photographs.images import ManifestReader, read_manifest
from stages import settings
from stages.study.splits import splits


def main() -> None:
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    config = settings.section("embed", EmbedConfig)
    by_split = splits()
    ids = sorted(key for keys in by_split.values() for key in keys)
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
