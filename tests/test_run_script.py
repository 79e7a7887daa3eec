"""The script `run`: what it does where something is missing, without touching the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def bare(tmp_path) -> Path:
    """The script in a folder, and a PATH with a few tools, apt-get, a user who is not root, and no LaTeX."""
    shutil.copy2(ROOT / "run", tmp_path / "run")
    tools, python = tmp_path / "bin", os.path.realpath(sys.executable)
    tools.mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("sh", "dirname", "cmp", "printf", "git", "env", "cat", "grep"):
        tools.joinpath(name).symlink_to(shutil.which(name))
    for name, text in (("id", "echo 1000"), ("apt-get", "echo called >> called"), ("python3", f'exec {python} "$@"')):
        tools.joinpath(name).write_text(f"#!/bin/sh\n{text}\n")
        tools.joinpath(name).chmod(0o755)
    return tmp_path


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder), **variables}
    return subprocess.run([str(folder / "run"), *arguments], env=environment, capture_output=True, text=True)


def test_without_root_it_prints_the_line_and_stops_before_anything(bare):
    done = run(bare)
    assert done.returncode == 1
    assert "apt-get update && apt-get install -y --no-install-recommends" in done.stderr
    assert "latexmk" in done.stderr and "texlive-latex-recommended" in done.stderr and "NO_PAPER=1" in done.stderr
    assert not (bare / "called").exists() and not (bare / ".venv").exists()


def test_without_apt_it_names_what_is_missing(bare):
    (bare / "bin/apt-get").unlink()
    done = run(bare, "test")
    assert done.returncode == 1 and "missing: latexmk" in done.stderr


def test_unknown_command_is_named(bare):
    (bare / ".venv").mkdir()
    for name in ("requirements", "pyproject"):
        suffix = "txt" if name == "requirements" else "toml"
        (bare / f"{name}.{suffix}").write_text("x")
        (bare / f".venv/{name}.done").write_text("x")
    (bare / ".venv/folder.done").write_text(str(bare))
    (bare / "vendor").mkdir()
    (bare / "vendor/vega.js").touch()
    done = run(bare, "biuld", NO_PAPER="1")
    assert done.returncode == 1 and "unknown command 'biuld'" in done.stderr


@pytest.fixture
def ready(bare) -> Path:
    """The script with its environment made, a `python` that tells its arguments and REQUIRE_CHROMIUM, and a root."""
    (bare / ".venv/bin").mkdir(parents=True)
    for name, suffix in (("requirements", "txt"), ("pyproject", "toml")):
        (bare / f"{name}.{suffix}").write_text("x")
        (bare / f".venv/{name}.done").write_text("x")
    (bare / ".venv/folder.done").write_text(str(bare))
    (bare / "vendor").mkdir()
    (bare / "vendor/vega.js").touch()
    tells = bare / ".venv/bin/python"
    tells.write_text('#!/bin/sh\necho "$@" "chromium=$REQUIRE_CHROMIUM"\n')
    tells.chmod(0o755)
    bare.joinpath("bin/apt-get").write_text('#!/bin/sh\necho "$@" >> called\n')
    return bare


def test_chromium_is_installed_for_the_tests_alone_and_by_root_alone(ready):
    done = run(ready, "test", "-q", NO_PAPER="1")
    assert done.returncode == 0 and done.stdout == "-m pytest -q chromium=\n" and "are skipped" in done.stderr
    assert not (ready / "called").exists()  # neither root nor sudo
    (ready / "bin/id").write_text("#!/bin/sh\necho 0\n")
    run(ready, "biuld", NO_PAPER="1")
    assert not (ready / "called").exists()  # no test
    done = run(ready, "test", NO_PAPER="1")
    assert done.returncode == 0 and "install -y -q --no-install-recommends chromium" in (ready / "called").read_text()
    (ready / "called").unlink()
    (ready / "bin/chromium").symlink_to("/bin/true")
    done = run(ready, "test", NO_PAPER="1")
    assert done.returncode == 0 and "skipped" not in done.stderr and not (ready / "called").exists()


def test_ci_does_not_do_without_chromium(ready):
    done = run(ready, "test", NO_PAPER="1", CI="true")
    assert done.returncode == 1 and "missing: chromium" in done.stderr
    (ready / "bin/chromium").symlink_to("/bin/true")
    assert run(ready, "test", NO_PAPER="1", CI="true").stdout == "-m pytest chromium=1\n"
    assert "CI=true" in (ROOT / ".ci/run").read_text(encoding="utf-8")


@pytest.fixture
def dvc(ready) -> Path:
    """The same with a `dvc` that writes down its arguments."""
    tells = ready / ".venv/bin/dvc"
    tells.write_text('#!/bin/sh\necho "$@" >> dvc.called\n')
    tells.chmod(0o755)
    return ready


def test_without_a_repository_dvc_is_told_so_and_the_user_how_to_get_one(dvc):
    done = run(dvc, NO_PAPER="1")
    assert done.returncode == 0 and not (dvc / "dvc.called").exists() and "no git repository" not in done.stderr
    (dvc / ".git").rmdir()
    done = run(dvc, NO_PAPER="1")
    assert done.returncode == 0 and "git init && git add -A" in done.stderr
    assert (dvc / "dvc.called").read_text() == "config --local core.no_scm true\n"


def test_a_repository_that_came_later_counts(dvc):
    (dvc / ".dvc").mkdir()
    (dvc / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")
    run(dvc, NO_PAPER="1")
    assert (dvc / "dvc.called").read_text() == "config --local --unset core.no_scm\n"


def test_a_build_shows_its_progress_and_python_can_be_chosen(dvc):
    assert run(dvc, NO_PAPER="1").stdout == "-m tools.progress figures report chromium=\n"
    done = run(dvc, NO_PAPER="1", PYTHON="python9.9")
    assert done.returncode == 1 and "python9.9 python9.9-venv" in done.stderr


def test_another_apt_at_work_is_waited_for(ready):
    (ready / "bin/id").write_text("#!/bin/sh\necho 0\n")
    (ready / "bin/sleep").write_text("#!/bin/sh\necho slept >> called\n")
    (ready / "bin/sleep").chmod(0o755)
    ready.joinpath("bin/apt-get").write_text('#!/bin/sh\necho "$@" >> called\n[ "$1" != update ]\n')
    done = run(ready, "test", NO_PAPER="1")
    assert done.stderr.count("once more") == 5 and "apt-get update failed 6 times" in done.stderr
    assert "install" not in (ready / "called").read_text()


def test_the_scripts_can_be_executed():
    for name in ("run", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name
