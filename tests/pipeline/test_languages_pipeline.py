"""The captioner in several languages on a tiny study: its stages from the captions to the figures."""

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
from tiny_study import run

from captioner.application.project import Project
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.errors import InputError
from captioner.languages.known import LANGUAGES
from captioner.languages.tokens import shared_vocabulary, token_table
from captioner.report import language_wording
from captioner.report.fonts import fallback
from captioner.world.language import references
from stages import settings

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # a tiny study first
STAGES = YAML(typ="safe", pure=True).load((ROOT / "further/languages/dvc.yaml").read_text(encoding="utf-8"))["stages"]
OWN = {
    "spoken": {
        "prompts": {"en": ["A photo of"], "de": ["Ein Foto von", "Dieses Bild zeigt"], "zh": ["这张照片里有"]},
        "max_new_tokens": 10, "examples": 2,
    },
    "corpus": {"mixed": 0.3},
    "decoder": {
        "source": "trained", "documents": 150, "sentences": 2, "tied": 0.5, "vocabulary": 700, "width": 16, "layers": 1,
        "positions": 128, "steps": 6, "batch_size": 4, "sequence": 16, "learning_rate": 0.005, "warmup": 0.1,
        "weight_decay": 0.0,
    },
    "maps": {"epochs": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def spoken(study, scenes, tmp_path_factory) -> Path:
    """The tiny study with what the languages open, and every stage run."""
    folder = tmp_path_factory.mktemp("spoken") / "study"
    shutil.copytree(study, folder)
    project = Project(folder)
    ids = {"train": list(range(100, 120)), "val": list(range(200, 204)), "test": list(range(9)), "novel": [300, 301]}
    keys = [key for several in ids.values() for key in several]
    drawn = dict(zip(keys, scenes, strict=False))
    project.path("facts").write_text(json.dumps({str(key): scene.to_json() for key, scene in drawn.items()}))
    held_out = {"colours": [["car", "red"]], "settings": [["dog", "park"]]}
    project.path("split").write_text(json.dumps({"splits": ids, "held_out": held_out}), encoding="utf-8")
    project.path("checked").touch()
    vectors = torch.randn(len(keys), 16, generator=torch.Generator().manual_seed(4))
    Embeddings(keys, torch.nn.functional.normalize(vectors, dim=-1)).save(project.path("embeddings"))
    params = YAML().load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["compare"].update(resamples=100)
    params["scenes"]["projection"].update(batch_size=8, prefix_length=3)
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)
    (folder / "further/languages/metrics").mkdir(parents=True)
    with (folder / "further/languages/params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(OWN, file)
    run(folder, [f"further.languages.{name}" for name in STAGES if name != "report"])
    return folder


@pytest.fixture
def inside(spoken, monkeypatch):
    """Runs a stage in the tiny study's folder, in this process."""
    monkeypatch.chdir(spoken)
    settings.document.cache_clear()
    yield lambda name: importlib.import_module(f"further.languages.{name}").main()
    settings.document.cache_clear()


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "further/languages" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_captions_are_the_study_s_in_every_form(spoken, scenes):
    told = json.loads((spoken / "data/further/languages/captions.json").read_text(encoding="utf-8"))
    assert set(told) == {"en/", "de/nominative", "de/dative", "de/accusative", "zh/"}
    facts = json.loads((spoken / "data/facts.json").read_text())
    seed = YAML(typ="safe").load((spoken / "params.yaml").read_text())["seed"]
    for key, texts in told["en/"].items():
        scene = next(scene for scene in scenes if scene.to_json() == facts[key])
        assert texts == references(scene, random.Random(f"{seed}/captions/{key}"), len(texts))
    counts = {len(texts) for several in told.values() for texts in several.values()}
    assert len(counts) == 1
    number = re.compile(r"\b(eine?[nmr]?|zwei|drei)\b")
    assert told["de/dative"] != told["de/nominative"]
    for key, texts in told["de/dative"].items():  # the same draws: the same words in another case
        for text, other in zip(texts, told["de/nominative"][key], strict=True):
            assert len(number.findall(text.lower())) == len(number.findall(other.lower()))


def test_every_map_speaks_after_every_prompt(spoken):
    rows = rows_of(spoken, "results.csv")
    prompts = ["", *(text for several in OWN["spoken"]["prompts"].values() for text in several)]
    assert {(row["split"], row["map"], row["prompt"]) for row in rows} == {
        (split, name, prompt) for split in ("test", "novel") for name in ("all", *LANGUAGES) for prompt in prompts
    }
    for row in rows:
        assert sum(float(row[code]) for code in (*LANGUAGES, "mixed")) == pytest.approx(1)
        wanted = next((c for c, several in OWN["spoken"]["prompts"].items() if row["prompt"] in several), None)
        if wanted or row["map"] != "all":
            assert row["language"] == (wanted or row["map"])
        if row["map"] == row["language"]:
            assert float(row["difference"]) == 0
    examples = rows_of(spoken, "examples.csv")
    assert len(examples) == 2 * 4 * len(prompts) and {row["image_id"] for row in examples} == {"0", "1"}
    assert not list((spoken / ".checkpoints").glob("languages-*"))


@pytest.mark.skipif(fallback() is None, reason="no font for Chinese is installed: apt-get install fonts-droid-fallback")
def test_the_section_has_its_numbers_and_figures(spoken, inside):
    inside("report")
    section = (ROOT / "paper/further/languages.tex").read_text(encoding="utf-8")
    folder = spoken / "paper/generated/further/languages"
    wanted = set(re.findall(r"\\result\{(languages\.[a-z]+)\}", section))
    assert wanted == set(re.findall(r"result@(languages\.[a-z]+)\\", (folder / "numbers.tex").read_text("utf-8")))
    assert {path.stem for path in folder.glob("*.pdf")} == set(re.findall(r"further/languages/(\w+)\}", section)) - {
        "numbers", "tables",
    }  # fmt: skip
    assert r"\newcommand{\languagetable}" in (folder / "tables.tex").read_text(encoding="utf-8")
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    inside("report")
    assert written == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_prompt_that_the_grammar_does_not_know_is_one_error(spoken, inside):
    path = spoken / "further/languages/params.yaml"
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept.replace("Ein Foto von", "Ein Gedicht auf"), encoding="utf-8")
    settings.document.cache_clear()
    try:
        with pytest.raises(InputError, match=r"spoken.prompts.de: 'Ein Gedicht auf' is no opening of German's grammar"):
            inside("captions")
    finally:
        path.write_text(kept, encoding="utf-8")


def test_photographs_are_told_in_one_language(spoken, inside):
    path = spoken / "params.yaml"
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept.replace("study: scenes", "study: coco"), encoding="utf-8")
    settings.document.cache_clear()
    try:
        with pytest.raises(InputError, match="set study: scenes"):
            inside("captions")
    finally:
        path.write_text(kept, encoding="utf-8")


@pytest.fixture(scope="module")
def shared(scenes) -> Vocabulary:
    rng = random.Random(3)
    return shared_vocabulary(
        [language.document(scene, rng, 3, 0.5) for scene in scenes[:150] for language in LANGUAGES.values()], 900
    )


@pytest.mark.parametrize("code", LANGUAGES)
def test_prompt_and_caption_are_the_tokens_of_their_text(shared, scenes, code):
    """As a document has them: no token reaches over the end of a prompt, with a blank there or without."""
    language, rng = LANGUAGES[code], random.Random(code)
    captions = {key: [language.phrase(scene, "plain", rng) for _ in range(2)] for key, scene in enumerate(scenes[:30])}
    table = token_table(captions, shared, language)
    for opening in filter(None, language.openings):
        for key, several in captions.items():
            for which, text in enumerate(several):
                whole = shared.encode([f"{opening}{language.blank}{text}"])[0]
                assert [*shared.prompt(opening), *table.caption(key, which, "continued")] == whole
                assert shared.text(whole) == f"{opening}{language.blank}{text}"


def result(split: str, name: str, prompt: str, language: str, **shares: float) -> dict[str, str]:
    row = {"split": split, "map": name, "prompt": prompt, "language": language, "cider": 1.0, "cider_low": 0.9,
           "cider_high": 1.1, "cider_shuffled": 0.1, "difference": -0.5, "difference_low": -0.6, "recall": 0.4,
           "difference_high": -0.4, "precision": 0.5, "en": 0.0, "de": 0.0, "zh": 0.0, "mixed": 0.0}  # fmt: skip
    return {key: str(value) for key, value in {**row, **shares}.items()}


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        (({"de": 1.0}, {"en": 1.0}), "The prompt decides"), (({"en": 1.0}, {"de": 1.0}), "The map decides"),
        (({"mixed": 1.0}, {"mixed": 1.0}), "Neither prompt nor map"), (({"de": 0.5}, {"en": 0.5}), "both have a say"),
    ],
)  # fmt: skip
def test_sentences_follow_the_result(shares, verdict):
    names = {"en": "English", "de": "German"}
    rows = [
        result("test", "en", "Ein Foto von", "de", **shares[0]),
        result("test", "de", "A photo of", "en", **shares[1]),
    ]
    rows += [result("test", code, prompt, code) for code, prompt in (("en", "A photo of"), ("de", "Ein Foto von"))]
    assert verdict in language_wording.decides(rows, names)
    assert "every pair scores above" in language_wording.image(rows, names)
    blind = [{**row, "cider_shuffled": "0.95"} for row in rows]
    assert "no pair scores above" in language_wording.image(blind, names)
    one = [blind[0], *rows[1:]]
    assert "in 1 of 2 pairs" in language_wording.image(one, names)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.2, -0.1, "costs something"), (-0.1, 0.1, "does not tell apart"), (0.1, 0.2, "is nowhere worse")],
)
def test_one_map_for_all_is_judged_by_intervals(low, high, verdict):
    rows = [result("test", "all", "A photo of", "en", difference_low=low, difference_high=high)]
    assert verdict in language_wording.together(rows, {"en": "English"})
