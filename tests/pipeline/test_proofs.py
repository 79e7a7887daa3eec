"""Heavy proofs on the small study, an hour on two cores and no part of ./run test: python -m pytest -m proof."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import audited
import psutil
import pytest
from faults import family, killed, moments
from ruamel.yaml import YAML
from small_study import commit_all, edit, shell, small, tree, working_tree

pytestmark = [pytest.mark.proof, pytest.mark.pipeline]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """The small study, nothing built."""
    folder = working_tree(tmp_path_factory.mktemp("fresh"))
    edit(folder, small)
    commit_all(folder, "small study")
    return folder


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("audit") / "log"


@pytest.fixture(scope="module")
def built(fresh, log, tmp_path_factory) -> Path:
    """The same, built without a fault and audited."""
    folder = tmp_path_factory.mktemp("built") / "clone"
    shell("git", "clone", "-q", str(fresh), str(folder), cwd=fresh)
    shell("dvc", "repro", cwd=folder, **audited.variables(log))
    return folder


def recorded(clone: Path) -> dict[str, dict]:
    """The stages of a clone's dvc.lock."""
    return YAML(typ="safe", pure=True).load((clone / "dvc.lock").read_text(encoding="utf-8"))["stages"]


def copied(source: Path, target: Path) -> None:
    """Copy a file or a folder, parents made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def sandbox(built: Path, stage: dict, folder: Path) -> None:
    """A folder that holds what the stage declares and nothing else: its files, of params.yaml the declared parameters
    and the study's name, paths.yaml (dvc.yaml states it), and the empty `__init__.py` of packages.
    """
    for entry in stage["deps"]:
        copied(built / entry["path"], folder / entry["path"])
    copied(built / "paths.yaml", folder / "paths.yaml")
    for path in [*built.glob("captioner/**/__init__.py"), *built.glob("stages/**/__init__.py")]:
        copied(path, folder / path.relative_to(built))
    if not (folder / "params.yaml").exists():
        whole = YAML(typ="safe", pure=True).load((built / "params.yaml").read_text(encoding="utf-8"))
        chosen = {"study": whole["study"]}
        for key, value in stage.get("params", {}).get("params.yaml", {}).items():
            *parents, last = key.split(".")
            place = chosen
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = value
        with (folder / "params.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(chosen, file)


def contents(folder: Path, stage: dict) -> dict[str, bytes]:
    """The bytes of every file of the stage's outputs."""
    outs = [folder / entry["path"] for entry in stage["outs"]]
    files = [file for out in outs for file in (sorted(out.rglob("*")) if out.is_dir() else [out]) if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_each_stage_needs_what_it_declares_and_nothing_else(built, log, tmp_path):
    """In a folder of its own every stage makes the same bytes; and not where an input is cut in half that the audit did
    not see opened.
    """
    found = audited.Audit(log, built)
    for number, (name, stage) in enumerate(recorded(built).items()):
        folder = tmp_path / f"{number}"
        sandbox(built, stage, folder)
        shell("sh", "-c", stage["cmd"], cwd=folder, PYTHONPATH="")
        assert contents(folder, stage) == contents(built, stage), name
        declared = [entry["path"] for entry in stage["deps"]]
        opened = found.read(name)
        unseen = [path for path in declared if not any(audited.inside(each, [path]) for each in opened)]
        for path in unseen:
            if path.endswith(".safetensors"):
                kept = (folder / path).read_bytes()
                (folder / path).write_bytes(kept[: len(kept) // 2])
                done = shell("sh", "-c", stage["cmd"], cwd=folder, check=False, PYTHONPATH="")
                assert done.returncode or contents(folder, stage) != contents(built, stage), f"{name}: {path}"
                (folder / path).write_bytes(kept)
        print(f"{name}: the same bytes; seen by no hook: {', '.join(unseen) or 'none'}", flush=True)
        shutil.rmtree(folder)


def test_twenty_kills_anywhere_and_the_same_bytes(fresh, built, tmp_path):
    clone = tmp_path / "killed"
    shutil.copytree(fresh, clone)
    stages = list(recorded(built))
    hit = 0
    for stage, delay, whom in moments(16, stages, 20, 8.0):
        at = killed(clone, stage, delay, whom)
        hit += at is not None
        print(f"killed {whom} {delay:.1f} s after {stage} began" if at else f"{stage} was built already", flush=True)
    assert hit >= 15
    shell("dvc", "repro", cwd=clone)
    assert tree(clone) == tree(built)


def begun(clone: Path, *command: str, **variables: str) -> subprocess.Popen:
    """A command in a session of its own, as from a terminal; both its outputs in one."""
    return subprocess.Popen(
        command, cwd=clone, env={**os.environ, **variables, "PYTHONUNBUFFERED": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def test_ctrl_c_ends_every_stage_with_a_word_and_leaves_no_process(fresh, built, tmp_path):
    clone = tmp_path / "interrupted"
    shutil.copytree(fresh, clone)
    rng, seconds = random.Random(16), []
    for stage in ["data", "backbones", "embed", "project", "finetune", "caption", "score", "compare", "figures"]:
        child = begun(clone, sys.executable, "-m", "tools.progress")
        told = b""
        while chunk := child.stdout.readline():
            told += chunk
            if f"Running stage '{stage}'".encode() in chunk:
                time.sleep(rng.uniform(0.0, 8.0))
                processes = family(child.pid)
                asked = time.monotonic()
                os.killpg(child.pid, signal.SIGINT)
                break
        told += child.stdout.read()
        child.wait(60)
        seconds.append(time.monotonic() - asked)
        _, alive = psutil.wait_procs(processes, timeout=10)
        traces = told.count(b"Traceback")
        print(f"{stage}: ended after {seconds[-1]:.1f} s, {traces} tracebacks", flush=True)
        assert child.returncode == 130 and b"./run goes on where it was" in told and not alive
    shell("dvc", "repro", cwd=clone)
    assert tree(clone) == tree(built)


IN_A_DISK = """
set -e
mkdir -p "$1" && mount -t tmpfs -o "size=$2" tmpfs "$1"
cp -r "$3" "$1/clone" && cd "$1/clone"
for size in $4; do
    mount -o "remount,size=$size" "$1"
    status=0; python -m tools.progress >"$5.$size" 2>&1 || status=$?
    echo "$size: status $status"
done
git add -A && git write-tree && git ls-tree -r "$(git write-tree)" >"$5.tree"
mount -o remount,ro "$1"
status=0; python -m tools.progress >"$5.ro" 2>&1 || status=$?
echo "read-only, nothing to do: status $status"
mount -o remount,rw "$1"; echo >>stages/report.py; mount -o remount,ro "$1"
status=0; python -m tools.progress >"$5.ro-work" 2>&1 || status=$?
echo "read-only, a stage to run: status $status"
"""


def test_a_full_disk_and_a_read_only_one_end_in_one_error_and_lose_nothing(fresh, built, tmp_path):
    if subprocess.run(["unshare", "-rm", "true"]).returncode:
        pytest.skip("this user may not mount a disk of his own")
    told = tmp_path / "told"
    sizes = "12m 16m 20m 24m 30m 300m"  # the clone alone takes 9 MB, the whole build 60
    line = ["unshare", "-rm", "sh", "-c", IN_A_DISK, "sh", str(tmp_path / "disk"), "12m", str(fresh), sizes, str(told)]
    done = shell(*line, cwd=tmp_path)
    print(done.stdout)
    said = {path.name.partition(".")[2]: path.read_text(errors="replace") for path in tmp_path.glob("told.*")}
    full = [text for name, text in said.items() if name.endswith("m") and name != "300m"]
    assert full and all("No space left" in text or "the disk is full" in text for text in full)
    assert "300m: status 0" in done.stdout and "nothing to do: status 0" not in done.stdout
    for name, text in said.items():
        if name != "tree":
            errors = [each for each in text.splitlines() if each.startswith(("error:", "ERROR:", "==>"))]
            print(name, errors[-2:], text.count("Traceback"))
            assert "Traceback" not in text, f"{name}\n{text[-3000:]}"
    assert said["tree"].splitlines() == tree(built)


CHANGES = {
    "queued": ('prompt="An image of"',),
    "queued-too": ("compare.resamples=150",),
    "temp": ('prompt="Here we see"',),
    "temp-too": ("controls.derangements=3",),
    "workspace": ("compare.permutations=500",),
}


def tried(clone: Path, name: str, *how: str) -> None:
    """Run, or queue, one of the experiments; again where another DVC just has the repository's lock, and says so."""
    changes = [word for change in CHANGES[name] for word in ("-S", change)]
    line = ["dvc", "exp", "run", *how, "-n", name, *changes, "report"]
    deadline = time.monotonic() + 1800
    while (done := shell(*line, cwd=clone, check=False)).returncode:
        assert "Unable to acquire lock" in done.stderr and time.monotonic() < deadline, done.stdout + done.stderr
        time.sleep(2)


def results(clone: Path) -> dict[str, list[str]]:
    """The files of each experiment."""
    refs = shell("git", "for-each-ref", "--format=%(refname)", "refs/exps", cwd=clone).stdout.split()
    named = {ref.rpartition("/")[2]: ref for ref in refs if ref.rpartition("/")[2] in CHANGES}
    return {name: shell("git", "ls-tree", "-r", ref, cwd=clone).stdout.splitlines() for name, ref in named.items()}


def test_experiments_side_by_side_equal_those_one_after_another(built, tmp_path):
    """Two in the queue with two workers, two in temporary folders and one in the workspace, all at once."""
    serial, parallel = tmp_path / "serial", tmp_path / "parallel"
    shutil.copytree(built, serial)
    shell("git", "add", "-A", cwd=serial)
    shell("git", "commit", "-q", "-m", "built", "--allow-empty", cwd=serial)
    shutil.copytree(serial, parallel)
    for name in CHANGES:
        if name != "workspace":
            tried(serial, name, "--temp")
    tried(serial, "workspace")
    for name in ("queued", "queued-too"):
        tried(parallel, name, "--queue")
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(tried, parallel, name, "--temp") for name in ("temp", "temp-too")]
        waiting.append(pool.submit(tried, parallel, "workspace"))
        waiting.append(pool.submit(shell, "dvc", "queue", "start", "-j", "2", cwd=parallel))
        for each in waiting:
            each.result()
    deadline = time.monotonic() + 1800
    while any(word in shell("dvc", "queue", "status", cwd=parallel).stdout for word in ("Running", "Queued")):
        assert time.monotonic() < deadline
        time.sleep(2)
    shell("dvc", "queue", "stop", cwd=parallel)
    one, other = results(serial), results(parallel)
    assert one.keys() == other.keys() == CHANGES.keys(), shell("dvc", "queue", "status", cwd=parallel).stdout
    for name in CHANGES:
        assert one[name] == other[name], name
