"""The frozen CLIP: unit norm, texts in their order, its file, and bad files."""

import numpy as np
import pytest
import torch
from conftest import CPU
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file

from captioner.encoders.encoder import WEIGHTS, ClipEncoder, build_clip, load_encoder, save_clip
from captioner.encoders.openai_clip import tokenise
from captioner.encoders.origin import FILE, Origin, file_digest
from captioner.foundation.checkpoints import Parts
from captioner.foundation.errors import InputError

import clip  # isort: skip
from clip.model import build_model, convert_weights  # isort: skip

TEXTS = ["a dog", "two red cars on a street", "a dog", "a cat " * 60, "", "a dog.", "two red cars on a street"]


PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=126))
BITS = st.sampled_from(
    ["'s", "I'M", "o'clock", "<|startoftext|>", "<|endoftext|>", "&amp;", "&", "  ", "..'s", "3,000", "\u201c"]
)


@pytest.mark.slow
@given(st.lists(st.one_of(PLAIN, st.text(), st.lists(BITS).map("".join), st.lists(BITS).map(" ".join)), max_size=4))
def test_tokens_are_openai_clips_own(texts):
    assert torch.equal(tokenise(texts, truncate=True), clip.tokenize(texts, truncate=True))


@pytest.fixture
def encoder(clip_model):
    return ClipEncoder(clip_model, CPU)


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


@pytest.mark.slow
@pytest.mark.parametrize(("batch_size", "workers"), [(1, 0), (2, 2), (3, 4), (50, 2)])
def test_images_come_back_in_the_order_of_their_ids(encoder, tmp_path, batch_size, workers):
    """Each is loaded once, whichever process does it; the embeddings are those of one process, to the bit."""
    images = pictures(7)
    ids = [3, 0, 6, 1, 4, 2, 5]

    def load(key):
        with (tmp_path / "loaded").open("a") as file:  # short lines, which do not mix
            file.write(f"{key}\n")
        return images[key]

    embedded = encoder.embed(load, ids, batch_size, workers=workers)
    assert sorted(map(int, (tmp_path / "loaded").read_text().split())) == sorted(ids)
    assert torch.equal(embedded, encoder.embed(images.__getitem__, ids, batch_size, workers=0))
    torch.testing.assert_close(embedded.norm(dim=-1), torch.ones(7))
    own = encoder.model.encode_image(torch.stack([encoder.preprocess(images[key]) for key in ids]))
    torch.testing.assert_close(embedded, own / own.norm(dim=-1, keepdim=True), atol=1e-5, rtol=1e-4)


def test_what_a_worker_makes_becomes_the_preprocessed_picture(encoder):
    images = [*pictures(4), Image.new("L", (70, 33), 90), Image.new("P", (20, 90))]
    given = torch.stack([encoder.ready(image) for image in images])
    assert given.dtype == torch.uint8  # a quarter of the bytes on their way from process to process
    assert torch.equal(encoder.scaled(given), torch.stack([encoder.preprocess(image) for image in images]))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_picture_that_cannot_be_loaded_ends_the_embedding(encoder, workers):
    def load(key):
        if key == 5:
            raise InputError("5.png: damaged")
        return pictures(1)[0]

    with pytest.raises(InputError, match=r"^5\.png: damaged$"):
        encoder.embed(load, list(range(9)), 2, workers=workers)


def test_nothing_of_it_asks_for_a_gradient(encoder):
    assert not encoder.model.training
    assert not any(parameter.requires_grad for parameter in encoder.model.parameters())
    assert not encoder.encode_texts(["a dog"]).requires_grad


def test_an_interrupted_embedding_goes_on_there(encoder, tmp_path):
    images, loaded = pictures(9), []

    def load(key):
        loaded.append(key)
        if len(loaded) == 6:
            raise KeyboardInterrupt
        return images[key]

    whole = encoder.embed(images.__getitem__, range(9), 2)
    with pytest.raises(KeyboardInterrupt):
        encoder.embed(load, range(9), 2, Parts(tmp_path), workers=0)
    done = len(list(Parts(tmp_path).load()))
    assert done >= 1
    loaded.clear()
    loaded += [None] * 10  # no second interruption
    assert torch.equal(encoder.embed(load, range(9), 2, Parts(tmp_path), workers=0), whole)
    assert sorted(loaded[10:]) == list(range(2 * done, 9))


def test_saved_folder_is_the_very_same_model(clip_model, tmp_path):
    """After saving, the model in memory and the loaded one agree to the bit; nothing is rounded."""
    save_clip(clip_model, tmp_path / "one", "tiny", "trained here")
    models = ClipEncoder(clip_model, CPU), load_encoder(tmp_path / "one", CPU)
    pixels = torch.stack([models[0].preprocess(image) for image in pictures(3)])
    assert torch.equal(*(model.encode_texts(TEXTS) for model in models))
    assert torch.equal(*(model.encode_images(pixels) for model in models))
    save_clip(models[1].model, tmp_path / "two", "tiny", "trained here")
    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "two" / WEIGHTS).read_bytes()
    digest = file_digest(tmp_path / "one" / WEIGHTS)
    assert Origin.read(tmp_path / "one") == Origin("clip", "tiny", digest, "trained here")


def test_weights_that_are_halves_are_written_as_halves(clip_model, tmp_path):
    """OpenAI's files hold halves: the written state dict is half as large, and openai-clip's own loader agrees."""
    convert_weights(clip_model)
    state = {name: tensor.clone() for name, tensor in clip_model.state_dict().items()}
    save_clip(clip_model.float(), tmp_path, "tiny", "a local file", "0" * 64)
    written = load_file(tmp_path / WEIGHTS)
    assert written["visual.conv1.weight"].dtype == torch.float16
    assert all(torch.equal(written[name].float(), tensor.float()) for name, tensor in state.items())
    own = ClipEncoder(build_model({**state}), CPU)
    assert torch.equal(own.encode_texts(TEXTS), load_encoder(tmp_path, CPU).encode_texts(TEXTS))
    assert Origin.read(tmp_path).sha256 == "0" * 64


def test_weights_are_not_rounded_on_the_way(clip_model):
    """`build_model` alone would round them to half."""
    state = clip_model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in build_clip(state).state_dict().items())


def test_bfloat16_agrees_with_float32(clip_model):
    """Unit-norm embeddings of both precisions have a cosine of at least 0.999."""
    exact, rough = ClipEncoder(clip_model, CPU), ClipEncoder(clip_model, CPU, "bfloat16")
    pixels = torch.stack([exact.preprocess(image) for image in pictures(4)])
    for name, several in (("encode_images", pixels), ("encode_texts", TEXTS)):
        one, other = (getattr(encoder, name)(several) for encoder in (exact, rough))
        assert other.dtype == torch.float32 and not torch.equal(one, other)
        assert (one * other).sum(dim=-1).min() > 0.999


WRONG = ["missing", "garbage", "empty", "truncated", "another model", "part of a model", "no origin", "old format"]


@pytest.mark.slow
@pytest.mark.parametrize("content", WRONG)
def test_wrong_folders_are_named(clip_model, tmp_path, content):
    path = tmp_path / WEIGHTS
    save_clip(clip_model, tmp_path, "tiny", "a local file")
    if content == "truncated":
        path.write_bytes(path.read_bytes()[:100_000])
    elif content == "part of a model":
        state = load_file(path)
        del state["ln_final.weight"]
        save_file(state, path)
    elif content == "another model":
        save_file({"transformer.wte.weight": torch.zeros(3, 2)}, path)
    elif content == "missing":
        path.unlink()
    elif content == "no origin":
        (tmp_path / FILE).unlink()
    elif content == "old format":
        (tmp_path / FILE).write_text('{"format": 0}')
    else:
        path.write_bytes(b"no tensors here, only text" if content == "garbage" else b"")
    with pytest.raises(InputError, match=rf"{FILE if content in ('no origin', 'old format') else WEIGHTS}"):
        load_encoder(tmp_path, CPU)
