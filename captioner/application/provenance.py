"""Where a result comes from: a number, a figure or a table by its name, and what the last build recorded of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from captioner.application.lock import Lock
from captioner.application.paper import Float, floats, printed
from captioner.application.project import Project
from captioner.foundation.errors import InputError


@dataclass(frozen=True)
class Result:
    """What was asked for: what it is, its value (None: no number), what the paper prints, and the files that hold it or
    that it was drawn from.
    """

    title: str
    value: object
    prints: str | None
    files: tuple[str, ...]
    read_by: tuple[str, ...] = ()  # of a parameter: the stages that depend on it


class Results:
    """Every result of a project, by the names that people use."""

    def __init__(self, project: Project, lock: Lock) -> None:
        self.project = project
        self.lock = lock

    @cached_property
    def _numbers(self) -> str:
        path = self.project.path("numbers")
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    @cached_property
    def printed(self) -> dict[str, str]:
        """Every key that the paper may print, and how."""
        return printed(self._numbers)

    @cached_property
    def floats(self) -> list[Float]:
        """The figures and tables of the paper."""
        path = self.project.path("paper_source")
        return floats(path.read_text(encoding="utf-8"), self._numbers) if path.is_file() else []

    @cached_property
    def metrics(self) -> list[tuple[str, str, object]]:
        """Every number of the metrics: (file, key, value)."""
        return list(self._metrics())

    def _metrics(self) -> Iterator[tuple[str, str, object]]:
        stages = self.project.document("dvc.yaml").get("stages", {})
        for entry in (entry for stage in stages.values() for entry in stage.get("metrics", ())):
            text = next(iter(entry)) if isinstance(entry, dict) else entry
            name = re.sub(r"\$\{path\.(\w+)\}", lambda found: self.project.stated(found[1]), text)
            path = self.project.folder / name
            for key, value in json.loads(path.read_text(encoding="utf-8")).items() if path.is_file() else ():
                yield name, key, value

    def find(self, asked: str) -> Result:
        """A result by its name: a key of the metrics (cider, headline.cider), a figure or a table (Figure 3, fig:pairs,
        pairs), a file, a parameter (projection.epochs), or another key that the paper prints (sentence.verdicts).

        InputError where there is none of this name, or several.
        """
        for kind in (self._metric, self._float, self._file, self._parameter, self._printed):
            if (result := kind(asked)) is not None:
                return result
        raise InputError(
            f"{asked}: no key of the metrics or of the paper, no figure or table of it, no file that a stage wrote and "
            "no parameter; try headline.cider, fig:ranking, 'Table 1', plots/prompts.csv or projection.epochs"
        )

    def _metric(self, asked: str) -> Result | None:
        found = []
        for path, key, value in self.metrics:
            names = [f"{Path(path).stem}.{key}", f"{Path(path).parent.name}.{key}"]
            if asked in (key, *names, f"{path}:{key}"):
                shown = next((name for name in names if name in self.printed), names[0])
                found.append(Result(f"{shown}, in {path}", value, self.printed.get(shown), (path,)))
        if len(found) > 1:
            several = ", ".join(f"{each.files[0]}:{asked.rpartition('.')[2]}" for each in found)
            raise InputError(f"{asked}: a key of several files; name one: {several}")
        return found[0] if found else None

    def _float(self, asked: str) -> Result | None:
        name = " ".join(asked.lower().split())
        for each in self.floats:
            if name in each.names:
                figures = [f"{self.project.stated('figures')}/{one}.pdf" for one in each.shows]
                shown = figures if each.kind == "figure" else [self.project.stated("tables")]
                folder = Path(each.data[0]).parent if each.data else Path()
                data = [path if "/" in path else (folder / path).as_posix() for path in each.data]
                for path in (path for path in each.data if path.endswith("/")):  # what these stages wrote there
                    data += [
                        out for out, stage in self.lock.written.items() if stage in each.stages and out.startswith(path)
                    ]
                written = [path for path in (*shown, *data) if self.lock.writers(path) and not path.endswith("/")]
                title = f"{each.kind.capitalize()} {each.number} of the paper, {each.label}"
                return Result(title, None, None, tuple(dict.fromkeys(written)))
        return None

    def _file(self, asked: str) -> Result | None:
        path, folder = Path(asked), self.project.folder.resolve()
        if path.is_absolute() and path.is_relative_to(folder):
            path = path.relative_to(folder)
        name = path.as_posix()
        return Result(name, None, None, (name,)) if self.lock.writers(name) and (folder / path).exists() else None

    def _parameter(self, asked: str) -> Result | None:
        name = asked.removeprefix("params.")
        for full in (name, f"{self.project.study}.{name}"):
            value: object = self.project.parameters
            for part in full.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            readers = tuple(self.lock.readers(full))
            if value is not None and readers:
                return Result(f"{full}, in params.yaml", value, self.printed.get(f"params.{name}"), (), readers)
        return None

    def _printed(self, asked: str) -> Result | None:
        if asked not in self.printed:
            return None
        return Result(f"{asked}, as the paper prints it", None, self.printed[asked], (self.project.stated("numbers"),))


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise InputError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def commit(folder: Path) -> dict[str, object]:
    """The commit that recorded the build, or why there is none, and the tracked files that are changed here."""
    if not (folder / ".git").exists():
        return {"commit": None, "why": "this folder is no git repository", "changed": []}
    changed = [line[3:] for line in _git(folder, "status", "--porcelain", "--untracked-files=no").splitlines()]
    if "dvc.lock" in changed:
        why = "this build is not committed yet: git add -A && git commit"
        return {"commit": None, "why": why, "changed": changed}
    found = _git(folder, "log", "-1", "--format=%H", "--", "dvc.lock").strip()
    return {"commit": found or None, "why": None if found else "dvc.lock is in no commit", "changed": changed}


def record(project: Project, asked: str) -> dict[str, object]:
    """All that is known of one result, as plain data; InputError as of `Results.find`."""
    lock = Lock(project)
    result = Results(project, lock).find(asked)
    names = list(dict.fromkeys(name for path in result.files for name in lock.writers(path)))
    before = set().union(*map(lock.before, names)) - set(names)
    environment = project.path("environment")
    return {
        "result": asdict(result),
        "steps": [asdict(lock.step(name)) for name in names],
        "before": [name for name in lock.stages if name in before],
        **commit(project.folder),
        "environment": json.loads(environment.read_text(encoding="utf-8")) if environment.is_file() else None,
    }
