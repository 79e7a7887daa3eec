"""Heavy proofs on the small study, twenty minutes on two cores and no part of ./run test: python -m pytest -m proof."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from faults import killed, moments
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
def built(fresh, tmp_path_factory) -> Path:
    """The same, built without a fault."""
    folder = tmp_path_factory.mktemp("built") / "clone"
    shell("git", "clone", "-q", str(fresh), str(folder), cwd=fresh)
    shell("dvc", "repro", cwd=folder)
    return folder


def test_twenty_kills_anywhere_and_the_same_bytes(fresh, built, tmp_path):
    clone = tmp_path / "killed"
    shutil.copytree(fresh, clone)
    stages = list(YAML(typ="safe", pure=True).load((built / "dvc.lock").read_text(encoding="utf-8"))["stages"])
    hit = 0
    for stage, delay, whom in moments(16, stages, 20, 8.0):
        at = killed(clone, stage, delay, whom)
        hit += at is not None
        print(f"killed {whom} {delay:.1f} s after {stage} began" if at else f"{stage} was built already", flush=True)
    assert hit >= 15
    shell("dvc", "repro", cwd=clone)
    assert tree(clone) == tree(built)
