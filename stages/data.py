"""Stage `data`: captions in COCO's format, images in one archive a set, and the manifest that lists every file.

`scenes` draws its world (about 15 s); the facts of each scene are kept for the split and for counting right and wrong.
"""

import io
import json
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tqdm import tqdm

from captioner.annotations import Captions, write_captions
from captioner.config.data import DrawnData
from captioner.config.runtime import RuntimeConfig
from captioner.drawing import draw
from captioner.images import manifest_rows, write_archive, write_manifest
from captioner.language import references
from captioner.world import Scene, sample_scene
from stages import settings


def picture(seed: str, size: int) -> tuple[Scene, bytes]:
    """The scene of this seed and its picture as PNG."""
    rng = random.Random(seed)
    scene = sample_scene(rng)
    file = io.BytesIO()
    draw(scene, rng, size).save(file, "PNG", compress_level=1)
    return scene, file.getvalue()


def main() -> None:
    seed = settings.shared("seed")
    config = settings.section("data", DrawnData)
    threads = settings.section("runtime", RuntimeConfig).threads
    facts = {}

    def drawn(name: str, first: int, count: int, captions: Captions) -> Iterator[tuple[str, bytes]]:
        keys = range(first, first + count)
        sizes = [config.picture_size] * count
        pictures = pool.map(picture, [f"{seed}/{name}/{key}" for key in keys], sizes, chunksize=100)
        for key, (scene, content) in tqdm(
            zip(keys, pictures, strict=True), f"draw {name}", count, unit=" images", mininterval=1.0
        ):
            captions.files[key] = f"{key:012d}.png"
            captions.captions[key] = references(scene, random.Random(f"{seed}/captions/{key}"), config.references)
            facts[key] = scene.to_json()
            yield captions.files[key], content

    with ProcessPoolExecutor(threads) as pool:
        train, val = Captions({}, {}), Captions({}, {})
        with settings.target("images_train") as path:
            write_archive(path, drawn("train", 1, config.train_images, train))
        with settings.target("images_val") as path:
            write_archive(path, drawn("val", 1 + config.train_images, config.val_images, val))
    with settings.target("captions_train") as path:
        write_captions(path, train, "drawn scenes, set train")
    with settings.target("captions_val") as path:
        write_captions(path, val, "drawn scenes, set val")
    with settings.target("facts") as path:
        path.write_text(json.dumps(facts, separators=(",", ":")) + "\n", encoding="utf-8")
    rows = manifest_rows(settings.output("images_train"), "train", train.files)
    rows += manifest_rows(settings.output("images_val"), "val", val.files)
    with settings.target("manifest") as path:
        write_manifest(path, rows)


if __name__ == "__main__":
    settings.run(main)
