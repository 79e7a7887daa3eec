"""Models that are damaged, mixed up or hostile, a line a case; the table goes on from `test_bad_input`."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from bad_input import (
    DEEP,
    POINTER,
    Act,
    Foreign,
    Place,
    Spoil,
    Table,
    act,
    cut,
    exported,
    loaded,
    manifest,
    safe,
    spoilt_map,
    tensors,
    told,
    written,
)
from conftest import CPU

from captioner.application.portable import Portable
from captioner.bridge.files import load_bridge
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import Encoder, load_encoder
from captioner.encoders.origin import Origin
from captioner.pretrained.openai_weights import read_state

CASES = Table()

FOREIGN = pickle.dumps(Foreign())
PICKLED = written(FOREIGN)


def decoder(folder: Path) -> Decoder:
    return Decoder.load(folder, CPU)


def encoder(folder: Path) -> Encoder:
    return load_encoder(folder, CPU)


def pickled(path: Path) -> None:
    """Weights in torch's own format, with foreign code."""
    path.unlink()
    torch.save({"a": Foreign()}, path.with_name("pytorch_model.bin"))


def mapped(spoil: Spoil) -> Act:
    return act(spoilt_map(spoil), lambda path: load_bridge(path, CPU))


CASES.add("map", "map.safetensors", mapped, {
    "missing": (Path.unlink, "no such map"), "empty": (written(b""), "damaged"), "cut": (cut, "damaged"),
    "a pointer of git-lfs": (written(POINTER), "damaged"), "a foreign pickle": (PICKLED, "damaged"),
    "no header": (tensors(), "no map from image to prefix of format 1"),
    "another format": (safe(format=9), "no map from image to prefix of format 1"),
    "another kind": (safe(kind="x"), "no map from image to prefix of format 1"),
    "the sizes of another kind": (safe(kind="transformer"), "damaged"),
    "heads that do not divide": (safe(kind="transformer", slots=1, layers=1, heads=5), "5 attention heads"),
    "another width": (safe(width=65), "size mismatch"), "a width of a million million": (safe(width=10**12), "damaged"),
    "a width below zero": (safe(width=-1), "damaged"), "a width that is text": (safe(width="x"), "damaged"),
    "a size too much": (safe(slots=1), "damaged"), "no weights": (safe({"x": torch.zeros(1)}), "Missing key"),
    "weights that are NaN": (safe({"mean": torch.full((1,), torch.nan)}), "damaged|no finite"),
})  # fmt: skip
CASES.add("decoder", "decoder", loaded("decoder", "model.safetensors", decoder), {
    "missing weights": (Path.unlink, "no file named model.safetensors"), "empty": (written(b""), "header too small"),
    "cut": (cut, "that can be loaded"), "a pointer of git-lfs": (written(POINTER), "header too large"),
    "a foreign pickle": (PICKLED, "that can be loaded"),
    "foreign code in a pickle": (pickled, "Weights only load failed"),
    "weights of another shape": (tensors(**{"transformer.ln_f.bias": torch.zeros(3)}), "that can be loaded"),
    "a weight missing": (tensors(**{"transformer.ln_f.bias": None}), "no weights for transformer.ln_f.bias"),
})  # fmt: skip
CASES.add("decoder's config.json", "decoder", loaded("decoder", "config.json", decoder), {
    "missing": (Path.unlink, "no config.json"), "no JSON": (written(b"{"), "not JSON"),
    "a list": (written(b"[]"), "that can be loaded"),
    "nested too deep": (written(DEEP), "recursion"), "empty": (written(b"{}"), "that can be loaded"),
    "another width": (told(n_embd=32), "that can be loaded"), "a width that is text": (told(n_embd="x"), "be loaded"),
    "a width below zero": (told(n_embd=-4), "that can be loaded"), "three heads": (told(n_head=3), "divisible"),
    "no stop token": (told(eos_token_id=None), "states no stop token"),
    "no stop tokens": (told(eos_token_id=[]), "states no stop token"),
    "a stop token beyond the vocabulary": (told(eos_token_id=10**6), "states no stop token"),
    "a stop token that is text": (told(eos_token_id="x"), "that can be loaded"),
    "a picture's model": (told(model_type="vit"), "that can be loaded"),
    "foreign code": (told(model_type="x", auto_map={"AutoConfig": "evil.Evil"}), "that can be loaded"),
})  # fmt: skip
CASES.add("tokeniser", "tokenizer.json", loaded("decoder", "tokenizer.json", Vocabulary.load), {
    "missing": (Path.unlink, "no such tokeniser"), "empty": (written(b""), "not JSON"), "cut": (cut, "not JSON"),
    "a pointer of git-lfs": (written(POINTER), "not JSON"), "a list": (written(b"[]"), "of no use"),
    "no model": (written(b"{}"), "of no use"), "an unknown model": (written(b'{"model": {"type": "x"}}'), "of no use"),
    "nested too deep": (written(DEEP), "recursion"),
})  # fmt: skip
CASES.add("encoder", "encoder", loaded("encoder", "model.safetensors", encoder), {
    "missing": (Path.unlink, "no weights here"), "cut": (cut, "not the weights of a CLIP"),
    "a pointer of git-lfs": (written(POINTER), "not the weights"), "a foreign pickle": (PICKLED, "not the weights"),
    "a row for a matrix": (tensors(text_projection=torch.zeros(3)), "not the weights"),
    "a number for a matrix": (tensors(text_projection=torch.zeros(())), "not the weights"),
    "no positions": (tensors(positional_embedding=torch.zeros(0)), "not the weights"),
    "a weight missing": (tensors(**{"ln_final.weight": None}), "not the weights"),
})  # fmt: skip
CASES.add("origin", "origin.json", loaded("encoder", "origin.json", encoder), {
    "missing": (Path.unlink, "no such origin"), "no JSON": (written(b"{"), "not JSON"),
    "a list": (written(b"[]"), "not of format 1"), "nested too deep": (written(DEEP), "recursion"),
    "another format": (told(format=2), "not of format 1"), "numbers for texts": (told(sha256=5), "damaged"),
    "a key too much": (told(extra="x"), "damaged"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
})  # fmt: skip


def hub(config: bytes) -> Spoil:
    """An encoder of transformers whose weights are a foreign pickle."""

    def spoil(path: Path) -> None:
        pickled(path)
        (path.parent / "config.json").write_bytes(config)
        Origin("transformers", "x", "y", "z").write(path.parent)

    return spoil


CASES.add("encoder of transformers", "encoder", loaded("encoder", "model.safetensors", encoder), {
    "foreign code in a pickle": (hub(b'{"model_type": "clip"}'), "no CLIP-like model"),
    "another kind": (hub(b'{"model_type": "bert"}'), "an encoder of the kind 'bert'"),
    "foreign code": (hub(b'{"model_type": "x", "auto_map": {"AutoConfig": "evil.Evil"}}'), "no CLIP-like model"),
    "no JSON": (hub(b"{"), "no CLIP-like model"),
})  # fmt: skip


def of_openai(name: str, make: bytes | Spoil) -> Act:
    return act(lambda at: at.file(name, make), lambda path: read_state(path, "ViT-B/16", True, "coco.encoder"))


def zipped(path: Path) -> None:
    """A zip archive with a broken list of contents."""
    path.write_bytes(b"PK\x05\x06" + b"\1" * 16 + b"\0\0")


CASES.add("weights of OpenAI", "coco.encoder.file", of_openai, {
    "missing": ("x.pt", lambda path: None, "no such file"), "a folder": ("x.pt", Path.mkdir, "no such file"),
    "empty": ("x.pt", b"", "cannot be read"), "a page": ("x.pt", b"<!DOCTYPE html>", "cannot be read"),
    "a pointer of git-lfs": ("x.pt", POINTER, "cannot be read"),
    "a foreign pickle": ("x.pt", FOREIGN, "cannot be read"),
    "foreign code": ("x.pt", lambda path: torch.save({"text_projection": Foreign()}, path), "cannot be read"),
    "a broken archive": ("x.pt", zipped, "cannot be read"),
    "another model": ("x.pt", lambda path: torch.save({"wte": torch.zeros(2)}, path), "no text_projection"),
    "a list": ("x.pt", lambda path: torch.save([1], path), "no text_projection"),
    "cut": ("x.pt", lambda path: (torch.save({"wte": torch.zeros(999)}, path), cut(path)), "cannot be read"),
    "safetensors, empty": ("x.safetensors", b"", "cannot be read"),
    "safetensors, a pointer": ("x.safetensors", POINTER, "cannot be read"),
})  # fmt: skip


def portable(spoil: Spoil) -> Act:
    return act(exported(spoil), lambda folder: Portable.read(folder).examples(3))


def outside(folder: Path) -> None:
    (folder.parent / "x").touch()
    manifest(files={"../x": "", "projection.safetensors": ""})(folder)


def inside(name: str, spoil: Spoil) -> Spoil:
    return lambda folder: spoil(folder / name)


CASES.add("exported model", "tiny", portable, {
    "another format": (manifest(format=99), "of format 99"), "no manifest": (inside("model.json", Path.unlink),
    "no exp"),
    "no JSON": (inside("model.json", written(b"{")), "not JSON"), "deep": (inside("model.json", written(DEEP)),
    "recurs"),
    "a list": (inside("model.json", written(b"[]")), "damaged"), "other settings": (manifest(settings={}), "damaged"),
    "scores that are NaN": (manifest(scores=[1.0, float("nan")]), "no finite numbers"),
    "no backbones": (manifest(backbones={}), "not the three backbones"), "no files": (manifest(files={}),
    "names no proj"),
    "a file outside": (outside, "a file outside of the model"),
    "another projection": (inside("projection.safetensors", written(b"x")), "not the file that was exported"),
    "a missing file": (inside("decoder/tokenizer.json", Path.unlink), "missing from the model"),
    "a mixed file": (inside("decoder/config.json", written(b"{}")), "not the file that was exported"),
    "a file too much": (inside("decoder/pytorch_model.bin", PICKLED), "does not belong to the model"),
})  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_error_names_it_and_no_foreign_code_is_run(name, study, captioner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    CASES.refused(name, Place(tmp_path, study, captioner))
