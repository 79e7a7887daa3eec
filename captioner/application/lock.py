"""How each stage ran, as dvc.lock has it: command, parameters, inputs, code and outputs with their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from captioner.application.project import Project


@dataclass(frozen=True)
class Recorded:
    """A file or folder as dvc.lock has it, the stage that wrote it (None: no stage did), and whether what lies in the
    project now has the same bytes (None: a folder, or not here).
    """

    path: str
    md5: str
    stage: str | None
    same: bool | None


@dataclass(frozen=True)
class Step:
    """One stage as it ran."""

    name: str
    description: str
    command: str
    parameters: dict[str, object]
    inputs: list[Recorded]
    code: list[Recorded]
    outputs: list[Recorded]


def md5_of(path: Path) -> str | None:
    """The MD5 of a file's bytes, which is what dvc.lock holds; None for a folder and for what is not there."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def is_stage(name: str, pipeline: Mapping[str, dict], parameters: Mapping) -> bool:
    """Whether dvc.yaml has this stage: DVC leaves in dvc.lock what was removed from dvc.yaml or from a loop's keys."""
    family, at, key = name.partition("@")
    over = pipeline.get(family, {}).get("foreach")
    if family not in pipeline or bool(at) != (over is not None):
        return False
    if not isinstance(over, str):
        return over is None or key in map(str, over)
    keys: object = parameters
    for part in over.removeprefix("${").removesuffix("}").split("."):
        keys = keys.get(part, {}) if isinstance(keys, Mapping) else {}
    return key in keys


class Lock:
    """The record of a project's last build; InputError where it has none."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._pipeline: Mapping[str, dict] = project.document("dvc.yaml").get("stages") or {}
        recorded: Mapping[str, dict] = project.document("dvc.lock").get("stages") or {}
        self.stages = {
            name: stage for name, stage in recorded.items() if is_stage(name, self._pipeline, project.parameters)
        }

    @cached_property
    def written(self) -> dict[str, str]:
        """Every output and the stage that wrote it."""
        return {out["path"]: name for name, stage in self.stages.items() for out in stage.get("outs", ())}

    def writers(self, path: str) -> list[str]:
        """The stages whose output this path is, or lies in; of a folder that several fill, all of them."""
        for part in (path, *(parent.as_posix() for parent in Path(path).parents)):
            if part in self.written:
                return [self.written[part]]
        return list(dict.fromkeys(stage for out, stage in self.written.items() if out.startswith(f"{path}/")))

    def _recorded(self, entry: Mapping[str, str]) -> Recorded:
        found = md5_of(self.project.folder / entry["path"])
        writers = self.writers(entry["path"])
        told = ", ".join(writers) if len(writers) < 3 else f"{writers[0]} and {len(writers) - 1} others"
        return Recorded(entry["path"], entry["md5"], told or None, None if found is None else found == entry["md5"])

    def step(self, name: str) -> Step:
        """A stage by its name."""
        stage = self.stages[name]
        deps = [self._recorded(entry) for entry in stage.get("deps", ())]
        code = [each for each in deps if each.stage is None and Path(each.path).suffix in ("", ".py")]
        family, _, key = name.partition("@")
        told = self._pipeline[family]
        return Step(
            name,
            str(told.get("do", told).get("desc", "")).replace("${key}", key),
            stage["cmd"],
            {key: value for values in stage.get("params", {}).values() for key, value in values.items()},
            [each for each in deps if each not in code],
            code,
            [self._recorded(entry) for entry in stage.get("outs", ())],
        )

    def before(self, name: str) -> set[str]:
        """Every stage whose outputs this one reads, directly or not."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for entry in self.stages[waiting.pop()].get("deps", ()):
                new = set(self.writers(entry["path"])) - found
                found |= new
                waiting += new
        return found

    def readers(self, parameter: str) -> list[str]:
        """The stages that depend on a parameter, by its full name, or on a section that holds it."""
        return [
            name
            for name, stage in self.stages.items()
            for key in (key for values in stage.get("params", {}).values() for key in values)
            if parameter == key or parameter.startswith(f"{key}.")
        ]
