"""Stage `judge`: the CLIP that scores the captions, and its embedding of every image that is scored and of every
reference; a few seconds on `scenes`, where the encoder itself judges.
"""

import shutil

from captioner.config.judge import JUDGES, SameJudge
from captioner.config.runtime import RuntimeConfig
from captioner.encoders.encoder import load_encoder
from captioner.evaluation.described import References
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.photographs.annotations import read_captions
from captioner.photographs.images import ManifestReader, read_manifest
from captioner.pretrained.backbones import pretrained_encoder
from stages import settings
from stages.study.splits import splits


def main() -> None:
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    config = settings.section("judge", JUDGES)
    by_split = splits()
    captions = {
        **read_captions(settings.source("captions_train")).captions,
        **read_captions(settings.source("captions_test")).captions,
    }
    settings.source("images")
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    with settings.target("judge") as folder:
        if isinstance(config, SameJudge):
            shutil.copytree(settings.source("encoder"), folder)
        else:
            pretrained_encoder(config, folder, "judge")
    ids = sorted(key for name in ("val", "test", "novel") for key in by_split[name])
    judge = load_encoder(settings.output("judge"), device, config.dtype)
    parts = Parts(settings.checkpoint_folder("judge"))
    vectors = judge.embed(reader.open, ids, config.batch_size, parts, label="judge")
    with settings.target("judged") as path:
        Embeddings(ids, vectors).save(path)
    texts = {key: captions[key] for key in ids}
    with settings.target("described") as path:
        References.embed(texts, judge).save(path)
    settings.forget("judge")


if __name__ == "__main__":
    settings.run(main)
