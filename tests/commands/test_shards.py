"""Captions of many pictures in shards: the lines of the plain command, whichever engine, and after an interruption."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil

import pytest

from captioner import cli
from captioner.commands import shards

pytestmark = pytest.mark.slow  # models are loaded several times
needs_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="Ray is not installed (captioner[scale])")
PROMPTS = ("--prompt", "A photo of", "--prompt", "")


@pytest.fixture
def inputs(pictures, tmp_path):
    """Seven pictures, with a damaged and a missing one among them."""
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    return [*pictures[:3], damaged, *pictures[3:7], tmp_path / "missing.png"]


def captioned(study, inputs, out, *more):
    with pytest.raises(SystemExit) as ended:
        cli.main([str(each) for each in ("caption", *inputs, "--project", study, *PROMPTS, "--out", out, *more)])
    return ended.value.code


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*"))}


def test_the_lines_are_those_of_the_plain_command(study, inputs, tmp_path, capsys):
    assert captioned(study, inputs, tmp_path / "out", "--shard", 4, "--batch-size", 3) == 3
    rows = [json.loads(line) for text in contents(tmp_path / "out").values() for line in text.splitlines()]
    assert sorted(contents(tmp_path / "out")) == [f"part-{number:06d}.jsonl" for number in range(3)]
    bad = {row["image"]: row["error"] for row in rows if "error" in row}
    assert set(bad) == {str(inputs[3]), str(inputs[8])} and all(path in told for path, told in bad.items())
    capsys.readouterr()
    with pytest.raises(SystemExit):
        cli.main([str(each) for each in ("caption", *inputs, "--project", study, *PROMPTS, "--format", "json")])
    plain = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    good = [row for row in rows if "error" not in row]
    assert [(row["image"], row["prompt"], row["caption"]) for row in good] == [
        (row["image"], row["prompt"], row["caption"]) for row in plain
    ]


def test_an_interrupted_run_makes_what_is_missing(study, inputs, tmp_path, monkeypatch, capsys):
    out, whole = tmp_path / "out", tmp_path / "whole"
    captioned(study, inputs, whole, "--shard", 2)
    made = []
    describe = shards.Describe.__call__

    def interrupted(self, row):
        made.append(row["shard"])
        if len(made) == 3:
            raise KeyboardInterrupt
        return describe(self, row)

    monkeypatch.setattr(shards.Describe, "__call__", interrupted)
    assert captioned(study, inputs, out, "--shard", 2) == 130
    assert sorted(contents(out)) == ["part-000000.jsonl", "part-000001.jsonl"]
    assert captioned(study, inputs, out, "--shard", 2, "--workers", 1) == 3
    assert made == [0, 1, 2, 2, 3, 4] and contents(out) == contents(whole)
    monkeypatch.setattr(shards.Describe, "__init__", None)  # nothing is loaded where nothing is missing
    assert captioned(study, inputs, out, "--shard", 2) == 0
    capsys.readouterr()
    assert "choose another --out" in captioned(study, inputs[:-1], out, "--shard", 2)
    assert "choose another --out" in captioned(study, inputs, out, "--shard", 2, "--background", "black")


@needs_ray
def test_ray_makes_the_same_files_with_two_models_at_work(study, inputs, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")  # a short path, which its sockets need
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    captioned(study, inputs, tmp_path / "one", "--shard", 2)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for number in (0, 1, 3, 4):  # shard 2 is there already, as after an interruption
        os.unlink(tmp_path / "two" / f"part-{number:06d}.jsonl")
    told = captioned(study, inputs, tmp_path / "two", "--shard", 2, "--engine", "ray", "--models", 2)
    assert told == 3 and contents(tmp_path / "two") == contents(tmp_path / "one")


def test_what_does_not_go_together_is_told(study, inputs, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="--out"):
        cli.main(["caption", str(inputs[0]), "--engine", "ray"])
    assert "--engine ray" in captioned(study, inputs, tmp_path / "out", "--address", "auto")
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    assert "captioner[scale]" in captioned(study, inputs, tmp_path / "out", "--engine", "ray")
