"""COCO's captions JSON: read with its faults named, written with the same bytes for the same captions."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from captioner.foundation.documents import halved, read_json
from captioner.foundation.errors import InputError, listed


@dataclass(frozen=True)
class Captions:
    """The images of one set and their captions, both in the order of the file: id -> file name, id -> captions."""

    files: dict[int, str]
    captions: dict[int, list[str]]


@dataclass(frozen=True)
class LeftOut:
    """What could not be used: the image, its file (empty where only a caption is left out) and why."""

    image_id: int
    file: str
    reason: str


def fits(number: int) -> bool:
    """Whether an id can be an element of an array."""
    return -(2**63) <= number < 2**63


def _rows(document: object, key: str, fields: dict[str, type], path: Path) -> list[dict]:
    rows = document.get(key) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise InputError(f"{path}: no list `{key}`; this is not COCO's captions format (images, annotations)")
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or any(type(row.get(field)) is not kind for field, kind in fields.items()):
            shape = ", ".join(f"{field}: {kind.__name__}" for field, kind in fields.items())
            raise InputError(f"{path}: {key}[{index}] should have {shape}")
    return rows


def read_captions(path: Path, left_out: list[LeftOut] | None = None) -> Captions:
    """The images and captions of a COCO captions file.

    InputError, with the first offenders and their count, for a wrong shape, ids that are duplicate or beyond 64 bits,
    names that no file can have, a caption of an image that is not listed, an empty caption, and an image without
    captions. With a list `left_out`, the last three are left out and added to it.
    """
    document = read_json(path, "annotations file", "fetch or export the file again")
    images = _rows(document, "images", {"id": int, "file_name": str}, path)
    annotations = _rows(document, "annotations", {"id": int, "image_id": int, "caption": str}, path)
    problems = [f"image id {key} stands {n} times" for key, n in Counter(row["id"] for row in images).items() if n > 1]
    repeated = Counter(row["id"] for row in annotations)
    problems += [f"annotation id {key} stands {count} times" for key, count in repeated.items() if count > 1]
    problems += [f"image id {row['id']} is no integer of 64 bits" for row in images if not fits(row["id"])]
    problems += [
        f"image {row['id']}: {row['file_name']!r} is no name that a file can have"
        for row in images
        if "\0" in row["file_name"] or halved(row["file_name"])
    ]
    files = {row["id"]: row["file_name"] for row in images}
    unusable: list[LeftOut] = []
    captions: dict[int, list[str]] = {key: [] for key in files}
    for row in annotations:
        if row["image_id"] not in files:
            reason = f"annotation {row['id']} is of image {row['image_id']}, which is not listed"
            unusable.append(LeftOut(row["image_id"], "", reason))
        elif not row["caption"].strip():
            reason = f"annotation {row['id']} (image {row['image_id']}) is an empty caption"
            unusable.append(LeftOut(row["image_id"], "", reason))
        elif halved(row["caption"]):
            problems.append(
                f"annotation {row['id']} (image {row['image_id']}) holds half a character (a lone surrogate)"
            )
        else:
            captions[row["image_id"]].append(" ".join(row["caption"].split()))
    for key in [key for key, texts in captions.items() if not texts]:
        unusable.append(LeftOut(key, files[key], f"image {key} ({files[key]}) has no caption"))
    if left_out is None:
        problems += [each.reason for each in unusable]
    elif not problems:
        left_out += unusable
        for each in unusable:
            if each.file:
                del files[each.image_id], captions[each.image_id]
    if problems:
        raise InputError(f"{path}: {len(problems)} problems; mend or remove these entries\n{listed(problems)}")
    return Captions(files, captions)


def write_captions(path: Path, captions: Captions, description: str) -> None:
    """Write COCO's captions format; annotation ids count from 1 in the order of the images."""
    rows = [(key, text) for key in captions.files for text in captions.captions[key]]
    document = {
        "info": {"description": description},
        "images": [{"id": key, "file_name": name} for key, name in captions.files.items()],
        "annotations": [{"id": n, "image_id": key, "caption": text} for n, (key, text) in enumerate(rows, start=1)],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
