"""Pictures of the test split, to try a captioner on."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError
from captioner.photographs.images import ImageReader, read_manifest


@dataclass(frozen=True)
class Example:
    """A picture of the test split: the bytes of its file, whose format is that of the file name's suffix."""

    image_id: int
    file_name: str
    content: bytes


def read_examples(folder: Path, split: Path, manifest: Path, count: int) -> list[Example]:
    """The first `count` pictures of the test split of the study in `folder`; none without the data.

    InputError where a picture's bytes are not those that the manifest lists.
    """
    if not split.is_file() or not manifest.is_file():
        return []
    cure = "make it again with `dvc repro split`"
    document = read_json(split, "split", cure)
    try:
        rows = read_manifest(manifest)
        chosen = [(key, rows[key]) for key in document["splits"]["test"][:count]]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(f"{split}, {manifest}: damaged ({error!r}); {cure}") from error
    readers, examples = {}, []
    for key, row in chosen:
        location = folder / row.location
        if not location.exists():
            return []
        if location not in readers:
            readers[location] = ImageReader(location)
        content = readers[location].read(row.file_name)
        if hashlib.sha256(content).hexdigest() != row.sha256:
            raise InputError(f"{location}: {row.file_name} is not the file that the manifest lists")
        examples.append(Example(key, row.file_name, content))
    return examples
