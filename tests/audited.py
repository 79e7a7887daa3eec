"""What the processes of an audited build did (see tools/audit), by stage."""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from collections import defaultdict
from pathlib import Path

from committed import ROOT

HOOK = ROOT / "tools" / "audit"
# The interpreter, its packages and the system; the hook itself; the font list that matplotlib keeps a user.
PLACES = {
    sys.prefix,
    sys.base_prefix,
    *sysconfig.get_paths().values(),
    "/usr",
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    str(HOOK),
}
FONTS = ".cache/matplotlib/fontlist-"


def variables(log: Path) -> dict[str, str]:
    """The environment of a build that is audited into this folder."""
    log.mkdir()
    path = os.pathsep.join([str(HOOK), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {"AUDIT_LOG": str(log), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


class Audit:
    """The events of each stage (`-`: DVC itself), by kind; files of the project relative to it."""

    def __init__(self, log: Path, project: Path) -> None:
        self.project = project
        self.events: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for path in log.glob("*.log"):
            stage = path.stem.partition("-")[2]
            for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
                kind, _, told = line.partition("\t")
                self.events[stage][kind].add(told)

    def read(self, stage: str) -> set[str]:
        """The project's files that a stage has opened to read; for compiled code the source that stands for it."""
        found = set()
        for told in self.events[stage]["read"]:
            path = Path(told)
            if path.is_relative_to(self.project):
                name = path.relative_to(self.project)
                if name.parent.name == "__pycache__":
                    name = name.parent.parent / f"{name.name.partition('.')[0]}.py"
                if not any(part.startswith(".") and ".partial" in part for part in name.parts):  # being written
                    found.add(name.as_posix())
        return found

    def elsewhere(self, stage: str) -> set[str]:
        """The files outside project, interpreter and system that a stage has opened to read."""
        known = [Path(place) for place in (*PLACES, tempfile.gettempdir(), str(self.project), str(ROOT / "captioner"))]
        files = {Path(told) for told in self.events[stage]["read"]}
        return {str(path) for path in files if not any(map(path.is_relative_to, known)) and FONTS not in str(path)}

    def all(self, kind: str) -> set[str]:
        """Every event of one kind."""
        return set().union(*(events[kind] for events in self.events.values()))


def inside(path: str, places: list[str]) -> bool:
    """Whether a path is one of these or lies in one of them."""
    return any(path == place or path.startswith(f"{place}/") for place in places)
