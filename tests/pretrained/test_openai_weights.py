"""OpenAI's published weights and the reading of a file of weights: nothing that could run code runs unasked."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from random_weights import random_clip, write_archive
from safetensors.torch import save_file

from captioner.encoders.encoder import build_clip
from captioner.encoders.origin import file_digest
from captioner.foundation.errors import InputError
from captioner.pretrained import openai_weights
from captioner.pretrained.openai_weights import cached, is_archive, problem_of_name, published, read_state

import clip  # isort: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """One tiny random CLIP in each form."""
    folder = tmp_path_factory.mktemp("weights")
    state = random_clip("tiny", 1).state_dict()
    torch.save(state, folder / "state.pt")
    save_file(state, folder / "state.safetensors")
    write_archive(random_clip("tiny", 1), folder / "archive.pt")
    return {path.name: path for path in folder.iterdir()}


def read(path, trust=False, name="ViT-B/16"):
    return read_state(path, name, trust, "coco.encoder")


def test_the_table_is_openai_clips_own():
    table = published()
    assert list(table) == clip.available_models()
    for name, (url, sha256) in table.items():
        assert url == clip.clip._MODELS[name] and sha256 in url and len(sha256) == 64
        assert cached(name).name == url.rpartition("/")[2]
    assert problem_of_name("ViT-B/16") is None and "ViT-L/14@336px" in problem_of_name("ViT-B-16")


@pytest.mark.slow
def test_every_form_gives_the_same_model(files):
    own = build_clip(random_clip("tiny", 1).state_dict()).state_dict()
    for name, path in files.items():
        state, origin = read(path, trust=True)
        assert origin.vouched == "a local file" and origin.sha256 == file_digest(path) and origin.kind == "clip"
        built = build_clip(state).state_dict()
        assert built.keys() == own.keys() and all(torch.equal(built[key], own[key]) for key in own), name
    assert {name for name, path in files.items() if is_archive(path)} == {"archive.pt"}


def test_an_unknown_archive_is_not_even_opened_without_trust(files, monkeypatch):
    monkeypatch.setattr(torch.jit, "load", lambda *_, **__: pytest.fail("the archive was opened"))
    with pytest.raises(InputError, match=r"did not publish; loading it can run code.*coco\.encoder\.trust_archive"):
        read(files["archive.pt"])


def test_published_archives_need_no_trust_and_must_be_the_named_model(files, monkeypatch):
    digest = file_digest(files["archive.pt"])
    table = {"ViT-B/16": ("http://x/a/ViT-B-16.pt", digest), "RN50": ("http://x/b/RN50.pt", "0" * 64)}
    monkeypatch.setattr(openai_weights, "published", lambda: table)
    assert read(files["archive.pt"])[1].vouched == "published by OpenAI"
    with pytest.raises(InputError, match=r"weights of ViT-B/16, but coco\.encoder\.name says RN50"):
        read(files["archive.pt"], name="RN50")


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path(self.mark),))


@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_a_pickle_that_runs_code_is_never_executed(tmp_path, form):
    evil = Evil()
    Evil.mark = str(tmp_path / "executed")
    path = tmp_path / "evil.pt"
    if form == "torch":
        torch.save({"text_projection": evil}, path)
    else:
        path.write_bytes(pickle.dumps(evil))
    for trust in (False, True):
        with pytest.raises(InputError, match=r"evil\.pt: cannot be read as the weights"):
            read(path, trust)
    assert not (tmp_path / "executed").exists()
    pickle.loads(pickle.dumps(evil))
    assert (tmp_path / "executed").exists()  # it would have run
