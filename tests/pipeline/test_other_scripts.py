"""Photographs with Chinese captions: words of characters, the check before, command and stages alike."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import photograph_files
import pytest
from photograph_files import small_photographs
from small_study import edit, shell, working_tree

from captioner.captioning.captions import Caption, Record, write_records
from captioner.foundation.tables import read_table

pytestmark = pytest.mark.pipeline


def said(image: int, rng: random.Random) -> str:
    kind = ["一只狗", "一只猫", "一辆车"][image % 3]
    return f"{rng.choice(['街上', '公园里'])}有{kind}，{rng.choice(['旁边', '后面'])}有一棵树"


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Thirty-six small photographs with Chinese captions in COCO's layout, and tiny random backbones."""
    rng = random.Random(1)
    return photograph_files.source(tmp_path_factory.mktemp("source"), 24, 12, lambda image, number: said(image, rng))


@pytest.fixture(scope="module")
def clone(source, tmp_path_factory) -> Path:
    """A clone with this study and the default words, of which nothing is built."""
    folder = working_tree(tmp_path_factory.mktemp("clone"))

    def small(params):
        small_photographs(params, source)
        params["coco"]["projection"]["seeds"] = 1
        params["compare"]["resamples"] = 100
        params["prompt"], params["prompts"] = "照片里有", {"opening": "照片里有"}
        params["compare"]["groups"] = {}

    edit(folder, small)
    shell("git", "init", "-q", cwd=folder)
    return folder


def test_words_parted_at_blanks_are_refused_before_anything_is_computed(clone):
    done = shell("python", "-m", "stages.check", cwd=clone, check=False)
    assert done.returncode == 1 and not (clone / "data").exists() and "Traceback" not in done.stderr
    assert "params.yaml: coco.score.words: treebank parts words at blanks, but 60 of 60 captions" in done.stderr
    assert "set characters" in done.stderr


def test_a_table_of_captions_is_looked_at_too(clone, source, tmp_path):
    rows = json.loads((source / "annotations/test.json").read_text())["annotations"]
    lines = ["file,caption", *(f"{row['image_id']:012d}.jpg,{row['caption'].replace('，', ' ')}" for row in rows)]
    (tmp_path / "captions.csv").write_text("\n".join(lines), encoding="utf-8")
    for file in ("params.yaml", "paths.yaml", "stages", "captioner", "paper"):
        (shutil.copytree if (clone / file).is_dir() else shutil.copy2)(clone / file, tmp_path / file)
    table = {"source": "table", "file": str(tmp_path / "captions.csv"), "folder": str(source / "test")}
    table |= {"train_images": 0, "test_images": 4, "on_bad_image": "stop"}
    edit(tmp_path, lambda params: params["coco"].update(data=table))
    done = shell("python", "-m", "stages.check", cwd=tmp_path, check=False)
    assert "coco.score.words: treebank parts words at blanks" in done.stderr, done.stderr


def test_the_stages_score_characters_as_the_command_does(clone, tmp_path):
    """On captions that are put in the place of a model's, so that they have much in common with the references."""
    edit(clone, lambda params: params["coco"]["score"].update(words="characters"))
    shell("dvc", "repro", "judge", cwd=clone)
    rng = random.Random(2)
    made = {key: said(key, rng)[:9] for key in range(101, 113)}
    own = [Caption(text, f"照片里有{text}", 9, True, (-1.0,) * 10, (1.0,) * 10) for text in made.values()]
    (clone / "data/captions").mkdir()
    write_records(
        clone / "data/captions/opening.jsonl", map(Record, ["linear"] * 12, ["test"] * 12, made, own, [0] * 12)
    )
    shell("python", "-m", "stages.score_prompt", "opening", cwd=clone)
    rows = read_table(clone / "data/prompt_scores/opening.csv")
    assert {int(row["image_id"]): row["caption"] for row in rows} == made
    (tmp_path / "made.json").write_text(json.dumps(made), encoding="utf-8")
    command = ["python", "-m", "captioner", "evaluate", "data/captions_test.json", str(tmp_path / "made.json")]
    done = shell(*command, "--words", "characters", "--no-java", "--json", cwd=clone)
    found = json.loads(done.stdout)
    for name, column in {"CIDEr": "cider", "ROUGE_L": "rouge_l"}.items():
        mean = sum(float(row[column]) for row in rows) / len(rows)
        assert mean > 0.3 and found[name] == pytest.approx(mean, abs=1e-5)
    done = shell(*command, "--words", "treebank", "--no-java", "--json", cwd=clone)
    assert json.loads(done.stdout)["CIDEr"] < 0.7 * found["CIDEr"]
