"""Parameters: strict types, no unknown key, no default, ranges; every fault is named by section and key."""

import copy
import math
import os

import pytest
from conftest import LANGUAGE, SIGHT

from captioner.config.arms import PatchBridgeConfig, PatchesConfig
from captioner.config.caption import CaptionConfig
from captioner.config.captioners import CaptionerConfig
from captioner.config.compare import CompareConfig, EquivalenceConfig
from captioner.config.controls import ControlsConfig
from captioner.config.data import CocoData, DrawnData, TableData
from captioner.config.decoder import GgufDecoder, PackagedDecoder, PretrainedDecoder, TrainedDecoder
from captioner.config.embed import EmbedConfig
from captioner.config.encoder import ENCODERS, OpenAIEncoder, TrainedEncoder, TransformersEncoder
from captioner.config.judge import OpenAIJudge, SameJudge, TransformersJudge
from captioner.config.mappers import MappersConfig
from captioner.config.pretrained import ImagesConfig, ProbesConfig
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.config.score import ScoreConfig
from captioner.config.split import DrawnSplit, GivenSplit
from captioner.foundation.errors import InputError, listed
from stages import settings

TRAINING = {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "warmup": 0.1, "weight_decay": 0.0}
OPENAI = {"source": "openai", "name": "ViT-B/16", "file": "", "trust_archive": False}
HUB = {"source": "transformers", "name": "x/clip", "revision": "main"}
JUDGED = {"batch_size": 1, "dtype": "float32"}
SECTIONS = {  # each kind of section: values that are fine, and values that are out of range
    CaptionConfig: (
        {"max_new_tokens": 30, "batch_size": 1, "dtype": "float32", "graphs": True},
        {"max_new_tokens": [0, 513], "batch_size": [0], "dtype": ["float64"], "graphs": ["yes", 1]},
    ),
    CaptionerConfig: (
        {"name": "x/git", "revision": "main", "template": "{prompt}", "batch_size": 1, "dtype": "float32"},
        {"name": [""], "template": ["A photo of", "{prompt}{prompt}", "\ud800{prompt}"], "batch_size": [0],
         "dtype": ["int8"]},
    ),
    ScoreConfig: ({"words": "jieba"}, {"words": ["ptb", "", 1]}),
    EmbedConfig: ({"batch_size": 1, "dtype": "bfloat16"}, {"batch_size": [0], "dtype": ["half"]}),
    CompareConfig: (
        {
            "resamples": 100, "permutations": 100, "confidence": 0.95, "exponents": {"whole": 1.0}, "collapse": 0.1,
            "groups": {"x": "unrelated"},
        },
        {
            "resamples": [99], "permutations": [99], "confidence": [0.0, 1.0, math.nan], "exponents": [{}, {"x": -1.0}],
            "collapse": [0.0, 1.1],
        },
    ),
    PatchesConfig: ({"grid": 0}, {"grid": [-1, 1.5]}),
    PatchBridgeConfig: (
        {"bridge": "pooled", "prefix_length": 1}, {"bridge": ["mean", 1], "prefix_length": [0, 1025]},
    ),
    ControlsConfig: ({"derangements": 5}, {"derangements": [0]}),
    MappersConfig: (
        {"mlp_learning_rate": 0.1, "transformer_learning_rate": 0.1, "slots": 1, "layers": 1, "heads": 1},
        {
            "mlp_learning_rate": [0.0], "transformer_learning_rate": [-1.0, math.nan], "slots": [0], "layers": [0],
            "heads": [0],
        },
    ),
    EquivalenceConfig: ({"cider": 0.1, "clip_score": 1.5}, {"cider": [0.0, -1.0], "clip_score": [0.0, math.inf]}),
    DrawnData: (
        {"source": "drawn", "train_images": 1, "test_images": 1, "picture_size": 32, "references": 6},
        {"source": ["coco"], "train_images": [0], "test_images": [-1], "picture_size": [31, 513], "references": [0, 7]},
    ),
    CocoData: (
        {
            "source": "coco", "folder": "/coco", "train_captions": "a.json", "train_folder": "a", "test_captions": "b",
            "test_folder": "b", "train_images": 0, "test_images": 0, "karpathy": "", "on_bad_image": "stop",
        },
        {"source": ["drawn"], "train_images": [-1], "test_images": [-1], "on_bad_image": ["ignore"]},
    ),
    TableData: (
        {
            "source": "table", "file": "/t.csv", "folder": "/t", "train_images": 0, "test_images": 2,
            "on_bad_image": "skip",
        },
        {"source": ["coco"], "train_images": [-1], "test_images": [0], "on_bad_image": ["ignore"]},
    ),
    TrainedDecoder: (
        LANGUAGE,
        {
            "tied": [-0.1, 1.1], "vocabulary": [256], "width": [7, 9], "layers": [0], "positions": [31], "steps": [0],
            "sequence": [7], "learning_rate": [0.0, math.inf], "warmup": [1.0, -0.1], "weight_decay": [-1.0],
        },
    ),
    PretrainedDecoder: ({"source": "transformers", "name": "gpt2", "revision": "main"}, {"source": ["trained"]}),
    GgufDecoder: (
        {"source": "gguf", "file": "/m.gguf", "sha256": ""}, {"source": ["transformers"], "sha256": ["a", "G" * 64]},
    ),
    PackagedDecoder: (
        {
            "source": "gguf_package", "package": "a-model", "version": "0.1.2", "wheel_sha256": "a" * 64,
            "member": "a/b.gguf", "sha256": "0" * 64,
        },
        {
            "source": ["gguf"], "package": ["", "--index-url", "a b"], "version": ["", "x", "1 2"],
            "wheel_sha256": ["", "a"], "member": [""], "sha256": ["", "A" * 64],
        },
    ),
    ProbesConfig: (
        {"sentences": ["It rains.", "It snows."], "openings": ["It"], "tokens": 3},
        {"sentences": [["It rains."]], "openings": [[]], "tokens": [0]},
    ),
    ImagesConfig: (
        {"train": 1, "val": 1, "test": 2, "novel": 2}, {"train": [0], "val": [0], "test": [1], "novel": [1]},
    ),
    TrainedEncoder: (
        SIGHT,
        {
            "resolution": [16, 48], "width": [1], "embedding": [7], "context": [7, 78], "text_width": [32, 100],
            "batch_size": [1], "crop": [-1, 17], "steps": [0], "text_layers": [0],
        },
    ),
    OpenAIEncoder: (OPENAI, {"source": ["trained"]}),
    TransformersEncoder: (HUB, {"source": ["openai"]}),
    SameJudge: ({"source": "encoder", **JUDGED}, {"source": ["openai"], "batch_size": [0], "dtype": ["int8"]}),
    OpenAIJudge: ({**OPENAI, **JUDGED}, {"source": ["encoder"], "batch_size": [0], "dtype": ["int8"]}),
    TransformersJudge: ({**HUB, **JUDGED}, {"source": ["encoder"], "batch_size": [0], "dtype": ["int8"]}),
    ProjectionConfig: (
        {
            **TRAINING, "seeds": 1, "prefix_length": 4, "standardise": True, "prefix_norm": 1.0, "start": "ridge",
            "ridge": 0.1, "stop_token": True, "prompts": {"none": ""},
        },
        {"seeds": [0], "start": ["zero"], "ridge": [0.0], "prefix_length": [0, 65], "prefix_norm": [0.0],
         "prompts": [{}, {"1st": "x"}, {"a b": "x"}, {"": "x"}]},
    ),
    FinetuneConfig: (TRAINING, {"epochs": [0], "batch_size": [0], "learning_rate": [-1.0], "weight_decay": [-0.1]}),
    RuntimeConfig: (
        {"threads": 2, "device": "auto", "dtype": "float32"},
        {"threads": [0, 257], "device": ["gpu", "cuda:", "cpu0"], "dtype": ["float64"]},
    ),
    GivenSplit: ({"source": "given", "val": 2}, {"source": ["drawn"], "val": [1]}),
    DrawnSplit: (
        {"source": "drawn", "train": 1, "val": 2, "test": 2, "novel": 0, "held_out_colours": 0, "held_out_settings": 0},
        {"train": [0], "val": [1], "test": [1], "novel": [-1, 1], "held_out_colours": [-1], "held_out_settings": [-1]},
    ),
}  # fmt: skip
KINDS = pytest.mark.parametrize("kind", SECTIONS, ids=lambda kind: kind.__name__)


def refusal(kind, values):
    with pytest.raises(InputError) as caught:
        settings.validated(kind, values, "scenes.part")
    return str(caught.value)


@KINDS
def test_good_values_are_taken_as_they_are_and_stay(kind):
    values = SECTIONS[kind][0]
    section = settings.validated(kind, copy.deepcopy(values), "scenes.part")
    assert vars(section) == values
    with pytest.raises(AttributeError):
        setattr(section, next(iter(values)), 1)


@KINDS
def test_missing_and_unknown_keys_are_named(kind):
    values = SECTIONS[kind][0]
    for key in values:
        assert f"scenes.part.{key}: " in refusal(kind, {k: v for k, v in values.items() if k != key})
    assert "scenes.part.typo: " in refusal(kind, {**values, "typo": 1})


@KINDS
def test_wrong_types_are_named(kind):
    """No value is bent to fit: no text for a number, no bool for a number, no number for a text or a bool."""
    values = SECTIONS[kind][0]
    wrong = {
        bool: [1, "yes"],
        int: ["1", True, 2.5],
        float: ["1", True],
        str: [1, True],
        dict: ["x", {"a": None}],
        list: ["x", [None]],
    }
    for key, value in values.items():
        for other in (None, {} if isinstance(value, list) else [], *wrong[type(value)]):
            assert f"scenes.part.{key}" in refusal(kind, {**values, key: other}), (key, other)


@KINDS
def test_values_out_of_range_are_named(kind):
    values, outside = SECTIONS[kind]
    for key, wrong in outside.items():
        for value in wrong:
            assert f"scenes.part.{key}" in refusal(kind, {**values, key: value}), (key, value)


def test_all_faults_are_told_at_once():
    message = refusal(
        CaptionConfig, {"max_new_tokens": 0, "batch_size": "x", "typo": 3, "dtype": "float32", "graphs": True}
    )
    assert all(f"scenes.part.{key}: " in message for key in ("max_new_tokens", "batch_size", "typo"))
    assert "'x'" in message


@pytest.mark.parametrize("value", [None, [], "text", {1: 2}])
def test_what_is_no_section_is_refused(value):
    assert "scenes.part" in refusal(CaptionConfig, value)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project to write params.yaml and paths.yaml into, with nothing remembered of another one."""
    monkeypatch.chdir(tmp_path)
    settings.document.cache_clear()
    monkeypatch.setattr(settings, "_used", {})
    yield tmp_path
    settings.document.cache_clear()


def test_parameters_of_the_chosen_study(project):
    text = "study: two\nseed: 4\nprompts: {a: x, b: no}\n"
    text += "two:\n  caption: {max_new_tokens: 5, batch_size: 6, dtype: float32, graphs: false}\n"
    (project / "params.yaml").write_text(text)
    assert settings.study() == "two" and settings.shared("seed") == 4
    assert settings.shared("prompts") == {"a": "x", "b": "no"}  # YAML 1.2: no is a text
    assert settings.section("caption", CaptionConfig) == CaptionConfig(
        max_new_tokens=5, batch_size=6, dtype="float32", graphs=False
    )
    with pytest.raises(InputError, match=r"two\.split is missing"):
        settings.section("split", DrawnSplit)
    with pytest.raises(InputError, match=r"prompts\.c is missing"):
        settings.shared("prompts.c")


@pytest.mark.parametrize("content", [None, b"a: [", b"\xff\xfe\xff", b"- 1", b"", b"a: 1\na: 2\n"])
def test_bad_files_of_parameters_are_named(project, content):
    if content is not None:
        (project / "params.yaml").write_bytes(content)
    with pytest.raises(InputError, match=r"params\.yaml"):
        settings.shared("seed")


def test_a_missing_study_is_named(project):
    (project / "params.yaml").write_text("seed: 1\n")
    with pytest.raises(InputError, match="study"):
        settings.section("caption", CaptionConfig)


def test_sources_must_exist_and_targets_appear_whole(project):
    (project / "paths.yaml").write_text("path: {thing: data/thing.json}\n")
    with pytest.raises(InputError, match=r"data/thing\.json"):
        settings.source("thing")
    with pytest.raises(RuntimeError), settings.target("thing") as path:
        path.write_text("half")
        raise RuntimeError
    with pytest.raises(InputError):
        settings.source("thing")
    with settings.target("thing") as path:
        settings.write_json(path, {"b": (1, 0.1 + 0.2), "a": {2: None}})
    assert settings.source("thing").read_text() == '{\n "a": {\n  "2": null\n },\n "b": [\n  1,\n  0.3\n ]\n}\n'


def test_checkpoints_are_keyed_by_parameters_and_inputs(project):
    """A state is taken up again by the same training only: any change of what was read gives another folder."""
    (project / "params.yaml").write_text("study: one\nseed: 1\nother: 5\n")
    (project / "paths.yaml").write_text("path: {thing: thing, folder: folder}\n")
    (project / "thing").write_text("a")
    (project / "folder").mkdir()
    (project / "folder" / "x").write_text("a")

    def folder(name="train"):
        settings.document.cache_clear()
        settings._used.clear()
        settings.shared("seed")
        settings.source("thing")
        settings.source("folder")
        return settings.checkpoint_folder(name)

    first = folder()
    (project / "params.yaml").write_text("study: one\nseed: 1\nother: 6\n")
    assert folder() == first and folder("another") != first
    (project / "params.yaml").write_text("study: one\nseed: 2\nother: 6\n")
    second = folder()
    (project / "thing").write_text("b")
    third = folder()
    (project / "folder" / "x").write_text("b")
    assert len({first, second, third, folder()}) == 4


def test_bad_input_ends_a_stage_with_one_message():
    def stage(value):
        raise InputError(f"file.csv: {value}")

    with pytest.raises(SystemExit) as caught:
        settings.run(stage, "broken", checked=False)
    assert caught.value.code == "error: file.csv: broken"
    with pytest.raises(ZeroDivisionError):
        settings.run(lambda: 1 / 0, checked=False)


def test_long_lists_of_problems_are_cut():
    assert listed(["a", "b"]) == "  a\n  b"
    assert listed([str(n) for n in range(8)], most=3).splitlines() == ["  0", "  1", "  2", "  ... and 5 more"]


def test_a_section_of_several_kinds_is_chosen_by_its_source(project):
    (project / "params.yaml").write_text(
        "study: one\none:\n  encoder: {source: openai, name: RN50, file: '', trust_archive: true}\n"
        "  judge: {source: x}\n"
    )
    assert settings.section("encoder", ENCODERS) == OpenAIEncoder(
        source="openai", name="RN50", file="", trust_archive=True
    )
    with pytest.raises(InputError, match=r"one\.judge\.source: 'x' is none of trained, openai, transformers"):
        settings.section("judge", ENCODERS)


def test_what_interrupted_runs_left_is_forgotten_by_name(project):
    for name in ("embed-1", "embed-2", "embed_other-1"):
        (project / ".checkpoints" / name).mkdir(parents=True)
    settings.forget("embed")
    assert [path.name for path in (project / ".checkpoints").iterdir()] == ["embed_other-1"]


def test_a_store_is_keyed_by_values_and_by_the_content_of_files(project):
    file = project / "map"
    file.write_text("a")
    first = settings.store("captions", file, [1, 2], "A photo of")
    assert first == settings.store("captions", file, [1, 2], "A photo of")
    others = {
        settings.store("captions", file, [1, 2], "A photo"), settings.store("captions", file, [2, 1], "A photo of"),
        settings.store("other", file, [1, 2], "A photo of"),
    }  # fmt: skip
    file.write_text("b")
    others.add(settings.store("captions", file, [1, 2], "A photo of"))
    assert len({first, *others}) == 5


def test_of_a_store_the_folders_used_last_stay(project):
    folders = [settings.store("captions", number) for number in range(4)]
    for age, folder in enumerate(folders):
        folder.mkdir(parents=True)
        os.utime(folder, (1000 + age, 1000 + age))
    (project / ".checkpoints" / "project-1").mkdir()
    assert settings.store("captions", 0) == folders[0]  # used again
    settings.prune("captions", most=2)
    assert [folder.is_dir() for folder in folders] == [True, False, False, True]
    assert (project / ".checkpoints" / "project-1").is_dir()
    settings.prune("captions", most=5)
    assert folders[3].is_dir()
