"""The tracked files keep the project's own promises: clean code, nothing left to fill in, no path of one machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from committed import files

ROOT = Path(__file__).parents[1]


def test_ruff_is_clean():
    for command in (["check", "."], ["format", "--check", "."]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_left_to_fill_in_and_no_path_is_of_one_machine():
    for name in files():
        path = ROOT / name
        if path.suffix in (".pdf", ".png"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(TIME|CACHE)_[A-Z]+\b(?!=)", text) or path.name == "test_style.py", name
        assert not re.search(r"(?<![\w.])/(work|home|root|Users)/\w", text), name
