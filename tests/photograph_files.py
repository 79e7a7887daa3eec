"""Small photographs of noise, and sets of them in COCO's layout."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image


def jpeg(seed: int, size=(40, 30), mode="RGB") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "JPEG")
    return file.getvalue()


def coco(folder, name, count, first=1, captions=2, **changes):
    """A set in COCO's layout, and its document for a test to damage."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "annotations").mkdir(exist_ok=True)
    images = [{"id": first + n, "file_name": f"{first + n:012d}.jpg"} for n in range(count)]
    for row in images:
        (folder / name / row["file_name"]).write_bytes(jpeg(row["id"]))
    rows = [(row["id"], f"caption {n} of {row['id']}") for row in images for n in range(captions)]
    annotations = [{"id": n, "image_id": key, "caption": text} for n, (key, text) in enumerate(rows, start=first * 100)]
    document = {"images": images, "annotations": annotations}
    (folder / "annotations" / f"{name}.json").write_text(json.dumps(document))
    return document
