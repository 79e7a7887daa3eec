"""Photographs and their captions from outside: COCO's layout, Karpathy's split of it, or a plain table of files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from captioner.config.data import CocoData, TableData
from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError, listed
from captioner.photographs.annotations import Captions, LeftOut, read_captions
from captioner.photographs.images import ManifestRow, decode, read_picture
from captioner.photographs.tables import cells

SETS = ("train", "val", "test")


@dataclass(frozen=True)
class Photographs:
    """The images of one set: captions by id, and the folder that each image's file lies in."""

    captions: Captions
    folders: dict[int, Path]

    def only(self, ids: Sequence[int]) -> Photographs:
        """These images of the set, in this order."""
        files = {key: self.captions.files[key] for key in ids}
        captions = {key: self.captions.captions[key] for key in ids}
        return Photographs(Captions(files, captions), {key: self.folders[key] for key in ids})


def chosen(ids: Iterable[int], count: int, seed: str) -> list[int]:
    """`count` of these ids (0: all), sorted.

    The rule: ids are ordered by the SHA-256 of "seed/id" and the first ones are taken, so that a larger choice holds
    the smaller one and nothing depends on the order of a file.
    """
    ids = list(ids)
    ranked = sorted(ids, key=lambda key: hashlib.sha256(f"{seed}/{key}".encode()).digest())
    return sorted(ranked[: count or len(ids)])


def read_coco(annotations: Path, folder: Path, left_out: list[LeftOut] | None) -> Photographs:
    """One set in COCO's format; see `captioner.photographs.annotations.read_captions` for what is an error."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of images, though {annotations} is of its images")
    captions = read_captions(annotations, left_out)
    return Photographs(captions, dict.fromkeys(captions.files, folder))


def by_karpathy(path: Path, sets: Mapping[str, Photographs]) -> dict[str, Photographs]:
    """The images of all sets, dealt anew by Karpathy's `dataset_coco.json`: train (with restval), val and test.

    Images are found by their COCO id (`cocoid`), captions stay those of the annotations. InputError for a file of
    another shape, and for images that no set has.
    """
    document = read_json(path, "file", "data.karpathy is the path of Karpathy's dataset_coco.json")
    try:
        split = {row["cocoid"]: {"restval": "train"}.get(row["split"], row["split"]) for row in document["images"]}
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: not Karpathy's dataset_coco.json (images with cocoid and split)") from error
    if any(type(key) is not int for key in split):
        raise InputError(f"{path}: not Karpathy's dataset_coco.json (each cocoid should be a number)")
    if strange := sorted(set(map(str, split.values())) - set(SETS)):
        raise InputError(f"{path}: unknown splits {', '.join(strange)}; known are train, restval, val, test")
    home = {key: photographs for photographs in sets.values() for key in photographs.folders}
    if missing := sorted(set(split) - set(home)):
        raise InputError(f"{path}: {len(missing)} of its images are in no annotations, the first with id {missing[0]}")
    dealt = {}
    for name in SETS:
        ids = sorted(key for key, its in split.items() if its == name)
        files = {key: home[key].captions.files[key] for key in ids}
        captions = {key: home[key].captions.captions[key] for key in ids}
        dealt[name] = Photographs(Captions(files, captions), {key: home[key].folders[key] for key in ids})
    return dealt


def read_table(path: Path, folder: Path, left_out: list[LeftOut] | None) -> Photographs:
    """A table with the columns `file` (or `image`; relative to `folder`) and `caption`, one row a caption.

    Ids count the files from 1 in the order of their first row. InputError, with the first offenders and their count,
    for what `cells` refuses and for empty cells; with a list `left_out` an empty caption
    is left out.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; data.folder is the folder that the files of {path} lie in")
    rows = list(cells(path))
    if problems := [f"line {line}: no file" for line, name, _ in rows if not name.strip()]:
        raise InputError(f"{path}: {len(problems)} lines to mend\n{listed(problems)}")
    ids = {name: key for key, name in enumerate(dict.fromkeys(name for _, name, _ in rows), start=1)}
    captions: dict[int, list[str]] = {key: [] for key in ids.values()}
    unusable = []
    for line, name, text in rows:
        if text.strip():
            captions[ids[name]].append(" ".join(text.split()))
        else:
            unusable.append(LeftOut(ids[name], "", f"line {line} ({name}) has an empty caption"))
    unusable += [LeftOut(key, name, f"{name} has no caption") for name, key in ids.items() if not captions[key]]
    if left_out is None and unusable:
        told = listed([each.reason for each in unusable])
        raise InputError(f"{path}: {len(unusable)} problems; mend or remove these lines\n{told}")
    if left_out is not None:
        left_out += unusable
    files = {key: name for name, key in ids.items() if captions[key]}
    return Photographs(Captions(files, {key: captions[key] for key in files}), dict.fromkeys(files, folder))


def inspect(
    photographs: Photographs, source_set: str, threads: int, journal: Path, left_out: list[LeftOut] | None
) -> list[ManifestRow]:
    """The manifest of a set, every file read, hashed and decoded once, with progress.

    `journal` keeps what was seen, so that an interrupted run goes on there; a file whose size or time has changed
    since is read again. InputError lists the pictures that cannot be used; with a list `left_out` they are added to it.
    """
    seen = _read_journal(journal)
    keys = list(photographs.folders)

    def look(key: int) -> tuple[int, list]:
        path = photographs.folders[key] / photographs.captions.files[key]
        mark = [0, 0]
        try:
            if os.path.exists(path):
                state = path.stat()
                mark = [state.st_size, state.st_mtime_ns]
            if key in seen and seen[key][:2] == mark:
                return key, seen[key]
            content = read_picture(path)
            decode(content, str(path))
            return key, [*mark, hashlib.sha256(content).hexdigest(), None]
        except InputError as error:
            return key, [*mark, "", str(error)]

    rows, bad = [], []
    journal.parent.mkdir(parents=True, exist_ok=True)
    with (
        ThreadPoolExecutor(threads) as pool,
        journal.open("a", encoding="utf-8") as file,
        tqdm(total=len(keys), desc=f"inspect {source_set}", unit=" images", mininterval=1.0) as progress,
    ):
        for at in range(0, len(keys), 256):
            for key, (size, time, digest, reason) in pool.map(look, keys[at : at + 256]):
                folder, name = photographs.folders[key], photographs.captions.files[key]
                if reason:
                    bad.append(LeftOut(key, str(folder / name), reason))
                else:
                    if key not in seen:
                        file.write(json.dumps([key, size, time, digest, reason]) + "\n")
                    rows.append(ManifestRow(key, source_set, folder.as_posix(), name, size, digest))
                progress.update()
    if bad and left_out is None:
        raise InputError(
            f"set {source_set}: {len(bad)} of {len(keys)} pictures cannot be used; mend them, or set "
            "data.on_bad_image to skip\n" + listed([each.reason for each in bad])
        )
    if left_out is not None:
        left_out += bad
    return rows


def _read_journal(path: Path) -> dict[int, list]:
    """What an earlier run has seen; a last line that was cut off does not count."""
    seen: dict[int, list] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                key, *rest = json.loads(line)
            except ValueError:
                continue
            seen[key] = rest
    return seen


def collect(
    config: CocoData | TableData, folder: Path, seed: int, threads: int, journal: Path
) -> tuple[dict[str, Captions], list[ManifestRow], list[LeftOut]]:
    """The captions of each set, the manifest of all images, and what was left out under `on_bad_image: skip`.

    Each set's images are chosen by the rule of `chosen` with the set's own seed, before any file is opened.
    """
    left_out: list[LeftOut] = []
    skipped = left_out if config.on_bad_image == "skip" else None
    if isinstance(config, CocoData):
        sets = {
            "train": read_coco(folder / config.train_captions, folder / config.train_folder, skipped),
            "test": read_coco(folder / config.test_captions, folder / config.test_folder, skipped),
        }
        if twice := sorted(set(sets["train"].folders) & set(sets["test"].folders)):
            raise InputError(
                f"{folder}: {len(twice)} image ids stand in both sets, the first is {twice[0]}; make them differ"
            )
        if config.karpathy:
            sets = by_karpathy(Path(config.karpathy), sets)
    else:
        table = read_table(Path(config.file), folder, skipped)
        test = chosen(table.folders, config.test_images, f"{seed}/test")
        sets = {"train": table.only(sorted(set(table.folders) - set(test))), "test": table.only(test)}
    limits = {"train": config.train_images, "test": config.test_images}
    rows: list[ManifestRow] = []
    captions: dict[str, Captions] = {}
    for name, its in sets.items():
        wanted = its.only(chosen(its.folders, limits.get(name, 0), f"{seed}/{name}"))
        found = inspect(wanted, name, threads, journal, skipped)
        captions[name] = wanted.only([row.image_id for row in found]).captions
        rows += found
    return captions, rows, left_out
