"""Stage `data`: captions in COCO's format and the manifest that lists every image with its hash.

`scenes` draws its world (about 15 s) into archives, and keeps the facts of each scene. `coco` reads, hashes and decodes
every photograph where it lies (about 150 a second on two cores) and copies none.
"""

import csv
import io
import json
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from pathlib import Path

from tqdm import tqdm

from captioner.config.data import SOURCES, DrawnData
from captioner.config.runtime import RuntimeConfig
from captioner.photographs.annotations import Captions, write_captions
from captioner.photographs.coco import CACHE, CURE, prepare
from captioner.photographs.images import manifest_rows, write_archive, write_manifest
from captioner.photographs.photographs import collect
from captioner.world.drawing import draw
from captioner.world.language import references
from captioner.world.scene import Scene, sample_scene
from stages import settings


def picture(seed: str, size: int) -> tuple[Scene, bytes]:
    """The scene of this seed and its picture as PNG."""
    rng = random.Random(seed)
    scene = sample_scene(rng)
    file = io.BytesIO()
    draw(scene, rng, size).save(file, "PNG", compress_level=1)
    return scene, file.getvalue()


def drawn(config: DrawnData, seed: int, threads: int, images: Path) -> tuple[dict[str, Captions], dict[int, dict]]:
    """Draw both sets into archives in the folder `images`; their captions, and the facts of each scene."""
    sets: dict[str, Captions] = {}
    facts: dict[int, dict] = {}

    def pictures(name: str, first: int, count: int) -> Iterator[tuple[str, bytes]]:
        keys = range(first, first + count)
        scenes = pool.map(
            picture, [f"{seed}/{name}/{key}" for key in keys], [config.picture_size] * count, chunksize=100
        )
        for key, (scene, content) in tqdm(
            zip(keys, scenes, strict=True), f"draw {name}", count, unit=" images", mininterval=1.0
        ):
            sets[name].files[key] = f"{key:012d}.png"
            sets[name].captions[key] = references(scene, random.Random(f"{seed}/captions/{key}"), config.references)
            facts[key] = scene.to_json()
            yield sets[name].files[key], content

    first = 1
    with ProcessPoolExecutor(threads) as pool:
        for name, count in (("train", config.train_images), ("test", config.test_images)):
            sets[name] = Captions({}, {})
            write_archive(images / f"{name}.tar", pictures(name, first, count))
            first += count
    return sets, facts


def main() -> None:
    seed = settings.shared("seed")
    config = settings.section("data", SOURCES)
    threads = settings.section("runtime", RuntimeConfig).threads
    with settings.target("images") as images:
        images.mkdir()
        if isinstance(config, DrawnData):
            sets, facts = drawn(config, seed, threads, images)
            left_out = []
        else:
            journal = settings.checkpoint_folder("data") / "journal.jsonl"
            folder = Path(config.folder) if config.folder else prepare(CACHE, CURE)
            sets, rows, left_out = collect(config, folder, seed, threads, journal)
            facts = {}
            settings.write_json(images / "where.json", {"folders": sorted({row.location for row in rows})})
    if isinstance(config, DrawnData):
        rows = [
            row
            for name in sets
            for row in manifest_rows(settings.output("images") / f"{name}.tar", name, sets[name].files)
        ]
    training = Captions({}, {})
    for name in ("train", "val"):
        if name in sets:
            training.files.update(sets[name].files)
            training.captions.update(sets[name].captions)
    with settings.target("captions_train") as path:
        write_captions(path, training, "captions of the sets train and val")
    with settings.target("captions_test") as path:
        write_captions(path, sets["test"], "captions of the set test")
    with settings.target("facts") as path:
        path.write_text(json.dumps(facts, separators=(",", ":")) + "\n", encoding="utf-8")
    with settings.target("manifest") as path:
        write_manifest(path, rows)
    with settings.target("left_out") as path, path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image_id", "file", "reason"])
        writer.writerows(astuple(each) for each in left_out)
    digests = {row.sha256 for row in rows if row.source_set != "test"}
    with settings.target("data_metrics") as path:
        settings.write_json(
            path,
            {
                "train_images": len(training.files),
                "test_images": len(sets["test"].files),
                "captions": sum(map(len, [*training.captions.values(), *sets["test"].captions.values()])),
                "skipped_images": sum(bool(each.file) for each in left_out),
                "skipped_captions": sum(not each.file for each in left_out),
                "test_images_also_in_training": sum(row.sha256 in digests for row in rows if row.source_set == "test"),
            },
        )
    if left_out:
        print(f"left out {len(left_out)} images or captions; {settings.output('left_out')} names them")
    settings.forget("data")


if __name__ == "__main__":
    settings.run(main)
