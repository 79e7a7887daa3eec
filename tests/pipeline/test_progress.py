"""What `./run` says while it builds: which stage of how many, and about how long the rest takes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tools import progress, speed

ROOT = Path(__file__).parents[2]
SECONDS = {"data": 20.0, "train": 100.0, "caption@a": 10.0, "caption@b": 14.0}


@pytest.mark.slow
@pytest.mark.usefixtures("dvc_alone")
def test_stages_are_those_of_dvc():
    yaml = YAML(typ="safe", pure=True)
    pipeline, params = (yaml.load((ROOT / name).read_text(encoding="utf-8")) for name in ("dvc.yaml", "params.yaml"))
    listed = subprocess.run(
        ["dvc", "stage", "list", "--name-only"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert progress.stage_names(pipeline, params) == listed.stdout.split()


def test_an_estimate_is_the_sum_of_what_is_ahead_at_this_machines_speed():
    assert progress.remaining(["train", "caption@a"], SECONDS, 2.0, {}) == 220
    assert progress.remaining(["caption@new", "unheard"], SECONDS, 1.0, {}) == 12  # the mean of the loop's others
    assert progress.remaining(["caption@a"], SECONDS, 2.0, {"data": 60.0}) == 20  # too little has run to tell
    assert progress.remaining(["caption@a"], SECONDS, 2.0, {"train": 300.0}) == 30


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0 s"), (89, "89 s"), (95, "2 min"), (900, "15 min")])
def test_times_are_spoken(seconds, told):
    assert progress.spoken(seconds) == told


def test_the_digest_is_of_the_chosen_study_alone():
    params = {"study": "a", "a": {"x": 1}, "b": {"x": 1}, "compare": {}, "prompts": {"p": "x"}}
    first = progress.settings_digest(params)
    assert progress.settings_digest({**params, "b": {"x": 2}, "prompts": {}}) == first
    assert progress.settings_digest({**params, "a": {"x": 2}}) != first


def build(monkeypatch, tmp_path, settings="now") -> progress.Build:
    table = {"piece": 0.5, "settings": settings, "seconds": SECONDS}
    monkeypatch.setattr(progress, "TIMES", tmp_path / "times.json")
    progress.TIMES.write_text(json.dumps(table))
    monkeypatch.setattr(progress, "measured_apart", lambda: 1.5)  # three times slower
    return progress.Build(list(SECONDS), "now")


def test_lines_of_dvc_are_counted(monkeypatch, tmp_path):
    one = build(monkeypatch, tmp_path)
    assert one.line("Stage 'data' didn't change, skipping") is None
    assert one.line("> python -m stages.train") is None
    told = one.line("Running stage 'train':")
    assert told.startswith("==> stage 2 of 4: train; 0 s so far, about ") and told.endswith(" 6 min to go")
    assert one.line("Stage 'caption@a' is cached - skipping run, checking out outputs") is None
    assert "stage 4 of 4: caption@b" in one.line("Running stage 'dvc.yaml:caption@b':")
    one.finish()
    assert not one.ahead and set(one.done) == {"train", "caption@b"}


def test_other_settings_have_no_estimate(monkeypatch, tmp_path):
    one = build(monkeypatch, tmp_path, settings="then")
    assert "no estimate (other settings" in one.line("Running stage 'data':")
    progress.TIMES.unlink()
    assert "no estimate (none measured)" in progress.Build(["data"], "now").line("Running stage 'data':")


def test_times_are_saved_of_a_complete_build_only(monkeypatch, tmp_path):
    one = build(monkeypatch, tmp_path)
    one.line("Running stage 'data':")
    one.finish()
    with pytest.raises(SystemExit, match="3 stages did not run"):
        one.save()
    one.done = dict(SECONDS)
    one.save()
    assert json.loads(progress.TIMES.read_text()) == {"piece": 1.5, "settings": "now", "seconds": SECONDS}


def test_the_piece_of_training_takes_a_moment():
    assert 0 < speed.piece_of_training() < 5


@pytest.fixture
def stub(tmp_path) -> Path:
    """A project of two stages whose `dvc` says that it runs them, then does what the test wants."""
    (tmp_path / "dvc.yaml").write_text("stages: {data: {cmd: x}, paper: {cmd: x}}")
    (tmp_path / "params.yaml").write_text("study: a\na: {}\ncompare: {}\n")
    (tmp_path / "dvc").write_text("#!/bin/sh\necho \"Running stage 'data':\"\n. ./then\n")
    (tmp_path / "dvc").chmod(0o755)
    return tmp_path


def start(stub: Path, then: str, **variables: str) -> subprocess.Popen[bytes]:
    (stub / "then").write_text(then)
    path = f"{stub}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **variables}
    command, pipe = [sys.executable, "-m", "tools.progress"], subprocess.PIPE
    return subprocess.Popen(
        command, cwd=stub, env=environment, stdout=pipe, stderr=pipe, start_new_session=True, preexec_fn=heard
    )


def heard() -> None:
    """As in a terminal, where nothing is ignored: tests in the background (`&`, nohup) inherit other ways."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def waited(path: Path) -> None:
    """Wait until there is such a file."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)


@pytest.mark.slow
def test_dvcs_own_lines_and_status_are_kept(stub):
    told, said = (child := start(stub, "echo last; exit 255\n")).communicate()
    assert child.returncode == 255 and told == b"Running stage 'data':\nlast\n"
    assert said.startswith(b"==> stage 1 of 2: data; ")
    told, _ = (child := start(stub, "printf 'a\\377b'; kill -9 $$\n")).communicate()
    assert child.returncode == 137 and told.endswith(b"\na\377b")


@pytest.mark.slow
@pytest.mark.parametrize("params", ["study: other\nprompts: 3\n", "study: [a]\n", "study: [", "- a\n"])
def test_parameters_that_are_wrong_are_left_to_dvc(stub, params):
    (stub / "params.yaml").write_text(params)
    _, said = (child := start(stub, "echo 'error: mend them' >&2; exit 255\n")).communicate()
    assert child.returncode == 255 and b"error: mend them\n" in said and b"Traceback" not in said


def test_a_line_that_is_not_ended_is_shown_at_once(stub):
    child = start(stub, "printf working; while [ ! -e seen ]; do sleep 0.1; done\n")
    assert child.stdout.read(len("Running stage 'data':\nworking")).endswith(b"working")
    (stub / "seen").touch()
    assert child.wait() == 0
    child.communicate()


INTERRUPTED = """import pathlib, signal, sys, time
def told(*_):
    print("stage told", flush=True)
    sys.exit(1)
signal.signal(signal.SIGINT, told)
pathlib.Path("ready").touch()
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("tell", [os.kill, os.killpg], ids=["by its number", "by Ctrl-C"])
def test_an_interrupt_reaches_the_stage_and_says_how_to_go_on(stub, tell):
    """As DVC does, the stub ignores the interrupt itself and waits for its stage."""
    child = start(stub, "trap '' INT; python3 -c \"$STAGE\"; exit 255\n", STAGE=INTERRUPTED)
    waited(stub / "ready")
    tell(child.pid, signal.SIGINT)
    told, said = child.communicate(timeout=60)
    assert child.returncode == 130 and told.endswith(b"stage told\n")
    assert said.endswith(b"interrupted; ./run goes on where it was\n")


@pytest.mark.slow
def test_a_second_interrupt_changes_nothing(stub):
    child = start(stub, "trap 'touch first; sleep 1; exit 1' INT; touch ready; while :; do sleep 0.1; done\n")
    waited(stub / "ready")
    for done in ("ready", "first"):
        waited(stub / done)
        os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130 and b"Traceback" not in said


def test_a_termination_leaves_nothing_running(stub):
    child = start(stub, "sleep 60 & touch ready; wait\n")
    waited(stub / "ready")
    begun = time.monotonic()
    child.terminate()
    child.communicate(timeout=60)  # until the last process that holds its output has ended
    assert child.returncode == 143 and time.monotonic() - begun < 30


def test_a_reader_that_goes_ends_the_build(stub):
    child = start(stub, "while :; do echo line; sleep 0.01; done\n")
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(timeout=60) == 141 and b"Traceback" not in child.stderr.read()
    child.stderr.close()
