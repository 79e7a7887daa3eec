"""Stage `retrieve`: for each image of test and novel the training caption that the encoder finds nearest, a control
that describes by repeating. All training captions are embedded for it: ten seconds on `scenes`.
"""

import json

from captioner.config.embed import EmbedConfig
from captioner.config.runtime import RuntimeConfig
from captioner.encoders.encoder import load_encoder
from captioner.evaluation.retrieval import nearest
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.photographs.annotations import read_captions
from stages import settings
from stages.study.splits import splits


def main() -> None:
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    dtype = settings.section("embed", EmbedConfig).dtype
    by_split = splits()
    captions = read_captions(settings.source("captions_train")).captions
    embeddings = Embeddings.load(settings.source("embeddings"))
    encoder = load_encoder(settings.source("encoder"), device, dtype)
    texts = list(dict.fromkeys(text for key in by_split["train"] for text in captions[key]))
    ids = [key for name in ("test", "novel") for key in by_split[name]]
    places = nearest(embeddings.of(ids), texts, encoder, Parts(settings.checkpoint_folder("retrieve")))
    with settings.target("retrieved") as path:
        found = {str(key): texts[place] for key, place in zip(ids, places, strict=True)}
        path.write_text(json.dumps(found, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    settings.forget("retrieve")


if __name__ == "__main__":
    settings.run(main)
