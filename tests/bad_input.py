"""What the table of bad input is made of: a folder of a case's own, files that are spoilt, and what is then called."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from committed import ROOT, committed
from PIL import Image
from ruamel.yaml import YAML
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from captioner import cli
from captioner.application.captioner import Captioner
from captioner.application.portable import export
from captioner.application.project import Project
from captioner.foundation.errors import InputError
from captioner.web.uploads import Refused
from stages import check, settings
from tools.load import picture

DEEP, LONG = b"[" * 100_000, b"1" * 5000
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 12345\n"
MARK = "executed"  # the file that foreign code would write
HEADER = "captioner.bridge"


class Foreign:
    """What runs code where it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path(MARK),))


@dataclass
class Place:
    """A folder of a case's own, which is also the current one, and what the session shares."""

    folder: Path
    study: Path
    captioner: Captioner

    def file(self, name: str, content: bytes | Callable[[Path], object]) -> Path:
        """A file with this content, or whatever the function makes at its path."""
        path = self.folder / name
        path.write_bytes(content) if isinstance(content, bytes) else content(path)
        return path

    def copy(self, part: str) -> Path:
        """A copy of a model of the study that a case may spoil."""
        return shutil.copytree(Project(self.study).path(part), self.folder / part)


Act = Callable[[Place], Callable[[], object]]  # prepares a case in its place; what it returns does it
Spoil = Callable[[Path], object]
T = TypeVar("T")


def act(prepare: Callable[[Place], T], do: Callable[[T], object]) -> Act:
    """Do something with what was prepared in the place."""

    def prepared(at: Place) -> Callable[[], object]:
        given = prepare(at)
        return lambda: do(given)

    return prepared


class Table(dict[str, tuple[Act, str, str]]):
    """Cases by name: what prepares and then does each, what its error names, and what the error says (a pattern)."""

    def add(self, kind: str, named: str, made: Callable[..., Act], rows: dict[str, tuple]) -> None:
        """Each row: what `made` takes, and what the error says at its end."""
        for name, (*given, says) in rows.items():
            self[f"{kind}: {name}"] = (made(*given), named, says)

    def refused(self, name: str, at: Place) -> None:
        """Assert that this case ends in its one error, and that it changes no file and runs no foreign code."""
        prepare, named, says = self[name]
        do = prepare(at)
        before = state(at.folder), state(at.study)
        with pytest.raises((InputError, Refused), match=f"(?s){says}") as caught:
            do()
        message = str(caught.value)
        assert named in message and "Traceback" not in message, message
        assert (state(at.folder), state(at.study)) == before and not (at.folder / MARK).exists()


def state(folder: Path) -> dict[str, tuple[int, ...]]:
    """Every file, link and folder with its kind, its size and the time of its last change."""
    every = {path: path.lstat() for path in [folder, *folder.rglob("*")]}
    return {str(path): (its.st_ino, its.st_mode, its.st_size, its.st_mtime_ns) for path, its in every.items()}


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def unreadable(path: Path) -> None:  # for root too
    path.symlink_to("/proc/self/mem")


def tiff(value: float) -> bytes:
    written = io.BytesIO()
    Image.fromarray(np.full((3, 3), value, np.float32)).save(written, "TIFF")
    return written.getvalue()


def spoilt(kind: str, at: int, byte: int) -> bytes:
    content = bytearray(picture(kind))
    content[at] = byte
    return bytes(content)


def as_bytes(content: object) -> bytes | Callable[[Path], object]:
    return content if isinstance(content, bytes) or callable(content) else json.dumps(content).encode()


def coco(image: dict | None = None, caption: dict | None = None) -> dict:
    """Annotations of one image, with something changed or, as None, left out."""
    first = {"id": 1, "file_name": "1.jpg"} | (image or {})
    second = {"id": 1, "image_id": 1, "caption": "A dog."} | (caption or {})
    return {"images": [first], "annotations": [second]}


def checked(change: Callable[[dict], object] | None = None, edit: Callable[[str], str | bytes] = str) -> Act:
    """Stage `check` on the study's own parameters, changed as values, then as a text."""

    def act(at: Place) -> Callable[[], object]:
        shutil.copyfile(ROOT / "paths.yaml", "paths.yaml")
        yaml, text = YAML(), io.StringIO()
        params = yaml.load(committed("params.yaml"))
        (change or bool)(params)
        yaml.dump(params, text)
        content = edit(text.getvalue())
        at.file("params.yaml", content if isinstance(content, bytes) else content.encode())
        return lambda: ended(run_check)

    return act


def run_check() -> None:
    """Stage `check` in the current folder, with nothing remembered of another one."""
    settings.document.cache_clear()
    try:
        settings.run(check.main, checked=False)
    finally:
        settings.document.cache_clear()


def put(value: object, *keys: str) -> Callable[[dict], None]:
    def change(params: dict) -> None:
        for key in keys[:-1]:
            params = params[key]
        params[keys[-1]] = value

    return change


def raw(key: str, value: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf"^{key}: .*$", lambda _: f"{key}: {value}", text, count=1, flags=re.MULTILINE)


def ended(call: Callable[[], object]) -> None:
    """InputError with what a command says as it ends."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            call()
    except SystemExit as end:
        if end.code:
            raise InputError(f"{said.getvalue()}{end.code if isinstance(end.code, str) else ''}") from end


def spoilt_map(spoil: Spoil) -> Callable[[Place], Path]:
    """A copy of the study's map from image to prefix, spoilt."""
    return lambda at: at.file(
        "map.safetensors", lambda path: (shutil.copy(Project(at.study).projection, path), spoil(path))
    )


def safe(state: dict | None = None, **changes: object) -> Callable[[Path], None]:
    """The map's file written again with other tensors, or with changes in what it tells of itself."""

    def change(path: Path) -> None:
        with safe_open(path, framework="pt") as file:
            told = json.loads(file.metadata()[HEADER])
        save_file(state or load_file(path), path, metadata={HEADER: json.dumps(told | changes)})

    return change


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def told(**changes: object) -> Callable[[Path], object]:
    """Changes of a JSON file."""
    return lambda path: path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes))


def tensors(**changes: torch.Tensor | None) -> Callable[[Path], object]:
    """Changes of a file of tensors, None for one that is missing."""
    return lambda path: save_file({k: v for k, v in (load_file(path) | changes).items() if v is not None}, path)


def loaded(part: str, name: str, load: Callable[[Path], object]) -> Callable[..., Act]:
    """What loads a copy of a part of the study after one of its files was spoilt."""

    def given(spoil: Callable[[Path], object]) -> Act:
        def act(at: Place) -> Callable[[], object]:
            folder = at.copy(part)
            spoil(folder / name)
            return lambda: load(folder)

        return act

    return given


def exported(spoil: Spoil) -> Callable[[Place], Path]:
    """The study as an exported model, spoilt."""

    def made(at: Place) -> Path:
        export(Project(at.study), at.folder / "tiny")
        spoil(at.folder / "tiny")
        return at.folder / "tiny"

    return made


def manifest(**changes: object) -> Spoil:
    """Changes of an exported model's manifest."""
    return lambda folder: told(**changes)(folder / "model.json")


def command(*arguments: object, files: dict[str, object] | None = None) -> Act:
    """The command line with these arguments, in a folder with these files; {study} is the study's folder."""

    def act(at: Place) -> Callable[[], object]:
        for name, content in (files or {}).items():
            at.file(name, as_bytes(content))
        line = [str(each).replace("{study}", str(at.study)) for each in arguments]
        return lambda: ended(lambda: cli.main(line))

    return act
