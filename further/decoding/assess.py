"""Stage `assess`: every way of decoding by its quality and its diversity, its best caption by CLIP, the best one there
is, and people's captions beside them. A minute and a half on two cores.
"""

import json
from collections.abc import Callable
from functools import cache

import numpy as np

from captioner.config.compare import CompareConfig
from captioner.config.judge import JUDGES, SameJudge
from captioner.decoding.assessed import COLUMNS, Standard, assessed
from captioner.decoding.several import Several, read_several
from captioner.encoders.encoder import Encoder, load_encoder
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.tables import write_named
from captioner.photographs.annotations import read_captions
from captioner.statistics.intervals import Bootstrap
from captioner.world.scene import Scene
from further.decoding.ways import labels, part
from stages import settings
from stages.study.scoring import Scoring

SPLITS = ("val", "test")


def main() -> None:
    seed, config = settings.shared("seed"), part("decoding")
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    references = {
        **read_captions(settings.source("captions_train")).captions,
        **read_captions(settings.source("captions_test")).captions,
    }
    scenes = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    study = Scoring.open(SPLITS, references)
    embeddings = Embeddings.load(settings.source("embeddings"))
    same = isinstance(settings.section("judge", JUDGES), SameJudge)
    scorer = study.scorer
    encoder = scorer if same else load_encoder(settings.source("encoder"), scorer.device)
    found: dict[str, dict[str, dict[int, list[Several]]]] = {split: {} for split in SPLITS}
    for row in read_several(settings.source("further_decoding_captions")):
        found[row.split].setdefault(row.decoding, {}).setdefault(row.seed, []).append(row)
    embed = remembered(scorer)
    told = embed if same else remembered(encoder)
    rows: list[dict] = []
    for split in SPLITS:
        keys = study.splits[split]
        drawn = [Scene.from_json(scenes[str(key)]) for key in keys if str(key) in scenes]
        standard = Standard(study.judges[split], embed, embeddings.of(keys).numpy(), told, drawn)
        decodings = {name: [by[number] for number in sorted(by)] for name, by in found[split].items()}

        @cache
        def sample(maps: int, images: int = len(keys)) -> Bootstrap:
            return Bootstrap(images, maps, statistics.resamples, statistics.confidence, seed)

        rows += assessed(split, standard, decodings, labels(config), sample)
    with settings.target("further_decoding_table") as path:
        write_named(path, COLUMNS, rows)


def remembered(encoder: Encoder) -> Callable[[list[str]], np.ndarray]:
    """The encoder's embeddings [M, D] of texts, each text embedded once."""
    known: dict[str, np.ndarray] = {}

    def embed(texts: list[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, encoder.encode_texts(new).numpy(), strict=True))
        return np.stack([known[text] for text in texts])

    return embed


if __name__ == "__main__":
    settings.run(main)
