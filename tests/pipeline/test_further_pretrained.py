"""The pretrained language model on a tiny study: its stages, from a GGUF file to the paper's section."""

from __future__ import annotations

import csv
import json
import random
import re
from pathlib import Path

import pytest
import torch
from committed import committed, needs_commit
from gguf import GGMLQuantizationType
from ruamel.yaml import YAML
from tiny_gguf import tiny_llama, write_gguf
from tiny_study import extended, run

from captioner.bridge.files import load_bridge
from captioner.foundation.errors import InputError
from captioner.foundation.tables import write_table

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # a tiny study first
FOLDER = "further/pretrained"
PIPELINE = YAML(typ="safe", pure=True).load((ROOT / FOLDER / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
SIZES = {"train": 24, "val": 6, "test": 9, "novel": 5}
PROMPTS = ("detailed", "none", "unrelated")


@pytest.fixture(scope="module")
def pretrainable(study, vocabulary, scenes, tmp_path_factory) -> Path:
    """The tiny study with what this pipeline opens, and a tiny Llama in a GGUF file."""
    tiny = extended(study, tmp_path_factory.mktemp("pretrainable") / "study", scenes, SIZES, 3)
    tiny.embed()
    project, ids, rng = tiny.project, tiny.ids, random.Random("scores")
    project.path("prompt_scores").mkdir()
    for name in PROMPTS:
        rows = [
            (arm, seed, split, key, "x", rng.random())
            for arm in ("linear", "empty") for seed in range(2) for split in ("test", "novel") for key in ids[split]
        ]  # fmt: skip
        columns = ["arm", "seed", "split", "image_id", "caption", "cider"]
        write_table(project.path("prompt_scores") / f"{name}.csv", columns, rows)
    folder = project.folder
    write_gguf(folder / "tiny.gguf", tiny_llama(vocabulary), vocabulary, GGMLQuantizationType.Q4_1)
    own = YAML().load((ROOT / FOLDER / "params.yaml").read_text(encoding="utf-8"))
    own["decoder"] = {"source": "gguf", "file": str(folder / "tiny.gguf"), "sha256": ""}
    own["images"] = {"train": 20, "val": 4, "test": 8, "novel": 5}
    own["projection"].update(epochs=2, batch_size=8, seeds=2, prefix_length=3)
    own["caption"].update(max_new_tokens=12, batch_size=5)
    own["probes"]["tokens"] = 4

    def change(params) -> None:
        params["compare"].update(resamples=100, permutations=100)
        params["prompts"] = {name: params["prompts"][name] for name in PROMPTS}

    tiny.set(change, f"{FOLDER}/params.yaml", own)
    return folder


def run_all(folder: Path, *names: str) -> None:
    """Run stages of this pipeline."""
    run(folder, [f"further.pretrained.{name}" for name in names])


@pytest.fixture(scope="module")
def built(pretrainable) -> Path:
    """The study with every stage run."""
    run_all(pretrainable, *PIPELINE)
    return pretrainable


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_stages_agree_with_one_another(built):
    facts = json.loads((built / FOLDER / "decoder.json").read_text(encoding="utf-8"))
    assert facts["name"] == "tiny" and facts["header"]["licence"] == "apache-2.0" and facts["given_back"]
    assert set(facts["continued"]) and facts["vouched"] == "a local file" and facts["stop_token"] == "<|endoftext|>"
    training = table(built, "training.csv")
    assert [(row["map"], row["epoch"]) for row in training] == [("0", "1"), ("0", "2"), ("1", "1"), ("1", "2")]
    maps = [load_bridge(built / f"models/further/pretrained/maps/{n}.safetensors", torch.device("cpu")) for n in (0, 1)]
    assert not torch.equal(maps[0].linear.weight, maps[1].linear.weight) and maps[0].shape.prefix_length == 3
    rows = table(built, "prompts.csv")
    assert [(row["split"], row["prompt"]) for row in rows] == [(s, p) for s in ("test", "novel") for p in PROMPTS]
    assert sorted(row["rank"] for row in rows if row["split"] == "test") <= ["1", "2", "3"]
    with (built / "data/further/pretrained/scores.csv").open(newline="", encoding="utf-8") as file:
        scored = list(csv.DictReader(file))
    assert len(scored) == len(PROMPTS) * 2 * (8 + 5)
    for row in rows:
        mine = [each for each in scored if (each["split"], each["prompt"]) == (row["split"], row["prompt"])]
        for name in ("cider", "cider_shuffled", "tokens"):
            mean = sum(float(each[name]) for each in mine) / len(mine)
            assert float(row[name]) == pytest.approx(mean, abs=1e-4), name
        with (built / f"data/prompt_scores/{row['prompt']}.csv").open(newline="", encoding="utf-8") as file:
            keys = {each["image_id"] for each in mine}
            theirs = [
                float(each["cider"]) for each in csv.DictReader(file)
                if each["arm"] == "linear" and each["image_id"] in keys
            ]  # fmt: skip
        assert float(row["miniature"]) == pytest.approx(sum(theirs) / len(theirs), abs=1e-4)
    compared = json.loads((built / FOLDER / "compared.json").read_text(encoding="utf-8"))
    assert compared["maps"] == 2 and compared["test"]["images"] == 8
    assert compared["test"]["all"]["prompts"] == 3 and compared["test"]["seen"]["prompts"] == 2


def test_every_number_of_the_section_is_written(built):
    section = (ROOT / "paper" / f"{FOLDER}.tex").read_text(encoding="utf-8")
    numbers = (built / "paper/generated" / FOLDER / "numbers.tex").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\\result\{(pretrained\.[a-z]+)\}", section))
    assert wanted == set(re.findall(r"result@(pretrained\.[a-z]+)\\", numbers))
    drawn = {path.stem for path in (built / "paper/generated" / FOLDER / "figures").iterdir()}
    assert drawn == set(re.findall(rf"\{{{FOLDER}/figures/(\w+)\}}", section))


def test_a_run_that_is_repeated_gives_the_same_bytes(built):
    names = [f"{FOLDER}/training.csv", f"{FOLDER}/prompts.csv", "models/further/pretrained/maps/1.safetensors"]
    before = {name: (built / name).read_bytes() for name in names}
    run_all(built, "train", "caption", "compare")
    assert before == {name: (built / name).read_bytes() for name in names}


def test_more_images_than_the_study_has_are_refused(built):
    path = built / FOLDER / "params.yaml"
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept.replace("test: 8", "test: 10"), encoding="utf-8")
    with pytest.raises(InputError, match=r"params\.yaml: images\.test: 10, but the study's split test has 9"):
        run_all(built, "tokens")
    path.write_text(kept, encoding="utf-8")


@needs_commit
def test_the_committed_model_knows_english_and_its_captions_tell_of_their_images():
    facts = json.loads(committed(f"{FOLDER}/decoder.json"))
    for text, perplexity in facts["perplexities"].items():
        assert perplexity < 200 < facts["backwards"][text], text
    assert facts["given_back"] and facts["header"]["licence"] == "apache-2.0"
    assert facts["caption_loss"] < facts["uniform_loss"]
    rows = list(csv.DictReader(committed(f"{FOLDER}/prompts.csv").splitlines()))
    for row in rows:
        if row["group"] == "seen":
            assert float(row["cider_low"]) > 2 * float(row["cider_shuffled_high"]), row["text"]
