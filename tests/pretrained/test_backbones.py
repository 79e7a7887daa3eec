"""Pretrained backbones: written in the form that every stage loads, and tried before anything is trained."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from conftest import CPU
from random_weights import random_clip, random_gpt2

from captioner.config.decoder import PretrainedDecoder
from captioner.config.encoder import OpenAIEncoder
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import ClipEncoder, load_encoder
from captioner.encoders.origin import Origin, folder_digest
from captioner.foundation.errors import InputError
from captioner.pretrained import backbones, openai_weights
from captioner.pretrained.backbones import (
    caption_loss,
    knows_nothing,
    openai_file,
    pretrained_decoder,
    pretrained_encoder,
    recall_at_1,
)


def openai(**changes):
    return OpenAIEncoder(**{"source": "openai", "name": "ViT-B/16", "file": "", "trust_archive": False, **changes})


def test_an_encoder_from_a_file(tmp_path):
    model = random_clip("tiny", 2)
    torch.save(model.state_dict(), tmp_path / "clip.pt")
    pretrained_encoder(openai(file=str(tmp_path / "clip.pt")), tmp_path / "encoder", "coco.encoder")
    loaded = load_encoder(tmp_path / "encoder", CPU)
    assert torch.equal(loaded.encode_texts(["a dog"]), ClipEncoder(model, CPU).encode_texts(["a dog"]))
    assert Origin.read(tmp_path / "encoder").name == "ViT-B/16"


def test_weights_without_a_file_are_fetched_from_openai(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(backbones, "fetch", lambda *given: asked.append(given) or tmp_path)
    openai_file(openai(), "coco.judge")
    ((remote, path, cure),) = asked
    assert remote.url == openai_weights.published()["ViT-B/16"][0] and remote.digest.endswith(remote.url.split("/")[-2])
    assert path == openai_weights.cached("ViT-B/16") and "coco.judge.file" in cure


@pytest.fixture
def folder(tmp_path, documents):
    for part in random_gpt2(documents, 3, n_embd=32, n_layer=1, n_head=2, vocab_size=500, n_positions=64):
        part.save_pretrained(tmp_path / "gpt2")
    return tmp_path / "gpt2"


def test_a_decoder_from_a_folder(folder, tmp_path):
    config = PretrainedDecoder(source="transformers", name=str(folder), revision="main")
    pretrained_decoder(config, tmp_path / "decoder", "coco.decoder")
    one, other = (Decoder.load(path, CPU) for path in (folder, tmp_path / "decoder"))
    assert all(torch.equal(a, b) for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True))
    vocabulary = Vocabulary.load(tmp_path / "decoder")
    assert vocabulary.stop == other.stop and vocabulary.text(vocabulary.encode(["A red car."])[0]) == "A red car."
    assert Origin.read(tmp_path / "decoder") == Origin("causal", "gpt2", folder_digest(folder), "a local file")


def test_a_tokeniser_that_does_not_fit_is_refused(folder, tmp_path, documents):
    random_gpt2(documents, 3, n_embd=32, n_layer=1, n_head=2, vocab_size=600, n_positions=64)[1].save_pretrained(folder)
    config = PretrainedDecoder(source="transformers", name=str(folder), revision="main")
    with pytest.raises(InputError, match=r"600 tokens, the model's table 500 rows"):
        pretrained_decoder(config, tmp_path / "decoder", "coco.decoder")


def test_caption_loss_is_the_mean_of_each_token_given_those_before(decoder, vocabulary, captions):
    texts = [several[0] for several in captions.values()][:7]
    total, count = 0.0, 0
    for ids in vocabulary.encode(texts):
        logs = decoder.model(torch.tensor([ids])).logits[0].log_softmax(dim=-1)
        total -= sum(logs[place, token].item() for place, token in enumerate(ids[1:]))
        count += len(ids) - 1
    assert caption_loss(decoder, vocabulary, texts, batch_size=3) == pytest.approx(total / count, rel=1e-4)


class Sighted:
    """Stands for an encoder whose embedding of image n is that of text n, with some mixed up."""

    def __init__(self, wrong):
        self.wrong = wrong

    def embed(self, load, ids, *_, **__):
        return torch.eye(10)[[(key + 1) % 10 if key in self.wrong else key for key in ids]]

    def encode_texts(self, texts):
        return torch.eye(10)[[int(text) for text in texts]]


def test_recall_counts_the_images_that_find_their_caption():
    texts = [str(n) for n in range(10)]
    assert recall_at_1(Sighted(set()), None, range(10), texts, 4) == 1.0
    assert recall_at_1(Sighted({0, 5, 9}), None, range(10), texts, 4) == pytest.approx(0.7)


@pytest.mark.parametrize(("recall", "images", "loss", "nothing"), [
    (0.95, 100, 4.0, False), (0.01, 100, 4.0, True), (0.05, 100, 4.0, True), (0.06, 100, 4.0, False),
    (0.95, 100, math.log(500) + 0.1, True), (0.95, 100, math.nan, True), (0.6, 10, 4.0, False), (0.1, 10, 4.0, True),
])  # fmt: skip
def test_backbones_at_chance_know_nothing(recall, images, loss, nothing):
    assert knows_nothing(recall, images, loss, 500) is nothing


def test_chance_is_seldom_taken_for_knowledge():
    """Of 20,000 encoders that guess, at most 0.2 % are taken to know something."""
    hits = torch.distributions.Binomial(100, torch.tensor(1 / 100)).sample((20_000,))
    found = Counter(hits.tolist())
    assert sum(found[value] for value in found if not knows_nothing(value / 100, 100, 1.0, 500)) <= 40
