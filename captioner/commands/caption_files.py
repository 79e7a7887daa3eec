"""Files of references and of captions as people have them: COCO's, Karpathy's, plain maps, tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from captioner.foundation.documents import halved
from captioner.foundation.errors import InputError, listed
from captioner.photographs.tables import cells

Id = int | str
TABLES = (".csv", ".tsv", ".txt")
REFERENCES = """\
COCO's annotation format, {"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "A dog runs."}]};
Karpathy's {"images": [{"filename": "1.jpg", "sentences": [{"raw": "A dog runs."}]}]};
a plain map {"1.jpg": ["A dog runs."]}; or a table with the columns image and caption (.csv, .tsv, .txt)"""
CANDIDATES = """\
COCO's result format, one caption an image, [{"image_id": 1, "caption": "a dog in a park"}];
a plain map {"1.jpg": "a dog in a park"}; or a table with the columns image and caption"""


def read_document(path: Path) -> Any:
    """The content of a JSON file in UTF-8, also with its mark at the start; InputError for another file."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a file of JSON") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON in UTF-8 ({error}); export the file again") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; ValueError where a key stands twice, of which json itself would keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise ValueError(f"the key {next(key for key, _ in pairs if key in seen or seen.add(key))!r} stands twice")
    return found


def _is_id(value: object) -> bool:
    return type(value) in (int, str)


def _captioned(rows: object, name: str, path: Path, shape: str) -> list[tuple[Id, str]]:
    if not isinstance(rows, list):
        raise InputError(f"{path}: {shape}")
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not _is_id(row.get("image_id")) or not isinstance(row.get("caption"), str):
            raise InputError(f"{path}: {name}[{index}] should have image_id (a number or text) and caption (text)")
    return [(row["image_id"], row["caption"]) for row in rows]


def _table(path: Path) -> dict[str, list[str]]:
    """Captions by the text of the first column, in its order."""
    found: dict[str, list[str]] = {}
    for line, name, caption in cells(path):
        if not name:
            raise InputError(f"{path}: line {line} names no image")
        found.setdefault(name, []).append(caption)
    return found


def _map(document: dict, path: Path) -> dict[str, list[str]]:
    """A plain map from an image to its caption or captions."""
    found = {}
    for name, told in document.items():
        several = [told] if isinstance(told, str) else told
        if not isinstance(several, list) or not all(isinstance(text, str) for text in several):
            raise InputError(f"{path}: {name!r} should have a caption (text) or a list of captions")
        found[name] = several
    return found


def _karpathy(images: list, path: Path) -> dict[Id, list[str]]:
    """Karpathy's datasets: COCO's by `cocoid`, Flickr's by `filename`."""
    found: dict[Id, list[str]] = {}
    for index, image in enumerate(images):
        try:
            key = image.get("cocoid", image.get("filename"))
            texts = [sentence["raw"] for sentence in image["sentences"]]
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(f"{path}: images[{index}] should have sentences, each with raw") from error
        if not _is_id(key) or not all(isinstance(text, str) for text in texts):
            raise InputError(f"{path}: images[{index}] should have cocoid or filename, and sentences with raw (text)")
        if key in found:
            raise InputError(f"{path}: image {key!r} is listed twice; keep one")
        found[key] = texts
    return found


def _whole(pairs: Iterable[tuple[Id, str]], path: Path) -> None:
    """InputError for half a character in a text or in an image's name."""
    for image, text in pairs:
        if halved(text) or halved(str(image)):
            raise InputError(f"{path}: image {image!r}: holds half a character (a lone surrogate); export it again")


def read_references(path: Path) -> dict[Id, list[str]]:
    """The references of each image that has some, in the file's order; InputError for a file of no format above."""
    if path.suffix.lower() in TABLES:
        found: Mapping[Id, list[str]] = _table(path)
    else:
        document = read_document(path)
        if not isinstance(document, dict):
            raise InputError(f"{path}: no references; they come as\n{REFERENCES}")
        images = document.get("images")
        if not isinstance(images, list):
            found = _map(document, path)
        elif "annotations" not in document and images and isinstance(images[0], dict) and "sentences" in images[0]:
            found = _karpathy(images, path)
        else:
            found = _coco(document, path)
    references = {image: several for image, several in found.items() if several}
    if not references:
        raise InputError(f"{path}: no image has a reference; nothing can be scored")
    _whole(((image, text) for image, several in references.items() for text in several), path)
    return references


def _coco(document: dict, path: Path) -> dict[Id, list[str]]:
    shape = "not COCO's annotation format, an object with the lists `images` and `annotations`"
    pairs = _captioned(document.get("annotations"), "annotations", path, shape)
    references: dict[Id, list[str]] = {}
    for index, image in enumerate(document["images"]):
        if not isinstance(image, dict) or not _is_id(image.get("id")):
            raise InputError(f"{path}: images[{index}] should have id (a number or text)")
        if image["id"] in references:
            raise InputError(f"{path}: image {image['id']!r} is listed twice; keep one")
        references[image["id"]] = []
    for index, (image, text) in enumerate(pairs):
        if image not in references:
            raise InputError(f"{path}: annotations[{index}] is of image {image!r}, which `images` does not list")
        references[image].append(text)
    return references


def read_candidates(path: Path) -> dict[Id, str]:
    """The caption of each image; InputError for a file of no format above, and for two captions of an image."""
    if path.suffix.lower() in TABLES:
        pairs = [(name, text) for name, several in _table(path).items() for text in several]
    else:
        document = read_document(path)
        if isinstance(document, dict):
            pairs = [(name, text) for name, several in _map(document, path).items() for text in several]
        else:
            shape = f"no candidates; they come as\n{CANDIDATES}"
            pairs = _captioned(document, "caption ", path, shape)
    _whole(pairs, path)
    candidates = dict(pairs)
    if len(candidates) < len(pairs):
        seen: set[Id] = set()
        twice = [repr(image) for image, _ in pairs if image in seen or seen.add(image)]
        raise InputError(f"{path}: more than one caption of these images; keep one each:\n{listed(twice)}")
    return candidates


def read_names(path: Path) -> dict[Id, str]:
    """The picture's file of each image of COCO's annotations, by id; in the other formats the ids are the names."""
    if path.suffix.lower() in TABLES:
        return {}
    images = read_document(path).get("images", [])
    return {
        image.get("id", image.get("cocoid")): image.get("file_name", image.get("filename"))
        for image in images
        if isinstance(image, dict) and ("file_name" in image or ("cocoid" in image and "filename" in image))
    }


def candidates_of(path: Path, references: Mapping[Id, Sequence[str]]) -> dict[Id, str]:
    """The captions of a file under the references' ids; a number and its digits are one id, a file name counts with
    and without its ending.

    InputError for a caption without references, and for a file without captions.
    """
    candidates = read_candidates(path)
    if not candidates:
        raise InputError(f"{path}: no captions; nothing can be scored")
    other = {Path(str(image)).stem: image for image in references} | {str(image): image for image in references}
    known = {image: image if image in references else other.get(str(image)) for image in candidates}
    known = {image: other.get(Path(str(image)).stem) if home is None else home for image, home in known.items()}
    unknown = [repr(image) for image, home in known.items() if home is None]
    if unknown:
        raise InputError(f"{path}: captions of images that have no references; leave them out:\n{listed(unknown)}")
    if len(set(known.values())) < len(known):
        raise InputError(f"{path}: two captions of one image, once with and once without an ending; keep one")
    return {known[image]: text for image, text in candidates.items()}


def picture_file(folder: Path, name: str, suffixes: set[str]) -> str:
    """The picture's file in the folder: the name itself, or with one of the endings that Pillow reads."""
    for one in (name, *(f"{name}{suffix}" for suffix in sorted(suffixes))):
        if (folder / one).is_file():
            return one
    raise InputError(f"{folder}: no picture {name} (with or without an ending), though the references list it")
