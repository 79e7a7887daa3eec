"""The tracked files keep the project's own promises: clean code, nothing left to fill in, no path of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import committed
from committed import files

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_ruff_is_clean():
    for command in (["check", "."], ["format", "--check", "."]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_imports_between_packages_go_one_way():
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "1 kept, 0 broken" in done.stdout, done.stdout + done.stderr


def test_no_file_and_no_class_is_long():
    for name in files():
        if not name.endswith(".py") and name != "run":
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        assert text.count("\n") <= 400, name
        for node in ast.walk(ast.parse(text)) if name.endswith(".py") else ():
            lines = node.end_lineno - node.lineno + 1 if isinstance(node, ast.ClassDef) else 0
            assert lines <= 125, f"{name}: {node.name} has {lines} lines"


def test_nothing_is_left_to_fill_in_and_no_path_is_of_one_machine():
    for name in files():
        path = ROOT / name
        if path.suffix in (".pdf", ".png"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(TIME|CACHE)_[A-Z]+\b(?!=)", text) or path.name == "test_style.py", name
        assert not re.search(r"(?<![\w.])/(work|home|root|Users)/\w", text), name


def test_an_archive_has_the_files_that_git_would_name(tmp_path, monkeypatch):
    for name in (".gitignore", ".dvc/.gitignore"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    for name in (
        "a.py", "stages/data/b.py", "data/c", "data.py", "stages/__pycache__/d", "x.egg-info/e", ".ruff_cache/f",
        ".dvc/config", ".dvc/config.local", ".dvc/tmp/g", "tests/tmp/h", ".venv/i", "vendor/j", "cache/k",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(committed, "ROOT", tmp_path)
    archive = files()
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert archive == files() and "stages/data/b.py" in archive and ".dvc/config.local" not in archive
