"""Stage `score_prompt`: the captions of one compared prompt against their images and references, of every arm and seed,
and the embeddings of the captions; about ten seconds.
"""

import json
import sys

import torch
from safetensors.torch import save_file

from captioner.annotations import read_captions
from captioner.captions import by_arm, read_records
from captioner.config.controls import ControlsConfig
from captioner.config.judge import JUDGES
from captioner.config.runtime import RuntimeConfig
from captioner.described import References, Texts
from captioner.embeddings import Embeddings
from captioner.encoder import load_encoder
from captioner.evaluation import IMAGE_COLUMNS, image_rows, judges
from captioner.runtime import prepare
from captioner.tables import write_table
from stages import settings


def main(key: str) -> None:
    seed = settings.shared("seed")
    device = prepare(settings.section("runtime", RuntimeConfig), seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    references = read_captions(settings.source("captions_test")).captions
    dtype = settings.section("judge", JUDGES).dtype
    scorer = load_encoder(settings.source("judge"), device, dtype)
    vocabulary = json.loads((settings.source("decoder") / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    measured = {name: splits[name] for name in ("test", "novel")}
    embeddings, described = Embeddings.load(settings.source("judged")), References.load(settings.source("described"))
    derangements = settings.validated(ControlsConfig, settings.shared("controls"), "controls").derangements
    judge = judges(measured, references, embeddings, described, vocabulary, seed, derangements)
    rows, vectors = [], []
    for (arm, split, number), captions in by_arm(read_records(settings.source("captions", f"{key}.jsonl"))).items():
        texts = Texts.of(captions, scorer)
        scored = judge[split].score(captions, texts)
        rows += [(arm, number, split, *row) for row in image_rows(splits[split], captions, scored)]
        vectors.append(torch.from_numpy(texts.alone))
    with settings.target("prompt_scores", f"{key}.csv") as path:
        write_table(path, ["arm", "seed", "split", "image_id", "caption", *IMAGE_COLUMNS], rows)
    with settings.target("prompt_scores", f"{key}.safetensors") as path:
        save_file({"texts": torch.cat(vectors)}, path)


if __name__ == "__main__":
    settings.run(main, sys.argv[1])
