"""What is told of a model of another kind, or of one that cannot be had, before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import huggingface_hub
import pytest
from random_captioners import TEMPLATES, write

from captioner.downloads import hub
from captioner.foundation.errors import InputError
from captioner.vision_language import kinds

TEXTS = ["A red dog on a street."]


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    return {kind: write(kind, tmp_path_factory.mktemp("kinds") / kind, TEXTS) for kind in ("git", "llava", "blip2")}


def refusal(name: str, template: str = "{prompt}") -> str:
    with pytest.raises(InputError) as caught:
        kinds.check(name, "main", template, "captioners.other")
    told = str(caught.value)
    assert told.startswith("captioners.other.") and "\n" not in told
    return told


@pytest.mark.parametrize("kind", ["git", "llava", "blip2"])
def test_good_folders_pass(kind, folders):
    kinds.check(str(folders[kind]), "main", TEMPLATES[kind], "captioners.other")


def test_folders_that_are_none_are_named(folders, tmp_path, monkeypatch):
    assert "no folder of a model (no config.json)" in refusal("/nowhere/git")
    monkeypatch.chdir(folders["git"].parent)
    assert "should be an absolute path" in refusal("git")
    (tmp_path / "config.json").write_text('{"model_type": "git"}')
    assert "no .safetensors weights" in refusal(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"")
    kinds.check(str(tmp_path), "main", "{prompt}", "captioners.other")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    assert "of the kind 'gpt2'" in refusal(str(tmp_path))
    (tmp_path / "config.json").write_text("[]")
    assert "of the kind None" in refusal(str(tmp_path))


def test_a_template_without_the_place_of_the_picture_is_refused(folders):
    assert "wants <image> where the picture goes" in refusal(str(folders["llava"]))


def test_a_model_on_the_hub_that_is_not_reached_is_told_with_the_cure():
    told = refusal("nobody/nothing")
    assert "nobody/nothing cannot be fetched" in told and "set captioners.other.name to its absolute path" in told


def test_a_model_on_the_hub_is_looked_at_by_its_list_of_files_and_its_configuration(tmp_path, monkeypatch):
    files, kind, asked = ["model.safetensors", "config.json"], "git", []

    def download(name: str, file: str, revision: str) -> str:
        asked.append((name, file, revision))
        (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
        return str(tmp_path / "config.json")

    monkeypatch.setattr(hub, "cached", lambda name, revision: None)
    monkeypatch.setattr(hub, "probe", lambda name, revision, parameter: files)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    kinds.check("x/tiny", "main", "{prompt}", "captioners.other")
    assert asked == [("x/tiny", "config.json", "main")]
    kind = "bert"
    assert "of the kind 'bert'" in refusal("x/tiny")
    files.remove("model.safetensors")
    assert "no .safetensors weights" in refusal("x/tiny")
