"""Files as the last commit holds them: what the README tells of, whatever has been built or changed here since."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
needs_commit = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive has no commit to compare with")
MADE_FROM = ("params.yaml", "paths.yaml", "dvc.yaml", "ablation", "ratings", "captioner", "stages", "paper/report.tex")


def git(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    """What git says in the project's folder; None where the folder is no repository of its own, such as an archive."""
    if not (ROOT / ".git").exists():
        return None
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")


def committed(name: str) -> str:
    """The text of a file at HEAD; that of the folder where there is no repository. FileNotFoundError if it has none."""
    shown = git("show", f"HEAD:{name}")
    if shown is None:
        return (ROOT / name).read_text(encoding="utf-8")
    if shown.returncode:
        raise FileNotFoundError(shown.stderr.strip())
    return shown.stdout


def changed(*names: str) -> bool:
    """Whether any of these files or folders is not as HEAD has it."""
    shown = git("status", "--porcelain", "--", *names)
    if shown is None:
        return False
    assert shown.returncode == 0, shown.stderr
    return bool(shown.stdout.strip())


def ignored(name: str) -> bool:
    """Whether a .gitignore of the project names this file or folder (relative; a folder ends in a slash)."""
    for folder in ("", ".dvc/"):
        inside, lines = name.removeprefix(folder), (ROOT / folder / ".gitignore").read_text(encoding="utf-8").split()
        for line in lines if name.startswith(folder) else []:
            rooted, pattern = line.startswith("/"), line.strip("/")
            if line.endswith("/") and not name.endswith("/"):
                continue
            if fnmatch(inside.strip("/") if rooted else Path(inside).name, pattern):
                return True
    return False


def walked(folder: str = "") -> Iterator[str]:
    """The project's own files where no git tells them: all that are not ignored."""
    for path in (ROOT / folder).iterdir():
        name = f"{folder}{path.name}" + "/" * path.is_dir()
        if path.name != ".git" and not ignored(name):
            yield from walked(name) if path.is_dir() else [name]


def files() -> list[str]:
    """The project's own files, relative to its folder: those that git knows and new ones, but none that is ignored."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        return sorted(walked())
    assert listed.returncode == 0, listed.stderr
    return sorted(name for name in set(listed.stdout.split("\0")) if (ROOT / name).is_file())
