"""The frozen CLIP: unit norm, texts in their order, its file, and bad files."""

import numpy as np
import pytest
import torch
from conftest import CPU
from PIL import Image
from safetensors.torch import load_file, save_file

from captioner.encoder import Encoder, save_encoder
from captioner.errors import InputError

import clip  # isort: skip
from clip.model import build_model  # isort: skip

TEXTS = ["a dog", "two red cars on a street", "a dog", "a cat " * 60, "", "a dog.", "two red cars on a street"]


@pytest.fixture
def encoder(clip_model):
    return Encoder(clip_model, CPU)


def pictures(count, size=(50, 40)):
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)) for _ in range(count)]


def test_texts_come_back_in_order_with_their_duplicates(encoder):
    embedded = encoder.encode_texts(TEXTS, batch_size=2)
    assert embedded.shape == (7, encoder.width) and embedded.dtype == torch.float32
    torch.testing.assert_close(embedded.norm(dim=-1), torch.ones(7))
    assert torch.equal(embedded[0], embedded[2]) and torch.equal(embedded[1], embedded[6])
    for text, row in zip(TEXTS, embedded, strict=True):
        with torch.no_grad():
            tokens = clip.tokenize([text], context_length=encoder.model.context_length, truncate=True)
            own = encoder.model.encode_text(tokens)[0]
        torch.testing.assert_close(row, own / own.norm(), atol=1e-5, rtol=1e-4)
    distinct = torch.stack([embedded[n] for n in (0, 1, 3, 4, 5)])
    assert torch.cdist(distinct, distinct).fill_diagonal_(1).min() > 1e-3


@pytest.mark.parametrize(("batch_size", "workers"), [(1, 1), (2, 2), (3, 4), (50, 2)])
def test_images_come_back_in_the_order_of_their_ids(encoder, batch_size, workers):
    images = pictures(7)
    ids = [3, 0, 6, 1, 4, 2, 5]
    loaded = []

    def load(key):
        loaded.append(key)
        return images[key]

    embedded = encoder.embed(load, ids, batch_size, workers)
    assert sorted(loaded) == sorted(ids)  # each once
    torch.testing.assert_close(embedded.norm(dim=-1), torch.ones(7))
    own = encoder.model.encode_image(torch.stack([encoder.preprocess(images[key]) for key in ids]))
    torch.testing.assert_close(embedded, own / own.norm(dim=-1, keepdim=True), atol=1e-5, rtol=1e-4)


def test_a_picture_that_cannot_be_loaded_ends_the_embedding(encoder):
    def load(key):
        if key == 5:
            raise InputError("5.png: damaged")
        return pictures(1)[0]

    with pytest.raises(InputError, match=r"5\.png"):
        encoder.embed(load, list(range(9)), 2)


def test_nothing_of_it_asks_for_a_gradient(encoder):
    assert not encoder.model.training
    assert not any(parameter.requires_grad for parameter in encoder.model.parameters())
    assert not encoder.encode_texts(["a dog"]).requires_grad


def test_saved_file_is_the_very_same_model(clip_model, tmp_path):
    """After saving, the model in memory, the loaded Encoder and openai-clip's own loader agree to the bit."""
    path = tmp_path / "encoder.safetensors"
    save_encoder(clip_model, path)
    models = Encoder(clip_model, CPU), Encoder.load(path, CPU), Encoder(build_model(load_file(path)), CPU)
    pixels = torch.stack([models[0].preprocess(image) for image in pictures(3)])
    texts, images = ([getattr(m, name)(given) for m in models] for name, given in (
        ("encode_texts", TEXTS), ("encode_images", pixels)
    ))  # fmt: skip
    for one, *others in (texts, images):
        assert all(torch.equal(one, other) for other in others)
    again = tmp_path / "again.safetensors"
    save_encoder(Encoder.load(path, CPU).model, again)
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("content", ["missing", "garbage", "empty", "truncated", "another model", "part of a model"])
def test_wrong_files_are_named(clip_model, tmp_path, content):
    path = tmp_path / "encoder.safetensors"
    if content in ("truncated", "part of a model"):
        save_encoder(clip_model, path)
        if content == "truncated":
            path.write_bytes(path.read_bytes()[:100_000])
        else:
            state = load_file(path)
            del state["ln_final.weight"]
            save_file(state, path)
    elif content == "another model":
        save_file({"transformer.wte.weight": torch.zeros(3, 2)}, path)
    elif content != "missing":
        path.write_bytes(b"no tensors here, only text" if content == "garbage" else b"")
    with pytest.raises(InputError, match=r"encoder\.safetensors"):
        Encoder.load(path, CPU)
