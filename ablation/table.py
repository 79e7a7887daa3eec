"""Stage `table`: the captions of every choice scored on split val, each choice beside the baseline; seconds."""

import json
import statistics

from captioner.config.score import ScoreConfig
from captioner.foundation.tables import write_table
from captioner.photographs.annotations import read_captions
from captioner.scores.metrics import Cider
from captioner.scores.words import splitter
from stages import settings


def main() -> None:
    choices = settings.document("ablation/params.yaml")["choices"]
    val = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]["val"]
    references = read_captions(settings.source("captions_train")).captions
    words = splitter(settings.section("score", ScoreConfig).words)
    cider = Cider([[words(text) for text in references[image]] for image in val])
    found = {
        name: json.loads(settings.source("ablation", f"{name}.json").read_text(encoding="utf-8"))["seeds"]
        for name in choices
    }
    scores = {
        name: [float(cider.scores([words(text) for text in result["captions"]]).mean()) for result in results]
        for name, results in found.items()
    }
    rows = []
    for name, change in choices.items():
        told = ", ".join(f"{key} {value}" for key, value in change.items()) or "the study's own recipe"
        loss, tokens = (statistics.mean(result[key] for result in found[name]) for key in ("validation_loss", "tokens"))
        paired = statistics.mean(mine - base for mine, base in zip(scores[name], scores["baseline"], strict=True))
        mine = scores[name]
        rows.append([name, told, statistics.mean(mine), min(mine), max(mine), paired, loss, tokens])
    with settings.target("ablation_table") as path:
        columns = ["choice", "change", "cider", "lowest", "highest", "difference", "validation_loss", "tokens"]
        write_table(path, columns, rows)


if __name__ == "__main__":
    settings.run(main)
