"""What a rating study is made of: captions of several systems, references and pictures, from a study or from files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.commands.caption_files import candidates_of, picture_file, read_names, read_references
from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from captioner.application.project import Project

HUMAN = "human"  # the first reference, among the captions; it is then no reference
SPLITS = ("test", "novel")


@dataclass(frozen=True)
class Material:
    """Captions by system and image, references by image, and the bytes and name of an image's picture."""

    captions: Mapping[str, Mapping[str, str]]
    references: Mapping[str, Sequence[str]]
    picture: Callable[[str], tuple[bytes, str]]


def of_files(references: Path, candidates: Sequence[str], images: Path) -> Material:
    """From files as `captioner evaluate` reads them; a candidate is FILE or NAME=FILE, by default named by its stem.

    InputError for a name that stands twice, and for whatever is wrong with a file.
    """
    from captioner.photographs.images import ImageReader, picture_suffixes

    known = read_references(references)
    captions: dict[str, dict[str, str]] = {}
    for text in candidates:
        name, found, path = text.rpartition("=")
        if found and Path(text).exists():
            name, path = "", text
        name = name or Path(path).stem
        if name in captions:
            raise InputError(f"{name}: two files of this name; name them apart, NAME=FILE")
        captions[name] = {str(image): told for image, told in candidates_of(Path(path), known).items()}
    names, reader, suffixes = read_names(references), ImageReader(images), picture_suffixes()
    files = {str(image): str(names.get(image, image)) for image in known}

    def picture(image: str) -> tuple[bytes, str]:
        file = picture_file(images, files[image], suffixes)
        return reader.read(file), str(images / file)

    return Material(captions, {str(image): several for image, several in known.items()}, picture)


def of_project(project: Project, systems: Sequence[str], split: str) -> Material:
    """From a study that was built: its prompts by short name, its arms (`mlp`, `finetuned`, ...) by theirs, and a
    person (`human`); by default all prompts. Of several trained maps the first.

    InputError for an unknown name and for a study that was not built.
    """
    from captioner.photographs.annotations import read_captions
    from captioner.photographs.images import ImageReader, read_manifest

    for name in ("captions", "arms", "captions_test", "manifest", "split"):
        if not project.path(name).exists():
            raise InputError(f"{project.path(name)}: not found; build the study first with `./run` or `dvc repro`")
    ids = set(json.loads(project.path("split").read_text(encoding="utf-8"))["splits"][split])
    prompts = list(project.settings.prompts)
    arms = _arms(project.path("arms"), split)
    references = {str(image): list(several) for image, several in _told(read_captions, project, ids).items()}
    captions: dict[str, dict[str, str]] = {}
    for name in systems or prompts:
        if name in prompts:
            captions[name] = _arms(project.path("captions") / f"{name}.jsonl", split).get("linear", {})
        elif name == HUMAN:
            captions[name] = {image: several[0] for image, several in references.items() if len(several) > 1}
            references = {image: several[1:] for image, several in references.items() if len(several) > 1}
        elif name in arms:
            captions[name] = arms[name]
        else:
            known = ", ".join([*prompts, *(arm for arm in arms if arm not in prompts), HUMAN])
            raise InputError(f"{name!r}: neither a prompt nor an arm of the study; known are {known}")
    rows, readers = read_manifest(project.path("manifest")), {}

    def picture(image: str) -> tuple[bytes, str]:
        row = rows[int(image)]
        location = project.folder / row.location
        if location not in readers:
            readers[location] = ImageReader(location)
        return readers[location].read(row.file_name), f"{location}: {row.file_name}"

    return Material(captions, references, picture)


def _told(read: Callable, project: Project, ids: set[int]) -> dict[int, Sequence[str]]:
    """The references of these images."""
    return {image: several for image, several in read(project.path("captions_test")).captions.items() if image in ids}


def _arms(path: Path, split: str) -> dict[str, dict[str, str]]:
    """The captions of a split by arm and image, of the first seed."""
    from captioner.captioning.captions import read_records

    found: dict[str, dict[str, str]] = {}
    for record in read_records(path):
        if (record.split, record.seed) == (split, 0):
            found.setdefault(record.arm, {})[str(record.image_id)] = record.caption.text
    return found
