"""Stage `caption_prompt`: greedy captions of test and novel after one of the compared prompts, by the map of every seed
(arm `linear`) and by the map that was trained with the empty prompt only (arm `empty`); about ten seconds.
"""

import sys

from captioner.captioning.captions import write_records
from stages import settings
from stages.study.captioning import Captioning

SPLITS = ("test", "novel")


def main(key: str) -> None:
    study = Captioning.open(settings.shared(f"prompts.{key}"))
    records = [
        record
        for number, path in enumerate(study.seeds())
        for record in study.by_bridge("linear", number, path, SPLITS)
    ]
    records += study.by_bridge("empty", 0, settings.source("mappers", "empty.safetensors"), SPLITS)
    with settings.target("captions", f"{key}.jsonl") as path:
        write_records(path, records)
    settings.prune("captions")


if __name__ == "__main__":
    settings.run(main, sys.argv[1])
