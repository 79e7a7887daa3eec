"""Stage `embed`: the features of every patch of every image, each image once; about twenty seconds on `scenes`.

They are float32: images x patches x width x 4 bytes, on `scenes` 115 MB. What is done is kept when it is interrupted.
"""

from captioner.config.embed import EmbedConfig
from captioner.config.runtime import RuntimeConfig
from captioner.encoders.encoder import load_encoder
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.patches.features import embed_patches
from captioner.photographs.images import ManifestReader, read_manifest
from further.arms import parameters
from stages import settings
from stages.study.splits import splits


def main() -> None:
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    config, grid = settings.section("embed", EmbedConfig), parameters.patches().grid
    ids = sorted(key for keys in splits().values() for key in keys)
    settings.source("images")
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    encoder = load_encoder(settings.source("encoder"), device, config.dtype)
    parts = Parts(settings.checkpoint_folder("further_arms_embed") / str(grid))
    features = embed_patches(encoder, reader.open, ids, grid, config.batch_size, parts)
    with settings.target("further_arms_features") as path:
        Embeddings(ids, features).save(path)
    settings.forget("further_arms_embed")


if __name__ == "__main__":
    settings.run(main)
