"""Stage `score_prompt`: the captions of one compared prompt against their images and references, of every arm and seed,
and the embeddings of the captions; about ten seconds.
"""

import sys

import torch
from safetensors.torch import save_file

from captioner.captioning.captions import by_arm, read_records
from captioner.evaluation.described import Texts
from captioner.evaluation.judge import IMAGE_COLUMNS, image_rows
from captioner.foundation.tables import write_table
from captioner.photographs.annotations import read_captions
from stages import settings
from stages.study.scoring import Scoring


def main(key: str) -> None:
    study = Scoring.open(("test", "novel"), read_captions(settings.source("captions_test")).captions)
    arms = by_arm(read_records(settings.source("captions", f"{key}.jsonl")))
    described = Texts.of_each(list(arms.values()), study.scorer)
    rows, vectors = [], []
    for ((arm, split, number), captions), texts in zip(arms.items(), described, strict=True):
        scored = study.judges[split].score(captions, texts)
        rows += [(arm, number, split, *row) for row in image_rows(study.splits[split], captions, scored)]
        vectors.append(torch.from_numpy(texts.alone))
    with settings.target("prompt_scores", f"{key}.csv") as path:
        write_table(path, ["arm", "seed", "split", "image_id", "caption", *IMAGE_COLUMNS], rows)
    with settings.target("prompt_scores", f"{key}.safetensors") as path:
        save_file({"texts": torch.cat(vectors)}, path)


if __name__ == "__main__":
    settings.run(main, sys.argv[1])
