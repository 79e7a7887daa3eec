"""Ways of decoding on a tiny study, from captions to the paper's section."""

from __future__ import annotations

import csv
import importlib
import re
import shutil
from pathlib import Path

import pytest
import torch
from conftest import CPU
from ruamel.yaml import YAML
from tiny_study import extended, run

from captioner.captioning.captions import Record, write_records
from captioner.captioning.generation import greedy
from captioner.config.decoding import DecodingConfig
from captioner.encoders.encoder import load_encoder
from captioner.evaluation.described import References
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.errors import InputError
from stages import settings

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # a tiny study first
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
    tiny = extended(study, tmp_path_factory.mktemp("decodable") / "study", scenes, SIZES, 4)
    vectors = tiny.embed()
    References.embed(tiny.captions, load_encoder(tiny.project.path("judge"), CPU)).save(tiny.project.path("described"))
    records = []
    for number, bridge in enumerate(tiny.project_by_two(decoder, vectors)):
        for split in ("val", "test"):
            with torch.inference_mode():
                prefix = bridge(Embeddings(tiny.keys, vectors).of(tiny.ids[split]))
            captions = greedy(decoder, vocabulary, prefix, "A detailed photo of", 12)
            records += [Record("linear", split, *pair, number) for pair in zip(tiny.ids[split], captions, strict=True)]
    write_records(tiny.project.path("arms"), records)
    tiny.set(lambda params: params["compare"].update(resamples=100), f"{FOLDER}/params.yaml", {"decoding": WAYS})
    run_all(tiny.project.folder)
    return tiny.project.folder


def run_all(folder: Path) -> None:
    """Every stage, as for another study than the last one."""
    importlib.import_module("further.decoding.decode").opened.cache_clear()
    run(folder, [f"further.decoding.{name}" for name in STAGES])


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
    run_all(tmp_path / "again")
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
