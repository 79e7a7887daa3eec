"""What every stage shares: the parameters of the chosen study, the paths of `paths.yaml`, and how a stage ends on
bad input.

A stage states each parameter by `shared` or `section` and each file by `source` or `target`, always with literal
names: a test reads them and holds them against dvc.yaml.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML, YAMLError

from captioner.foundation.atomic import replacing
from captioner.foundation.errors import InputError, listed
from captioner.foundation.keys import keyed

T = TypeVar("T")
_used: dict[str, object] = {}  # what this process has asked for: the key of its checkpoints


@cache
def document(name: str) -> dict:
    """A YAML file of the project's root as YAML 1.2, which is how DVC reads it."""
    path = Path(name)
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{name}: not found; run the stage from the project's root") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from error
    except (YAMLError, ValueError, RecursionError) as error:  # ValueError: a number, a date or text that is none
        raise InputError(f"{name}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise InputError(f"{name}: should hold keys and values")
    return content


def study() -> str:
    """The name of the chosen study."""
    name = document("params.yaml").get("study")
    if not isinstance(name, str):
        raise InputError("params.yaml: study is missing; set it to scenes or coco")
    return name


def _value(*keys: str) -> Any:
    value: Any = document("params.yaml")
    for depth, key in enumerate(keys, start=1):
        if not isinstance(value, dict) or key not in value:
            raise InputError(f"params.yaml: {'.'.join(keys[:depth])} is missing")
        value = value[key]
    return value


def validated(kind: type[T], value: object, name: str, file: str = "params.yaml") -> T:
    """`value` as this kind of section of a file of parameters; InputError that names each wrong key under `name`."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{file}: {name} should hold keys and values (got {value!r})")
    try:
        return kind(**value)
    except ValidationError as error:
        problems = [
            f"{'.'.join([name, *map(str, fault['loc'])])}: {fault['msg']} (got {fault['input']!r})"[:300]
            for fault in error.errors()
        ]
        raise InputError(f"{file}: mend these parameters\n" + listed(problems, 20)) from error


def shared(key: str) -> Any:
    """A parameter that both studies share, by its dotted name."""
    _used[key] = value = _value(*key.split("."))
    return value


def section(name: str, kind: type[T] | dict[str, type[T]]) -> T:
    """A section of the chosen study, validated; of several kinds, the one that its `source` names."""
    _used[f"{study()}.{name}"] = value = _value(study(), name)
    return validated(chosen_kind(kind, value, f"{study()}.{name}"), value, f"{study()}.{name}")


def chosen_kind(kind: type[T] | dict[str, type[T]], value: object, name: str) -> type[T]:
    """The kind of section that `value` asks for by its key `source`; InputError where there is no such kind."""
    if not isinstance(kind, dict):
        return kind
    source = value.get("source") if isinstance(value, dict) else None
    if not isinstance(source, str) or source not in kind:
        raise InputError(
            f"params.yaml: mend these parameters\n  {name}.source: {source!r} is none of {', '.join(kind)}"
        )
    return kind[source]


def _path(name: str, *parts: str) -> Path:
    paths = document("paths.yaml").get("path")
    if not isinstance(paths, dict) or not isinstance(paths.get(name), str):
        raise InputError(f"paths.yaml: path.{name} should be the path of a file or a folder")
    return Path(paths[name], *parts)


def source(name: str, *parts: str) -> Path:
    """An input by its name in paths.yaml; InputError where it is not there."""
    path = _path(name, *parts)
    if not path.exists():
        raise InputError(f"{path}: not found; run `dvc repro`, or `dvc checkout` if it was built before")
    _used[str(path)] = path
    return path


@contextmanager
def target(name: str, *parts: str) -> Iterator[Path]:
    """An output by its name in paths.yaml: a temporary path that takes its place when the block ends well."""
    with replacing(_path(name, *parts)) as partial:
        yield partial


def output(name: str, *parts: str) -> Path:
    """An output that this stage has already written, to be read again."""
    return _path(name, *parts)


def write_json(path: Path, content: object) -> None:
    """JSON with sorted keys, floats rounded to six digits, so that equal results have equal bytes."""
    path.write_text(
        json.dumps(_rounded(content), sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _rounded(content: object) -> object:
    if isinstance(content, dict):
        return {str(key): _rounded(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_rounded(value) for value in content]
    return round(float(content), 6) if isinstance(content, float) else content


def checkpoint_folder(name: str) -> Path:
    """The folder of this training's checkpoints, keyed by the code loaded, the parameters read and the inputs
    opened so far.
    """
    used = [part for item in sorted(_used.items()) for part in item]
    return Path(".checkpoints") / keyed(name, Path.cwd(), ("captioner", "stages"), *used)


def store(name: str, *values: object) -> Path:
    """A folder for a computation that several stages may ask for, keyed by the library's code that is loaded and by
    `values`, where a path stands for its content. It stays when a stage ends; see `prune`.
    """
    folder = Path(".checkpoints") / keyed(name, Path.cwd(), ("captioner", "stages/study"), *values)
    if folder.is_dir():
        os.utime(folder)
    return folder


def prune(name: str, most: int = 128) -> None:
    """Remove all but the `most` folders of this store that were used last."""
    folders = sorted(Path(".checkpoints").glob(f"{name}-*"), key=lambda folder: folder.stat().st_mtime_ns)
    for folder in folders[: max(0, len(folders) - most)]:
        shutil.rmtree(folder, ignore_errors=True)


def forget(*names: str) -> None:
    """Remove what interrupted runs of these trainings or computations have left: their results are saved."""
    for name in names:
        for folder in Path(".checkpoints").glob(f"{name}-*"):
            shutil.rmtree(folder, ignore_errors=True)


def run(main: Callable[..., None], *arguments: str, checked: bool = True) -> None:
    """Run a stage, after `check` has passed; bad input ends it with one error message and exit status 1."""
    try:
        if checked:
            source("checked")
        main(*arguments)
    except InputError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on where it was")
