"""Files as the last commit holds them: what the README tells of, whatever has been built or changed here since."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MADE = {".git", ".venv", ".checkpoints", "data", "models", "vendor", "dvc_plots", "__pycache__", "cache", "tmp"}
needs_commit = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive has no commit to compare with")
MADE_FROM = ("params.yaml", "paths.yaml", "dvc.yaml", "ablation", "captioner", "stages", "paper/report.tex")


def git(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    """What git says in the project's folder; None where the folder is no repository of its own, such as an archive."""
    if not (ROOT / ".git").exists():
        return None
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")


def committed(name: str) -> str:
    """The text of a file at HEAD; that of the folder where there is no repository. AssertionError if it has none."""
    shown = git("show", f"HEAD:{name}")
    if shown is None:
        return (ROOT / name).read_text(encoding="utf-8")
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def changed(*names: str) -> bool:
    """Whether any of these files or folders is not as HEAD has it."""
    shown = git("status", "--porcelain", "--", *names)
    if shown is None:
        return False
    assert shown.returncode == 0, shown.stderr
    return bool(shown.stdout.strip())


def files() -> list[str]:
    """The project's own files, relative to its folder: those that git knows, or all but what is made here."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is not None:
        assert listed.returncode == 0, listed.stderr
        return sorted(name for name in set(listed.stdout.split("\0")) if (ROOT / name).is_file())
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not MADE & set(path.parts))
