"""The study of photographs in a temporary clone: from a folder in COCO's layout and local weights to the paper."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import photograph_files
import pytest
from photograph_files import photographs, small_photographs
from random_weights import main as write_random_weights
from small_study import edit, latex, ran, shell, working_tree

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "coco-mini"
pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Forty-two small photographs in COCO's layout, one of them no picture, and tiny random backbones."""
    rng = random.Random(1)

    def say(image: int, number: int) -> str:
        return f"A {rng.choice(['red', 'blue'])} {rng.choice(['dog', 'cat', 'bus'])} on a street."

    folder = photograph_files.source(tmp_path_factory.mktemp("source"), 30, 12, say)
    (folder / "train" / f"{7:012d}.jpg").write_text("<html>")
    return folder


@pytest.fixture(scope="module")
def clone(source, tmp_path_factory) -> Path:
    """A clone with this study, two prompts, built once with `on_bad_image: skip`."""
    folder = working_tree(tmp_path_factory.mktemp("clone"))

    def small(params):
        small_photographs(params, source, on_bad_image="skip")
        params["compare"]["resamples"] = 200
        for name in list(params["prompts"]):
            if name not in ("detailed", "none"):
                del params["prompts"][name]

    edit(folder, small)
    shell("git", "init", "-q", cwd=folder)
    shell("git", "add", "-A", cwd=folder)
    shell("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "photos", cwd=folder)
    shell("dvc", "repro", *([] if latex() else ["figures", "report"]), cwd=folder)
    return folder


def test_the_study_reaches_the_paper(clone):
    metrics = {path.stem: json.loads(path.read_text()) for path in (clone / "metrics").glob("*.json")}
    assert metrics["split"] == {"train": 23, "val": 6, "test": 12, "novel": 0, "left_out": 0}
    assert metrics["headline"]["cider_novel"] is None and metrics["headline"]["cider_human"] > 0
    if latex():
        assert (clone / "paper/report.pdf").stat().st_size > 50_000


def test_what_was_skipped_is_counted_and_named(clone):
    data = json.loads((clone / "metrics/data.json").read_text())
    assert (data["skipped_images"], data["train_images"], data["test_images"], data["captions"]) == (1, 29, 12, 205)
    with (clone / "data/left_out.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["image_id"] == "7" and "damaged or no picture" in row["reason"]


def test_no_photograph_is_copied(clone, source):
    assert [path.name for path in (clone / "data/images").iterdir()] == ["where.json"]
    with (clone / "data/manifest.csv").open(newline="") as file:
        assert {row["location"] for row in csv.DictReader(file)} == {str(source / "train"), str(source / "test")}


def test_random_weights_never_look_like_a_result(clone):
    assert json.loads((clone / "metrics/headline.json").read_text())["trial_run"] is True
    assert r"\trialtrue" in (clone / "paper/generated/numbers.tex").read_text()
    if latex() and shutil.which("pdftotext"):
        text = shell("pdftotext", "paper/report.pdf", "-", cwd=clone).stdout
        assert "none of its figures is a result" in " ".join(text.split())


def test_the_judge_is_another_model_and_can_be_changed_alone(clone, source):
    digest = {
        name: json.loads((clone / f"models/{name}/origin.json").read_text())["sha256"] for name in ("encoder", "judge")
    }
    assert digest["encoder"] != digest["judge"]
    override = f"coco.judge.file={source / 'ViT-B-16.pt'}"
    done = shell("dvc", "exp", "run", "-n", "judged", "-S", override, "score", cwd=clone)
    assert ran(done.stdout) == ["check", "judge", "score"]


def test_an_experiment_in_a_temporary_folder_finds_the_photographs(clone):
    done = shell("dvc", "exp", "run", "--temp", "-n", "halved", "-S", "coco.embed.batch_size=5", "embed", cwd=clone)
    assert ran(done.stdout) == ["check", "embed"]


def test_a_photograph_that_changed_is_noticed_when_it_is_read(clone, source, tmp_path):
    other = tmp_path / "changed"
    shutil.copytree(clone, other, ignore=shutil.ignore_patterns(".git", ".dvc"))
    path = source / "test" / f"{101:012d}.jpg"
    content = path.read_bytes()
    try:
        path.write_bytes((source / "test" / f"{102:012d}.jpg").read_bytes())
        done = shell("python", "-m", "stages.embed", cwd=other, check=False)
    finally:
        path.write_bytes(content)
    assert done.returncode == 1 and path.name in done.stderr and "dvc repro -f data" in done.stderr


def test_without_skipping_the_bad_picture_stops_the_data_stage(clone, source, tmp_path):
    other = tmp_path / "strict"
    shutil.copytree(clone, other, ignore=shutil.ignore_patterns(".git", ".dvc"))
    edit(other, lambda params: params["coco"]["data"].update(on_bad_image="stop"))
    before = (other / "data/manifest.csv").read_bytes()
    done = shell("python", "-m", "stages.data", cwd=other, check=False)
    assert done.returncode == 1 and f"{7:012d}.jpg" in done.stderr and "on_bad_image" in done.stderr
    assert (other / "data/manifest.csv").read_bytes() == before and "Traceback" not in done.stderr


ABSENT = {
    "no folder": (lambda study: study["data"].update(folder="/nowhere/coco"), "coco.data.folder: /nowhere/coco"),
    "relative folder": (lambda study: study["data"].update(folder="coco"), "absolute"),
    "no such set": (lambda study: study["data"].update(test_folder="val2099"), "coco.data.test_folder"),
    "unknown encoder": (lambda study: study["encoder"].update(name="ViT-B"), "coco.encoder.name: 'ViT-B' is none"),
    "no encoder file": (lambda study: study["encoder"].update(file="/nowhere/x"), "coco.encoder.file: /nowhere/x"),
    "no judge": (lambda study: study["judge"].update(file=""), "coco.judge.file"),
    "no decoder": (lambda study: study["decoder"].update(name="nobody/nothing"), "coco.decoder.name"),
    "no decoder folder": (lambda study: study["decoder"].update(name="/nowhere/gpt2"), "/nowhere/gpt2"),
    "no photographs": (lambda study: study["data"].update(folder=""), "coco.data.folder"),
    "split of another source": (
        lambda study: study.update(split={"source": "drawn", "train": 1, "val": 2, "test": 2, "novel": 0,
                                          "held_out_colours": 0, "held_out_settings": 0}),
        "coco.split.source",
    ),
    "val too large": (lambda study: study["data"].update(train_images=5), "coco.split.val"),
}  # fmt: skip


@pytest.mark.parametrize("name", ABSENT)
def test_what_is_missing_is_told_before_anything_is_computed(name, clone, tmp_path):
    """No network (a proxy that is not there), an empty cache: one message, in seconds, that names the parameter."""
    change, told = ABSENT[name]
    for file in ("params.yaml", "paths.yaml", "stages", "captioner", "paper"):
        copy = shutil.copytree if (clone / file).is_dir() else shutil.copy2
        copy(clone / file, tmp_path / file)
    edit(tmp_path, lambda params: change(params["coco"]))
    nowhere = "http://127.0.0.1:9"
    variables = {"HOME": str(tmp_path), "http_proxy": nowhere, "https_proxy": nowhere, "HF_ENDPOINT": nowhere}
    variables |= {"HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf"), "no_proxy": ""}
    done = shell("python", "-m", "stages.check", cwd=tmp_path, check=False, **variables)
    assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.true_size
def test_true_sizes_on_real_photographs(tmp_path):
    """coco-mini through ViT-B/16 and GPT-2 small with random weights, one epoch an arm, all prompts, to the paper."""
    if not SHARED.is_dir():
        pytest.skip("no real photographs beside the project (../shared/coco-mini)")
    write_random_weights(tmp_path / "weights", SHARED / "annotations" / "captions_train2017.json")
    folder = working_tree(tmp_path / "clone")

    def whole(params):
        photographs(params, SHARED, tmp_path / "weights")
        params["coco"]["split"]["val"] = 10
        params["coco"]["projection"].update(batch_size=16, seeds=1)
        params["coco"]["finetune"]["batch_size"] = 16
        params["coco"]["caption"]["dtype"] = params["coco"]["judge"]["dtype"] = "bfloat16"

    edit(folder, whole)
    shell("git", "init", "-q", cwd=folder)
    shell("git", "add", "-A", cwd=folder)
    shell("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "photos", cwd=folder)
    began = time.monotonic()
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    subprocess.run(["dvc", "repro"], cwd=folder, env=environment, check=True)
    print(f"from nothing to the paper: {time.monotonic() - began:.0f} s", file=sys.stderr)
    assert (folder / "paper/report.pdf").exists()
    assert json.loads((folder / "metrics/headline.json").read_text())["trial_run"] is True
