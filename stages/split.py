"""Stage `split`: decides which image is train, val, test or novel, and which pairs are held out; a second or two."""

import json
import random

from captioner.annotations import read_captions
from captioner.config.split import SplitConfig
from captioner.splits import assign, held_out_pairs
from captioner.world import Scene, all_pairs
from stages import settings


def main() -> None:
    rng = random.Random(f"{settings.shared('seed')}/split")
    config = settings.section("split", SplitConfig)
    sets = {
        "train": list(read_captions(settings.source("captions_train")).files),
        "val": list(read_captions(settings.source("captions_val")).files),
    }
    facts = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    pairs = {int(key): Scene.from_json(record).pairs for key, record in facts.items()}
    coloured, placed = all_pairs()
    held_out = {
        "colours": held_out_pairs(coloured, config.held_out_colours, rng),
        "settings": held_out_pairs(placed, config.held_out_settings, rng),
    }
    splits = assign(sets, pairs, frozenset(held_out["colours"] + held_out["settings"]), config, rng)
    with settings.target("split") as path:
        settings.write_json(path, {"splits": splits, "held_out": held_out})
    counts = {name: len(keys) for name, keys in splits.items()}
    with settings.target("split_metrics") as path:
        settings.write_json(path, {**counts, "left_out": sum(map(len, sets.values())) - sum(counts.values())})


if __name__ == "__main__":
    settings.run(main)
