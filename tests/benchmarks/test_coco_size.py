"""A set in COCO's layout of any size, models for it, and the memory of the stages that a build runs."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil
import pytest
from PIL import Image
from ruamel.yaml import YAML

from benchmarks import coco_size
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.openai_clip import CLIP
from captioner.photographs.annotations import read_captions


@pytest.mark.slow
def test_what_is_made_can_be_read(tmp_path):
    coco_size.made(tmp_path, 7, 3)
    said = set()
    for name, first, count in (("train2017", 1, 7), ("val2017", 8, 3)):
        found = read_captions(tmp_path / f"coco/annotations/captions_{name}.json")
        assert list(found.files) == list(range(first, first + count))
        assert all(len(captions) == 5 for captions in found.captions.values())
        said |= {caption for captions in found.captions.values() for caption in captions}
        for file in found.files.values():
            with Image.open(tmp_path / "coco" / name / file) as picture:
                assert picture.size == (64, 48)
    assert len(said) > 45  # hardly two alike
    assert CLIP(*coco_size.CLIP_SIZES).visual.output_dim == 512
    assert (tmp_path / "models/encoder.pt").is_file() and (tmp_path / "models/judge.pt").is_file()
    assert Vocabulary.load(tmp_path / "models/gpt2").encode([next(iter(said))])[0]


@pytest.mark.slow
def test_the_project_is_set_to_the_study(tmp_path):
    where = coco_size.project(tmp_path / "project", tmp_path)
    params = YAML(typ="safe", pure=True).load((where / "params.yaml").read_text(encoding="utf-8"))
    assert params["study"] == "coco" and params["coco"]["data"]["folder"] == str(tmp_path / "coco")
    assert params["coco"]["encoder"]["file"] == str(tmp_path / "models/encoder.pt")
    assert not (where / "dvc.lock").exists() and (where / "stages/check.py").is_file()


@pytest.mark.slow
def test_memory_is_that_of_the_stage_and_what_it_starts(monkeypatch, tmp_path):
    monkeypatch.setattr(coco_size, "EVERY", 0.05)
    (tmp_path / "stages").mkdir()
    hold = "import time; held = bytearray(150_000_000); time.sleep(1.5)"
    body = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    (tmp_path / "stages/holding.py").write_text(body)
    run = f"import subprocess, sys; subprocess.run([sys.executable, '-m', 'stages.holding'], cwd={str(tmp_path)!r})"
    build = subprocess.Popen([sys.executable, "-c", run])
    watch = coco_size.Watch(psutil.Process(build.pid))
    watch.start()
    assert build.wait() == 0
    watch.join()
    assert set(watch.peaks) == {"holding"} and 1.5e8 < watch.peaks["holding"] < 4e8
    assert 1.0 < watch.seconds["holding"] < 60


def test_the_report_is_of_every_stage():
    known = json.loads(coco_size.OUT.read_text(encoding="utf-8"))
    assert (known["train"], known["test"]) == (118_287, 5_000)
    assert {"data", "tokens", "embed", "project", "retrieve", "score", "compare"} <= set(known["stages"])
    assert all(row["megabytes"] > 0 and row["seconds"] >= 0 for row in known["stages"].values())
