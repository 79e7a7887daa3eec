"""Small photographs of noise, sets of them in COCO's layout, and a study of them with tiny random backbones."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from random_weights import random_clip, random_gpt2, write_archive


def jpeg(seed: int, size=(40, 30), mode="RGB") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "JPEG")
    return file.getvalue()


def coco(folder, name, count, first=1, captions=2, say=lambda image, n: f"caption {n} of {image}"):
    """A set in COCO's layout, and its document for a test to damage; `say` words the captions of each image."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "annotations").mkdir(exist_ok=True)
    images = [{"id": first + n, "file_name": f"{first + n:012d}.jpg"} for n in range(count)]
    for row in images:
        (folder / name / row["file_name"]).write_bytes(jpeg(row["id"]))
    rows = [(row["id"], say(row["id"], n)) for row in images for n in range(captions)]
    annotations = [{"id": n, "image_id": key, "caption": text} for n, (key, text) in enumerate(rows, start=first * 100)]
    document = {"images": images, "annotations": annotations}
    (folder / "annotations" / f"{name}.json").write_text(json.dumps(document))
    return document


def source(folder: Path, train: int, test: int, say: Callable[[int, int], str]) -> Path:
    """The folder, with so many photographs in the sets `train` and `test`, of five captions each, and backbones."""
    coco(folder, "train", train, captions=5, say=say)
    document = coco(folder, "test", test, first=101, captions=5, say=say)
    write_archive(random_clip("tiny", 1), folder / "ViT-B-16.pt")
    torch.save(random_clip("tiny", 2).state_dict(), folder / "ViT-B-32.pt")
    sizes = {"n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 128, "vocab_size": 400}
    for part in random_gpt2([row["caption"] for row in document["annotations"]], 3, **sizes):
        part.save_pretrained(folder / "gpt2")
    return folder


def photographs(params, folder: Path, weights: Path, **data) -> None:
    """Set params to the study of photographs in `folder` with the weights in `weights`; of one thread, since tests run
    side by side.
    """
    params["study"] = "coco"
    study = params["coco"]
    study["data"].update(folder=str(folder), test_images=0, **data)
    study["decoder"]["name"] = str(weights / "gpt2")
    for section, name in (("encoder", "ViT-B-16.pt"), ("judge", "ViT-B-32.pt")):
        study[section].update(file=str(weights / name), trust_archive=True)
    study["runtime"].update(device="cpu", threads=1)
    study["projection"]["epochs"] = study["finetune"]["epochs"] = 1


def small_photographs(params, folder: Path, **data) -> None:
    """Set params to the study of the photographs and backbones of `source`."""
    sets = {f"{name}_{part}": where for name in ("train", "test") for part, where in (
        ("captions", f"annotations/{name}.json"), ("folder", name),
    )}  # fmt: skip
    photographs(params, folder, folder, **sets, **data)
    params["coco"]["split"]["val"] = 6
