"""`./run verify`: on a small pipeline of which one output is never the same twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_study import commit_all, shell

from tools import verify

ROOT = Path(__file__).parents[2]
PIPELINE = """\
stages:
  same:
    cmd: python same.py
    deps: [same.py]
    outs: [data/same.txt]
    metrics: ["metrics.json": {cache: false}]
  each:
    foreach: ${letters}
    do:
      cmd: mkdir -p data && echo ${key} > data/${key}.txt
      outs: ["data/${key}.txt"]
"""
SAME = """\
from pathlib import Path
Path("data").mkdir(exist_ok=True)
Path("data/same.txt").write_text("x")
Path("metrics.json").write_text('{"a": 1, "b": {"c": 0.25}}')
"""


def test_differences_of_values_are_told():
    old, new = '{"a": 1.5, "b": [1, 2], "c": "x", "d": true}', '{"a": 1.25, "b": [1, 3], "c": "y", "d": true}'
    assert verify.told("m.json", old, new) == (
        ": 2 of 5 values, at most by 1 (b.1: 2 here 3), 1 texts (c: 'x' here 'y')"
    )
    assert (
        verify.told("t.csv", "p,q\nx,1\n", "p,q\nx,1.5\n") == ": 1 of 2 values, at most by 0.5 (row 2, q: 1 here 1.5)"
    )
    assert verify.told("p.pdf", "a", "b") == ""


@pytest.fixture
def project(tmp_path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in {
        "dvc.yaml": PIPELINE, "params.yaml": "letters: {a: 1, b: 2}\nstudy: s\n", "same.py": SAME,
        ".gitignore": "/data/\n__pycache__/\n/.checkpoints/\n",
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    (folder / "tools").mkdir()
    for path in (ROOT / "tools").glob("*.py"):
        shutil.copy(path, folder / "tools")
    shell("git", "init", "-q", cwd=folder)
    shell("dvc", "init", "-q", cwd=folder)
    shell("dvc", "repro", "-q", cwd=folder)
    commit_all(folder, "built")
    return folder


def verified(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return shell(sys.executable, "-m", "tools.verify", *arguments, cwd=folder, check=False, PYTHONPATH="")


@pytest.mark.slow
def test_a_commit_is_rebuilt_from_nothing_and_compared(project):
    done = verified(project)
    assert done.returncode == 0 and "4 of 4 outputs are equal to the byte" in done.stdout, done.stdout + done.stderr
    assert done.stderr.count("==> stage") == 3  # all of them, though git holds a result
    assert not list((project / ".checkpoints").iterdir())
    # A commit whose record is of other results than its code makes, with a stage that is gone, after an interruption.
    lock, before = project / "dvc.lock", shell("md5sum", "metrics.json", cwd=project).stdout.split()[0]
    (project / "metrics.json").write_text('{"a": 1, "b": {"c": 0.5}}')
    after = shell("md5sum", "metrics.json", cwd=project).stdout.split()[0]
    lock.write_text(lock.read_text().replace(before, after) + "  gone:\n    cmd: x\n")
    (project / "same.py").write_text("raise SystemExit(3)\n" + SAME)
    shell("git", "commit", "-q", "-a", "-m", "wrong", cwd=project)
    done = verified(project)
    assert done.returncode not in (0, 1) and "./run verify goes on where it was" in done.stderr
    clone = next((project / ".checkpoints").iterdir())
    (clone / "same.py").write_text(SAME)  # what was in the way has gone
    done = verified(project)
    assert done.returncode == 1 and "going on in" in done.stderr, done.stdout + done.stderr
    assert "3 of 4 outputs are equal" in done.stdout and "no stages of dvc.yaml: gone" in done.stdout
    assert "different  metrics.json  (same): 1 of 2 values, at most by 0.25 (b.c: 0.5 here 0.25)" in done.stdout
    assert verified(project, "no-such-commit").returncode != 0
    done = verified(project, "HEAD~1", "--folder", str(clone))
    assert done.returncode == 1 and "holds another commit" in done.stderr
