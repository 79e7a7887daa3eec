"""The miniature CLIP computes what openai-clip's own class would, and its training goes on after a break."""

import io

import numpy as np
import pytest
import torch
from conftest import Interrupting, Interruption
from PIL import Image

from captioner.encoders.encoder import encode_text
from captioner.foundation.checkpoints import Checkpoints
from captioner.miniatures import contrastive

import clip  # isort: skip
from clip.clip import _transform  # isort: skip

KINDS = ("dog", "car", "cat", "boat")
CAPTIONS = [[f"a {colour} {kind}", f"one {kind}"] for colour in ("red", "blue") for kind in KINDS]


@pytest.fixture(scope="module")
def pixels():
    return torch.randint(0, 256, (8, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.mark.parametrize("texts", [["a dog"], ["a dog", "a very long text of many words indeed", ""], ["a cat " * 40]])
@torch.no_grad()
def test_cropped_texts_embed_as_whole_ones(clip_model, sight, texts):
    tokens = clip.tokenize(texts, context_length=sight.context, truncate=True)
    length = int(tokens.argmax(dim=-1).max()) + 1
    whole = clip_model.encode_text(tokens)
    torch.testing.assert_close(encode_text(clip_model, tokens[:, :length]), whole, atol=1e-6, rtol=1e-5)
    assert torch.equal(clip_model.encode_text(tokens), whole)  # the model's masks are as they were


@torch.no_grad()
def test_loss_is_that_of_the_model_s_own_logits(clip_model, sight):
    told = ["a red car and a dog", "a cat", "a boat on the sea", "a dog", "two blue boats", "a car"]  # of mixed lengths
    images = torch.randn(len(told), 3, 32, 32)
    tokens = clip.tokenize(told, context_length=sight.context)
    by_image, by_text = clip_model(images, tokens)
    losses = [-logits.log_softmax(dim=-1).diagonal().mean() for logits in (by_image, by_text)]
    torch.testing.assert_close(contrastive.contrastive_loss(clip_model, images, tokens), sum(losses) / 2)


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (50, 80), (20, 31)])
def test_pixels_are_those_of_openai_s_preprocessing(size):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    small = contrastive.small_picture(image, 32)
    assert small.dtype == torch.uint8 and small.shape == (3, 32, 32)
    torch.testing.assert_close(contrastive.normalise(small[None])[0], _transform(32)(image), atol=2e-6, rtol=0)


def test_shift_moves_the_whole_batch_and_repeats_the_border():
    images = torch.arange(2 * 3 * 8 * 8, dtype=torch.float32).view(2, 3, 8, 8)
    seen, place = set(), torch.arange(8)
    for seed in range(60):
        moved = contrastive.shifted(images, 2, torch.Generator().manual_seed(seed))
        offsets = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if torch.equal(moved, images[:, :, (place + dy).clamp(0, 7)][..., (place + dx).clamp(0, 7)])
        ]
        assert len(offsets) == 1
        seen.add(offsets[0])
    assert len(seen) > 15 and {dy for dy, _ in seen} == {dx for _, dx in seen} == {-2, -1, 0, 1, 2}
    assert torch.equal(contrastive.shifted(images, 0, torch.Generator()), images)


@pytest.mark.slow
def test_full_table_embeds_as_the_compact_one(sight, pixels, tmp_path):
    """The training knows only the tokens that occur; what it returns takes openai-clip's own token ids."""
    checkpoints = Checkpoints(tmp_path)
    model, losses = contrastive.train_encoder(sight, pixels, CAPTIONS, 1, "float32", checkpoints, every=2)
    assert [step for step, _ in losses] == [2, 4, 6]
    tokens = clip.tokenize([text for several in CAPTIONS for text in several], context_length=sight.context)
    ids = sorted(set(tokens.flatten().tolist()))
    compact = contrastive.build(sight, len(ids)).eval()
    compact.load_state_dict(checkpoints.load()["model"])
    place = {token: row for row, token in enumerate(ids)}
    few = torch.tensor([[place[token] for token in row] for row in tokens.tolist()])
    images = contrastive.normalise(pixels)
    with torch.no_grad():
        assert model.token_embedding.weight.shape[0] == contrastive.VOCABULARY and not model.training
        torch.testing.assert_close(model.encode_text(tokens), compact.encode_text(few))
        torch.testing.assert_close(model.encode_image(images), compact.encode_image(images))


def weights(model):
    buffer = io.BytesIO()
    torch.save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, buffer)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("saves", [1, 2])
def test_a_training_that_was_interrupted_ends_with_the_same_weights(sight, pixels, tmp_path, saves):
    def trained(checkpoints):
        return contrastive.train_encoder(sight, pixels, CAPTIONS, 1, "float32", checkpoints, every=2)

    whole, losses = trained(Checkpoints(tmp_path / "whole"))
    with pytest.raises(Interruption):
        trained(Interrupting(tmp_path / "broken", saves))
    torch.manual_seed(99)
    resumed, again = trained(Checkpoints(tmp_path / "broken"))
    assert again == losses and weights(resumed) == weights(whole)


@pytest.mark.slow
def test_another_seed_gives_another_model(sight, pixels, tmp_path):
    models = [
        contrastive.train_encoder(sight, pixels, CAPTIONS, seed, "float32", Checkpoints(tmp_path / name))[0]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert weights(models[0]) == weights(models[1]) != weights(models[2])


@pytest.mark.slow
def test_loss_falls_on_a_few_pairs(sight, pixels, tmp_path):
    config = type(sight)(**{**vars(sight), "steps": 40, "batch_size": 8, "crop": 0, "weight_decay": 0.0})
    _, losses = contrastive.train_encoder(config, pixels, CAPTIONS, 1, "float32", Checkpoints(tmp_path), every=1)
    assert losses[0][1] > 1.5 and losses[-1][1] < 0.6


def test_muon_trains_kernels_and_the_matrices_of_the_text_blocks(clip_model):
    """No table, no norm, no bias, no scalar, and not the pooling."""
    named = dict(clip_model.named_parameters())
    chosen = contrastive.matrices(clip_model)
    kernels = [name for name, value in named.items() if value.ndim == 4]
    linear = [name for name in named if "resblocks" in name and named[name].ndim == 2]
    assert kernels and linear and sorted(chosen) == sorted([*kernels, *linear])
    assert all(named[name].ndim > 1 and "attnpool" not in name and "embedding" not in name for name in chosen)
