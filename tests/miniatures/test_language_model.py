"""The miniature GPT-2: learns, is saved for transformers to load, and goes on after a break as if there was none."""

import math

import pytest
import torch
from conftest import CPU, LANGUAGE, Interrupting, Interruption
from transformers import AutoTokenizer, GPT2LMHeadModel

from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.errors import InputError
from captioner.miniatures import language_model
from captioner.miniatures.language_model import save_decoder, train_decoder


@pytest.fixture(scope="module")
def short(language):
    return type(language)(**{**LANGUAGE, "steps": 7, "width": 16, "layers": 1})


def equal(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@torch.no_grad()
def test_training_teaches_the_language(decoder, vocabulary, documents):
    """Nats a token on a document far below those of a uniform guess, and the document's end is expected at its end."""
    loss = ends = 0.0
    for ids in vocabulary.encode(documents[:40]):
        tokens = torch.tensor([[*ids, vocabulary.stop]])[:, :60]
        logs = decoder.model(tokens[:, :-1]).logits.log_softmax(dim=-1)
        loss -= logs[0, torch.arange(tokens.shape[1] - 1), tokens[0, 1:]].mean().item() / 40
        ends += float(logs[0, -1].exp()[vocabulary.stop] > 0.05 and tokens[0, -1] == vocabulary.stop)
    assert loss < 2.0 < math.log(decoder.model.config.vocab_size) / 2
    assert ends > 5


@pytest.mark.slow
@pytest.mark.parametrize("saves", [1, 2, 3])
def test_a_training_that_was_interrupted_ends_with_the_same_weights(short, vocabulary, documents, tmp_path, saves):
    def trained(checkpoints):
        return train_decoder(short, vocabulary, documents[:30], 1, "float32", checkpoints, every=2)

    whole, losses = trained(Checkpoints(tmp_path / "whole"))
    assert [step for step, _ in losses] == [2, 4, 6, 7]
    with pytest.raises(Interruption):
        trained(Interrupting(tmp_path / "broken", saves))
    torch.manual_seed(99)
    resumed, again = trained(Checkpoints(tmp_path / "broken"))
    assert again == losses and equal(resumed, whole)


def test_saved_folder_loads_with_transformers_own_classes(decoder, vocabulary, documents, tmp_path):
    save_decoder(decoder.model, vocabulary, tmp_path)
    loaded = Decoder.load(tmp_path, CPU)
    assert equal(loaded.model, decoder.model) and equal(GPT2LMHeadModel.from_pretrained(tmp_path), decoder.model)
    assert (loaded.stop, loaded.width, loaded.positions) == (vocabulary.stop, LANGUAGE["width"], LANGUAGE["positions"])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    texts = documents[:10]
    ids = vocabulary.encode(texts)
    assert [tokenizer(text)["input_ids"] for text in texts] == ids == Vocabulary.load(tmp_path).encode(texts)
    assert tokenizer.eos_token_id == vocabulary.stop


def test_decoder_is_frozen_and_in_evaluation_mode(decoder):
    assert not decoder.model.training
    assert not any(parameter.requires_grad for parameter in decoder.model.parameters())
    rows = decoder.model.transformer.wte.weight
    assert decoder.mean_norm == pytest.approx(rows.pow(2).sum(dim=1).sqrt().mean().item())


def test_missing_decoder_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        Decoder.load(tmp_path / "nowhere", CPU)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", ["no weights", "truncated weights", "no JSON", "another kind", "another model's weights"]
)
def test_damaged_decoder_is_named(short, vocabulary, tmp_path, damage):
    folder = tmp_path / "decoder"
    save_decoder(language_model.build(short, vocabulary), vocabulary, folder)
    weights, config = folder / "model.safetensors", folder / "config.json"
    if damage == "no weights":
        weights.unlink()
    elif damage == "truncated weights":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "no JSON":
        config.write_text("{")
    elif damage == "another kind":
        config.write_text(config.read_text().replace('"gpt2"', '"bert"'))
    else:
        weights.write_bytes(weights.read_bytes().replace(b"transformer.", b"transformed."))
    with pytest.raises(InputError, match="decoder"):
        Decoder.load(folder, CPU)
