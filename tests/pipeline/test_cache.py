"""What a bad or a full disk leaves in .dvc is noticed before a build, and made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_study import shell

from tools import cache

PIPELINE = """\
stages:
  one:
    cmd: mkdir -p data/folder && echo one > data/one.txt && echo in > data/folder/in.txt && echo ran >> ran
    outs: [data/one.txt, data/folder]
"""


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    shell("dvc", "init", "-q", "--no-scm", cwd=tmp_path)
    shell("dvc", "repro", cwd=tmp_path)
    assert cache.mended(tmp_path) == []
    return tmp_path


def cached(project: Path, path: Path) -> Path:
    name = cache.md5(path)
    return project / cache.CACHE / name[:2] / name[2:]


def damage(path: Path) -> None:
    """Another byte, the same size, time and mode: what a bad disk does."""
    content, told = path.read_bytes(), path.stat()
    path.chmod(0o644)
    path.write_bytes(b"X" + content[1:])
    path.chmod(told.st_mode)
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))


@pytest.mark.slow
def test_what_dvc_would_believe_is_made_again(project, capsys):
    one, inside = project / "data/one.txt", project / "data/folder/in.txt"
    for path in (one, inside):
        stored = cached(project, path)
        damage(stored)
        path.unlink()
    shell("dvc", "checkout", cwd=project)
    assert one.read_text() == "Xne\n" and "up to date" in shell("dvc", "repro", cwd=project).stdout  # so it does
    cache.main(project)
    told = capsys.readouterr().err
    assert "damaged" in told and "data/one.txt" in told and "data/folder/in.txt" in told
    shell("dvc", "repro", cwd=project)
    assert (one.read_text(), inside.read_text()) == ("one\n", "in\n") and (project / "ran").read_text() == "ran\nran\n"
    assert cache.mended(project) == []


@pytest.mark.slow
def test_a_good_copy_outside_the_cache_is_kept_and_a_broken_list_removed(project):
    listing = next((project / cache.CACHE).glob("*/*.dir"))
    damage(listing)
    assert cache.mended(project) == [project / "data/folder"]
    assert (project / "data/folder/in.txt").read_text() == "in\n" and not listing.exists()
    (project / "dvc.lock").write_text("stages: [")
    damage(cached(project, project / "data/one.txt"))
    assert [path.parent.parent.name for path in cache.mended(project)] == ["md5"]
    assert (project / "data/one.txt").read_text() == "one\n"


@pytest.mark.slow
def test_a_list_of_locks_that_was_cut_off_is_removed(project, capsys):
    locks = project / cache.LOCKS
    locks.write_text('{"data/one.txt": {"write": {"pid": 7, "cmd": "dvc re')
    done = shell("dvc", "repro", "-f", cwd=project, check=False)
    assert done.returncode and "corrupted" in done.stderr  # and so for ever
    cache.main(project)
    assert "cut off" in capsys.readouterr().err
    shell("dvc", "repro", "-f", cwd=project)
    for text in ("", "{}", '{"x": {}}'):
        locks.write_text(text)
        cache.main(project)
        assert locks.read_text() == text
