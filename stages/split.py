"""Stage `split`: decides which image is train, val, test or novel, and which pairs are held out; a second or two."""

import json
import random

from captioner.config.split import SPLITTINGS, DrawnSplit
from captioner.photographs.images import read_manifest
from captioner.photographs.splits import assign, assign_given, held_out_pairs
from captioner.world.scene import Scene, all_pairs
from stages import settings


def main() -> None:
    seed = settings.shared("seed")
    config = settings.section("split", SPLITTINGS)
    facts = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    sets: dict[str, list[int]] = {"train": [], "val": [], "test": []}
    for row in read_manifest(settings.source("manifest")).values():
        sets[row.source_set].append(row.image_id)
    held_out: dict[str, list] = {"colours": [], "settings": []}
    if isinstance(config, DrawnSplit):
        rng = random.Random(f"{seed}/split")
        pairs = {int(key): Scene.from_json(record).pairs for key, record in facts.items()}
        coloured, placed = all_pairs()
        held_out["colours"] = held_out_pairs(coloured, config.held_out_colours, rng)
        held_out["settings"] = held_out_pairs(placed, config.held_out_settings, rng)
        splits = assign(sets, pairs, frozenset(held_out["colours"] + held_out["settings"]), config, rng)
    else:
        splits = assign_given(sets, config.val, f"{seed}/val")
    with settings.target("split") as path:
        settings.write_json(path, {"splits": splits, "held_out": held_out})
    counts = {name: len(keys) for name, keys in splits.items()}
    with settings.target("split_metrics") as path:
        settings.write_json(path, {**counts, "left_out": sum(map(len, sets.values())) - sum(counts.values())})


if __name__ == "__main__":
    settings.run(main)
