"""Ways of decoding on a tiny study, from captions to the paper's section."""

from __future__ import annotations

import csv
import importlib
import json
import random
import re
import shutil
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

from captioner.application.project import Project
from captioner.bridge.base import Shape
from captioner.bridge.files import load_bridge, save_bridge
from captioner.bridge.linear import Projection
from captioner.captioning.captions import Record, write_records
from captioner.captioning.generation import greedy
from captioner.config.decoding import DecodingConfig
from captioner.encoders.encoder import load_encoder
from captioner.evaluation.described import References
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.errors import InputError
from captioner.photographs.annotations import Captions, write_captions
from captioner.world.language import references
from stages import settings

ROOT = Path(__file__).parents[2]
YAML_ = YAML(typ="safe", pure=True)
FOLDER = "further/decoding"
STAGES = YAML_.load((ROOT / FOLDER / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
SIZES = {"train": 6, "val": 7, "test": 9, "novel": 4}
WAYS = {
    "samples": 3,
    "beams": [2, 4],
    "nucleus": {"hot": {"top_p": 1.0, "temperature": 1.5}, "still": {"top_p": 0.000001, "temperature": 1.0}},
}


@pytest.fixture(scope="module")
def built(study, decoder, vocabulary, scenes, tmp_path_factory) -> Path:
    """The tiny study with two maps and what the stages open, and every stage run."""
    folder = tmp_path_factory.mktemp("decodable") / "study"
    shutil.copytree(study, folder)
    project, rng = Project(folder), random.Random("decodable")
    ids = {name: [100 * n + i for i in range(size)] for n, (name, size) in enumerate(SIZES.items(), start=1)}
    keys = [key for several in ids.values() for key in several]
    drawn = dict(zip(keys, scenes[2000:], strict=False))
    told = {key: references(scene, rng, 4) for key, scene in drawn.items()}
    for name, splits in (("captions_train", ("train", "val")), ("captions_test", ("test", "novel"))):
        mine = [key for split in splits for key in ids[split]]
        write_captions(project.path(name), Captions({k: f"{k}.png" for k in mine}, {k: told[k] for k in mine}), name)
    project.path("facts").write_text(json.dumps({str(key): scene.to_json() for key, scene in drawn.items()}))
    project.path("split").write_text(json.dumps({"splits": ids}), encoding="utf-8")
    project.path("checked").touch()
    judge = load_encoder(project.path("judge"), torch.device("cpu"))
    vectors = judge.encode_texts([told[key][0] for key in keys])
    for name in ("embeddings", "judged"):
        Embeddings(keys, vectors).save(project.path(name))
    References.embed(told, judge).save(project.path("described"))
    project.path("projections").unlink()  # one map in a file of that name, until here
    project.path("projections").mkdir()
    records = []
    for number in range(2):
        torch.manual_seed(number)
        bridge = Projection(Shape(vectors.shape[1], 4, decoder.width))
        bridge.start(vectors, True, 3 * decoder.mean_norm)
        path = project.path("projections") / f"{number}.safetensors"
        save_bridge(bridge, path)
        for split in ("val", "test"):
            with torch.inference_mode():
                prefix = load_bridge(path, torch.device("cpu"))(Embeddings(keys, vectors).of(ids[split]))
            captions = greedy(decoder, vocabulary, prefix, "A detailed photo of", 12)
            records += [Record("linear", split, *pair, number) for pair in zip(ids[split], captions, strict=True)]
    write_records(project.path("arms"), records)
    params = YAML().load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["compare"]["resamples"] = 100
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)
    (folder / FOLDER).mkdir(parents=True)
    with (folder / FOLDER / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump({"decoding": WAYS}, file)
    run(folder)
    return folder


def run(folder: Path) -> None:
    """Every stage in this process, as for another study than the last one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings.document.cache_clear()
        for name in STAGES:
            stage = importlib.import_module(f"further.decoding.{name}")
            if name == "decode":
                stage.opened.cache_clear()
            stage.main()
        settings.document.cache_clear()


def table(folder: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    with (folder / FOLDER / "decoding.csv").open(newline="", encoding="utf-8") as file:
        return {(row["split"], row["decoding"], row["pick"]): row for row in csv.DictReader(file)}


def test_the_table_agrees_with_itself(built):
    rows = table(built)
    for split in ("val", "test"):
        base = rows[split, "greedy", "first"]
        for pick in ("mean", "clip", "shuffled", "oracle"):  # a nucleus of one token draws the greedy caption
            still = rows[split, "still", pick]
            for name in ("cider", "cider_four", "clip_score", "object_precision", "tokens", "log_probability"):
                assert still[name] == base[name] or float(still[name]) == pytest.approx(float(base[name]), abs=1e-4)
            assert float(still["difference"]) == pytest.approx(0, abs=1e-9)
        assert float(rows[split, "still", "mean"]["self_cider"]) == 0
        assert rows[split, "still", "mean"]["different"] == "1"
        assert float(rows[split, "hot", "mean"]["self_cider"]) > 0.3
        assert rows[split, "beam_2", "mean"]["self_cider"] == ""  # fewer captions than the others
        assert rows[split, "beam_4", "mean"]["captions"] == "3" and rows[split, "people", "mean"]["captions"] == "4"
        for name in ("beam_2", "beam_4", "hot"):  # by the very model that judges here
            assert float(rows[split, name, "clip"]["clip_score"]) >= float(rows[split, name, "mean"]["clip_score"])


def test_it_is_the_same_again(built, tmp_path):
    """To the byte, in another folder, with nothing kept."""
    shutil.copytree(built, tmp_path / "again")
    shutil.rmtree(tmp_path / "again" / ".checkpoints", ignore_errors=True)
    for name in ("data/further", "paper/generated/further"):
        shutil.rmtree(tmp_path / "again" / name)
    (tmp_path / "again" / FOLDER / "decoding.csv").unlink()
    run(tmp_path / "again")
    for path in [path for path in built.rglob("*") if "further" in path.parts and path.is_file()]:
        assert (tmp_path / "again" / path.relative_to(built)).read_bytes() == path.read_bytes(), path


def test_every_number_of_the_section_is_written(built):
    section = (ROOT / "paper/further/decoding.tex").read_text(encoding="utf-8")
    made = built / "paper/generated/further/decoding"
    numbers, tables = ((made / name).read_text(encoding="utf-8") for name in ("numbers.tex", "tables.tex"))
    wanted = set(re.findall(r"\\result\{(decoding\.[a-z]+)\}", section))
    assert wanted == set(re.findall(r"result@(decoding\.[a-z]+)\\", numbers))
    assert set(re.findall(r"\\newcommand\{\\(\w+)\}", tables)) == {"decodingtable"} and r"\decodingtable" in section
    assert {path.stem for path in made.glob("*.pdf")} == set(re.findall(r"\]\{further/decoding/(\w+)\}", section))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"samples": 1}, "decoding.samples"),
        ({"beams": []}, "decoding.beams"),
        ({"beams": [1]}, "decoding.beams.0"),
        ({"beams": [3, 3]}, "stands there twice"),
        ({"nucleus": {}}, "decoding.nucleus"),
        ({"nucleus": {"a": {"top_p": 0.5}}}, "decoding.nucleus.a"),
        ({"nucleus": {"a": {"top_p": 1.5, "temperature": 1.0}}}, "a: top_p is a mass, at most 1"),
        ({"nucleus": {"a": {"top_p": 0.0, "temperature": 1.0}}}, "decoding.nucleus.a.top_p"),
        ({"nucleus": {"a": {"top_p": 0.5, "temperature": 0.0}}}, "decoding.nucleus.a.temperature"),
        ({"nucleus": {"greedy": {"top_p": 0.5, "temperature": 1.0}}}, "the name of another way"),
        ({"typo": 1}, "decoding.typo"),
    ],
)
def test_bad_parameters_are_named(change, told):
    good = settings.validated(DecodingConfig, WAYS, "decoding")
    assert vars(good) == WAYS
    with pytest.raises(InputError, match=re.escape(told)):
        settings.validated(DecodingConfig, {**WAYS, **change}, "decoding", f"{FOLDER}/params.yaml")
