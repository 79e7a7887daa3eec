"""GGUF files: what is unpacked is what gguf itself unpacks, and computes what the model that was packed computes."""

from __future__ import annotations

import importlib.util
import json

import pytest
import torch
from conftest import CPU
from gguf import GGMLQuantizationType, quants
from tiny_gguf import HEADED, LAYERS, NAMES, halved, tensors, tiny_llama, write_gguf

from captioner import requirements
from captioner.captioning.generation import greedy
from captioner.captioning.loading import load_decoder
from captioner.config.decoder import GgufDecoder
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.origin import Origin, file_digest
from captioner.foundation.errors import InputError
from captioner.pretrained import gguf_source
from captioner.pretrained.backbones import pretrained_decoder

F32, Q4_1, Q8_0 = GGMLQuantizationType.F32, GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0


@pytest.fixture(scope="module")
def model(vocabulary):
    return tiny_llama(vocabulary)


def section(path, sha256=""):
    return GgufDecoder(source="gguf", file=str(path), sha256=sha256)


@pytest.fixture
def packed(tmp_path, model, vocabulary):
    """Writes the tiny Llama's file and makes a decoder of it."""

    def make(kind, **changes):
        path = tmp_path / "tiny.gguf"
        write_gguf(path, model, vocabulary, kind, **changes)
        pretrained_decoder(section(path), tmp_path / "decoder", "coco.decoder")
        return tmp_path / "decoder"

    return make


def test_the_decoder_computes_what_the_packed_model_computes(packed, model, vocabulary):
    decoder = Decoder.load(packed(F32), CPU)
    ids = torch.tensor(vocabulary.encode(["A red car stands in front of a house."]))
    with torch.inference_mode():
        wanted = model(ids).logits
        got = decoder.logits(decoder.hidden(decoder.table(ids)))
    torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-5)
    assert not any(parameter.requires_grad for parameter in decoder.model.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Q4_1, Q8_0], ids=["Q4_1", "Q8_0"])
def test_quantised_weights_are_those_that_gguf_unpacks(packed, model, kind):
    state = Decoder.load(packed(kind), CPU).model.state_dict()
    found = tensors(model)
    for layer in range(LAYERS):
        for theirs, name in NAMES.items():
            weight = found[f"blk.{layer}.{name}.weight"]
            if weight.ndim > 1:
                weight = quants.dequantize(quants.quantize(weight, kind), kind)
            weight = halved(weight, HEADED[name]) if name in HEADED else weight
            assert torch.equal(state[f"model.layers.{layer}.{theirs}.weight"], torch.from_numpy(weight.copy())), name
    table = quants.dequantize(quants.quantize(found["token_embd.weight"], kind), kind)
    assert torch.equal(state["model.embed_tokens.weight"], torch.from_numpy(table))
    assert torch.equal(state["lm_head.weight"], state["model.embed_tokens.weight"])
    assert not torch.equal(state["model.embed_tokens.weight"], model.state_dict()["model.embed_tokens.weight"])


def test_captions_of_the_decoder_are_those_of_generate(packed, model, vocabulary):
    folder = packed(F32)
    decoder, words = load_decoder(folder, CPU), Vocabulary.load(folder)
    prompt = "A photo of"
    prefix = torch.zeros(1, 0, decoder.width)
    (caption,) = greedy(decoder, words, prefix, prompt, 12)
    ids = torch.tensor([vocabulary.prompt(prompt)])
    wanted = model.generate(ids, max_new_tokens=12, do_sample=False, pad_token_id=vocabulary.stop)[0].tolist()
    assert caption.text_with_prompt == words.text(wanted[: len(ids[0]) + caption.tokens])


def test_the_tokeniser_is_the_packed_one(packed, vocabulary, documents):
    words = Vocabulary.load(packed(Q8_0))
    texts = [*documents[:30], "<|endoftext|> is only text", "Ünï, 12.5 and 这"]
    assert words.encode(texts) == vocabulary.encode(texts) and words.stop == vocabulary.stop
    assert [words.text(ids) for ids in words.encode(texts)] == [" ".join(text.split(" ")).strip() for text in texts]


@pytest.mark.slow
def test_origin_and_licence_are_kept(packed, tmp_path):
    folder = packed(Q4_1)
    origin = Origin.read(folder)
    assert origin == Origin("causal", "tiny", file_digest(tmp_path / "tiny.gguf"), "a local file")
    told = json.loads((folder / "gguf.json").read_text(encoding="utf-8"))
    assert told["licence"] == "apache-2.0" and told["organisation"] == "Nobody" and told["architecture"] == "llama"
    assert told["types"] == {"F32": 2 * LAYERS + 1, "Q4_1": 7 * LAYERS + 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"without": "blk.1.ffn_up.weight"}, "no weights for model.layers.1.mlp.up_proj.weight"),
        ({"architecture": "unheard-of"}, "architecture unheard-of"),
        ({"stop": None}, "states no stop token"),
    ],
)
def test_files_that_hold_no_usable_model_are_named(packed, changes, told):
    with pytest.raises(InputError, match=told):
        packed(F32, **changes)


def test_bad_files_are_one_error(tmp_path, model, vocabulary):
    good, other = tmp_path / "tiny.gguf", tmp_path / "other.gguf"
    write_gguf(good, model, vocabulary, Q8_0)
    other.write_bytes(good.read_bytes()[:5000])
    (tmp_path / "text.gguf").write_text("no model", encoding="utf-8")
    cases = [
        (section(tmp_path / "none.gguf"), r"decoder\.file: .*none\.gguf is not there"),
        (section("tiny.gguf"), "absolute path"),
        (section(tmp_path), r"decoder\.file: .* is not there"),
        (section(tmp_path / "text.gguf"), "is no GGUF file"),
        (section(good, "0" * 64), r"decoder\.sha256: .*another file"),
        (section(other), "damaged GGUF file"),
    ]
    for config, told in cases:
        with pytest.raises(InputError, match=told) as caught:
            pretrained_decoder(config, tmp_path / "decoder", "coco.decoder")
        assert "coco.decoder" in str(caught.value) or "gguf" in str(caught.value)
        assert not (tmp_path / "decoder").exists()
    pretrained_decoder(section(good, file_digest(good)), tmp_path / "decoder", "coco.decoder")


def test_check_names_what_is_missing(tmp_path, monkeypatch, model, vocabulary):
    good = tmp_path / "tiny.gguf"
    write_gguf(good, model, vocabulary, Q8_0)
    assert requirements.problems({"coco.decoder": section(good)}) == []
    assert requirements.positions(section(good)) is None
    (problem,) = requirements.problems({"coco.decoder": section(tmp_path / "none.gguf")})
    assert problem.startswith("coco.decoder.file: ")
    monkeypatch.setattr(gguf_source, "find_spec", lambda name: importlib.util.find_spec("no_such_" + name))
    (problem,) = requirements.problems({"coco.decoder": section(good)})
    assert "package gguf, which is not installed" in problem and "requirements.txt" in problem
