"""The script `run`: what it does where something is missing, without touching the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PYTEST = "-m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder"


@pytest.fixture
def bare(tmp_path) -> Path:
    """The script in a folder, and a PATH with a few tools, apt-get, a user who is not root, and no LaTeX."""
    shutil.copy2(ROOT / "run", tmp_path / "run")
    tools, python = tmp_path / "bin", os.path.realpath(sys.executable)
    tools.mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("sh", "dirname", "cmp", "printf", "git", "env", "cat", "grep", "sed", "cp"):
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
    assert done.returncode == 0 and done.stdout == f"{PYTEST} -q chromium=\n" and "are skipped" in done.stderr
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
    assert run(ready, "test", NO_PAPER="1", CI="true").stdout == f"{PYTEST} chromium=1\n"
    assert "CI=true" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_what_the_tests_alone_take_is_installed_for_them_once(ready):
    (ready / "tests").mkdir()
    (ready / "tests/requirements.txt").write_text("words==1")
    done = run(ready, "test", NO_PAPER="1")
    assert "--require-hashes --no-deps -r tests/requirements.txt" in done.stderr
    assert "tests/requirements.txt" not in run(ready, "test", NO_PAPER="1").stderr
    (ready / "tests/requirements.txt").write_text("words==2")
    assert "tests/requirements.txt" not in run(ready, NO_PAPER="1").stderr
    assert "tests/requirements.txt" in run(ready, "test", NO_PAPER="1").stderr


def test_chinese_is_asked_for_and_nothing_stops_without_it(ready):
    """LaTeX is there, as far as the script looks, but for the package that Chinese takes."""
    for name in ("latexmk", "pdflatex", "bibtex"):
        (ready / "bin" / name).symlink_to("/bin/true")
    (ready / "bin/kpsewhich").write_text('#!/bin/sh\ntest "$1" != CJKutf8.sty\n')
    (ready / "bin/kpsewhich").chmod(0o755)
    done = run(ready)
    assert done.returncode == 0 and "no font for Chinese here" in done.stderr and not (ready / "called").exists()
    (ready / "bin/id").write_text("#!/bin/sh\necho 0\n")
    assert "no font for Chinese" not in run(ready, NO_PAPER="1").stderr and not (ready / "called").exists()
    assert run(ready).returncode == 0
    called = (ready / "called").read_text()
    assert "fonts-droid-fallback latex-cjk-chinese latex-cjk-chinese-arphic-gbsn00lp" in called


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


def test_modules_are_compiled_once_wherever_it_runs(dvc):
    (dvc / ".venv/bin/dvc").write_text("#!/bin/sh\nenv\n")
    told = run(dvc, "dvc", "repro", NO_PAPER="1", PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="3").stdout
    assert "PYTHONHASHSEED=3" in told and "PYTHONDONTWRITEBYTECODE" not in told


def test_verify_hands_its_arguments_on(dvc):
    assert run(dvc, "verify", "HEAD~1", NO_PAPER="1").stdout == "-m tools.verify HEAD~1 chromium=\n"


def apt(ready: Path, update: str) -> None:
    """A root, an `apt-get update` that does this, and a `sleep` that takes no time."""
    (ready / "bin/id").write_text("#!/bin/sh\necho 0\n")
    (ready / "bin/sleep").write_text("#!/bin/sh\n")
    (ready / "bin/sleep").chmod(0o755)
    text = f'#!/bin/sh\necho "$@" >> called\n[ "$1" = update ] || exit 0\n{update}\n'
    (ready / "bin/apt-get").write_text(text)


def test_another_apt_at_work_is_waited_for(ready):
    lock = "echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)' >&2; exit 100"
    apt(ready, f"touch t; read -r n <t || n=; echo x$n >t; [ x$n = xxxx ] || {{ {lock}; }}")
    done = run(ready, "test", NO_PAPER="1")
    assert done.returncode == 0 and done.stderr.count("another apt is at work; once more in 10 s") == 3
    called = (ready / "called").read_text().splitlines()
    assert called[:4] == ["update -q"] * 4
    assert called[4:] == ["-o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends chromium"]
    apt(ready, lock)
    done = run(ready, "test", NO_PAPER="1")
    assert done.returncode == 0 and done.stderr.count("once more in 10 s") == 29  # for ever held; five minutes in all


def test_what_only_the_tests_of_the_page_need_stops_nothing(ready):
    apt(ready, "echo 'E: The list of sources could not be read.' >&2; exit 100")
    done = run(ready, "test", NO_PAPER="1")
    assert done.returncode == 0 and "sources could not be read" in done.stderr and "are skipped" in done.stderr
    assert (ready / "called").read_text() == "update -q\n"  # nobody else's lock: once
    assert run(ready, "test", NO_PAPER="1", CI="true").returncode == 1


def test_what_the_build_needs_stops_it_with_apts_message(ready):
    apt(ready, "echo 'E: The list of sources could not be read.' >&2; exit 100")
    done = run(ready)
    assert done.returncode == 1 and "sources could not be read" in done.stderr
    assert "error: apt-get did not install latexmk" in done.stderr


def test_git_is_needed_by_a_repository_and_by_the_tests(dvc):
    (dvc / "bin/git").unlink()
    done = run(dvc, NO_PAPER="1")
    assert done.returncode == 1 and "--no-install-recommends git" in done.stderr
    (dvc / ".git").rmdir()
    assert run(dvc, NO_PAPER="1").returncode == 0
    assert run(dvc, "test", NO_PAPER="1").returncode == 1


def test_another_python_makes_the_environment_anew(ready):
    for name, version in ((".venv/bin/python", "3.11"), ("bin/same", "3.11"), ("bin/other", "3.12")):
        text = f'[ "$1" = -c ] && {{ echo {version}; exit; }}; echo "$@" >>called; exit 1'
        (ready / name).write_text(f"#!/bin/sh\n{text}\n")
        (ready / name).chmod(0o755)
    assert run(ready, "biuld", NO_PAPER="1", PYTHON="same").stderr.startswith("error: unknown command")
    assert not (ready / "called").exists()
    done = run(ready, "biuld", NO_PAPER="1", PYTHON="other")
    assert done.returncode == 1 and "making .venv" in done.stderr
    assert (ready / "called").read_text() == "-m venv --clear .venv\n"


def test_packages_are_installed_by_their_hashes_and_sources_built_by_a_checked_setuptools(ready):
    shutil.copy(ROOT / "requirements-hashed.txt", ready)
    (ready / ".venv/requirements.done").unlink()
    (ready / ".venv/bin/python").write_text('#!/bin/sh\necho "$@" >>called\n')
    run(ready, "biuld", NO_PAPER="1")
    installs = [
        line.split("install --quiet ")[1] for line in (ready / "called").read_text().splitlines() if " -r " in line
    ]
    checked = "--require-hashes --no-deps --no-build-isolation --use-pep517 -r"
    assert installs == [f"{checked} .venv/setuptools.txt", f"{checked} requirements-hashed.txt", "-r requirements.txt"]
    lines = (ready / ".venv/setuptools.txt").read_text().splitlines()
    assert lines[0].startswith("setuptools==") and len(lines) > 1 and not lines[-1].endswith("\\")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])


def test_the_scripts_can_be_executed():
    for name in ("run", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name
