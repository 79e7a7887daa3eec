"""A study of small sizes in a folder of its own, and the commands that are tried on it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from committed import ROOT, committed, files
from ruamel.yaml import YAML

SMALL = {
    "runtime": {"threads": 1},  # tests run side by side
    "data": {"train_images": 420, "test_images": 160, "picture_size": 64},
    "split": {"train": 200, "val": 20, "test": 40, "novel": 20},
    "encoder": {"steps": 6, "batch_size": 16, "width": 4, "embedding": 32, "text_width": 64, "text_layers": 1},
    "decoder": {"steps": 12, "documents": 300, "width": 32, "layers": 1, "batch_size": 8, "vocabulary": 320},
    "projection": {"epochs": 2, "batch_size": 32, "seeds": 2},
    "mappers": {"layers": 2},
    "finetune": {"epochs": 2, "batch_size": 32},
}


def shell(*command: str, cwd: Path, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the clone; its output is the message where it fails."""
    environment = {**os.environ, **variables, "DVC_NO_ANALYTICS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def edit(clone: Path, change) -> None:
    """Change the clone's params.yaml in place."""
    yaml = YAML()
    path = clone / "params.yaml"
    params = yaml.load(path.read_text(encoding="utf-8"))
    change(params)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(params, file)


def small(params) -> None:
    """Change the parameters to those of a study of small sizes with three prompts and another seed."""
    for section, values in SMALL.items():
        params["scenes"][section].update(values)
    params["compare"]["resamples"] = 200
    for name in list(params["prompts"]):
        if name not in ("detailed", "none", "unrelated"):
            del params["prompts"][name]
    params["seed"] = 7  # another study than the committed one


def tree(clone: Path) -> list[str]:
    """Mode, hash and name of every file that git keeps of a clone as it is: dvc.lock, with the hash of every output,
    and all small results.
    """
    shell("git", "add", "-A", cwd=clone)
    written = shell("git", "write-tree", cwd=clone).stdout.strip()
    return shell("git", "ls-tree", "-r", written, cwd=clone).stdout.splitlines()


def ran(output: str) -> list[str]:
    """The stages that DVC says it ran."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def hashes(lock: Path) -> dict[str, str]:
    """Every output's hash in a dvc.lock."""
    stages = YAML(typ="safe", pure=True).load(lock.read_text(encoding="utf-8"))["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", [])}


def working_tree(folder: Path) -> Path:
    """A copy of the working tree as it is, with the commit's parameters and without dvc.lock."""
    for name in files():
        if name not in ("dvc.lock", ".dvc/config.local"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "params.yaml").write_text(committed("params.yaml"), encoding="utf-8")
    return folder


def shared(factory: pytest.TempPathFactory) -> Path:
    """Where the file of tests that builds the study of small sizes leaves it, so that no other of this run needs to."""
    root = factory.getbasetemp()
    return (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "small_study"


def share(clone: Path, factory: pytest.TempPathFactory) -> None:
    """Leave a study of small sizes, as it was built, for others: whole or not at all."""
    copy = factory.mktemp("shared") / "study"
    shutil.copytree(clone, copy)
    copy.rename(shared(factory))


def commit_all(folder: Path, message: str) -> None:
    """Make a repository of the folder, with one commit."""
    shell("git", "init", "-q", cwd=folder)
    shell("git", "config", "user.name", "test", cwd=folder)
    shell("git", "config", "user.email", "test@example.org", cwd=folder)
    shell("git", "add", "-A", cwd=folder)
    shell("git", "commit", "-q", "-m", message, cwd=folder)


def latex() -> bool:
    """Whether the paper can be built; its absence is an error where REQUIRE_LATEX=1."""
    found = shutil.which("latexmk") is not None
    assert found or os.environ.get("REQUIRE_LATEX") != "1", "latexmk is missing"
    return found
