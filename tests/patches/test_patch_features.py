"""Patch features against what hooks and the written-out equations find inside the real classes, tiny and random."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import CPU, SIGHT
from PIL import Image
from random_weights import random_clip
from torch.nn import functional as F

from captioner.config.encoder import TrainedEncoder
from captioner.encoders.encoder import ClipEncoder, Encoder
from captioner.encoders.transformers_encoder import TransformersModel
from captioner.foundation.checkpoints import Parts
from captioner.foundation.errors import InputError
from captioner.miniatures import contrastive
from captioner.patches.features import embed_patches, patch_features, pooled_to

from transformers import (  # isort: skip
    AltCLIPConfig, AltCLIPModel, ChineseCLIPConfig, ChineseCLIPModel, CLIPConfig, CLIPModel, MetaClip2Config,
    MetaClip2Model, SiglipConfig, SiglipModel,
)  # fmt: skip

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2}
VISION = {**SIZES, "image_size": 32, "patch_size": 8}
TEXT = {**SIZES, "vocab_size": 64, "max_position_embeddings": 16, "bos_token_id": 1, "eos_token_id": 2}

VITS = {
    "clip": (CLIPConfig, CLIPModel), "metaclip_2": (MetaClip2Config, MetaClip2Model),
    "altclip": (AltCLIPConfig, AltCLIPModel), "chinese_clip": (ChineseCLIPConfig, ChineseCLIPModel),
}  # fmt: skip
OF_TRANSFORMERS = [*VITS, "siglip"]


def pixels(count: int, resolution: int) -> torch.Tensor:
    return torch.randn(count, 3, resolution, resolution, generator=torch.Generator().manual_seed(1))


def of_transformers(kind: str) -> TransformersModel:
    """A tiny model of transformers, which needs neither processor nor tokeniser for tensors."""
    torch.manual_seed(1)
    if kind in VITS:
        config, model_class = VITS[kind]
        model = model_class(config(text_config=TEXT, vision_config=VISION, projection_dim=24))
    else:
        model = SiglipModel(SiglipConfig(text_config={**TEXT, "projection_size": 32}, vision_config=VISION))
    return TransformersModel(model, None, None, CPU)


@pytest.fixture
def resnet():
    """An untrained tiny CLIP whose last feature map is of 2 x 2."""
    torch.manual_seed(1)
    config = TrainedEncoder(**{**SIGHT, "resolution": 64})
    return ClipEncoder(contrastive.build(config, contrastive.VOCABULARY), CPU)


@torch.no_grad()
def test_a_resnets_are_its_last_map_row_by_row(resnet):
    """The equations of openai-clip's ModifiedResNet up to its pooling, which makes the embedding of these features."""
    visual, x = resnet.model.visual, pixels(2, 64)
    hidden = x
    for n in (1, 2, 3):
        hidden = F.relu(getattr(visual, f"bn{n}")(getattr(visual, f"conv{n}")(hidden)))
    hidden = visual.layer4(visual.layer3(visual.layer2(visual.layer1(F.avg_pool2d(hidden, 2)))))  # [B, F, 2, 2]
    features = patch_features(resnet, x)
    assert features.shape == (2, 4, hidden.shape[1]) and features.dtype == torch.float32
    for place, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):  # reading order
        torch.testing.assert_close(features[:, place], hidden[:, :, row, column], atol=1e-5, rtol=1e-4)
    pooled = visual.attnpool(features.mT.unflatten(2, (2, 2)))
    torch.testing.assert_close(pooled, resnet.image_features(x), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_a_vits_are_its_tokens_before_the_last_block():
    encoder, x = ClipEncoder(random_clip("tiny", 3), CPU), pixels(3, 32)
    visual = encoder.model.visual
    tokens = visual.conv1(x).flatten(2).mT  # [B, P, W]
    tokens = torch.cat([visual.class_embedding.expand(3, 1, -1), tokens], dim=1) + visual.positional_embedding
    hidden = visual.ln_pre(tokens).transpose(0, 1)
    for block in visual.transformer.resblocks[:-1]:
        hidden = block(hidden)
    torch.testing.assert_close(patch_features(encoder, x), hidden[1:].transpose(0, 1), atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("kind", OF_TRANSFORMERS)
def test_those_of_transformers_are_what_a_hook_sees(kind):
    encoder, x, seen = of_transformers(kind), pixels(3, 32), []
    tower = encoder.model.vision_model
    watched = tower.head if kind == "siglip" else tower.encoder.layers[-1]
    hook = watched.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    encoder.image_features(x)
    hook.remove()
    wanted = seen[0] if kind == "siglip" else seen[0][:, 1:]
    features = patch_features(encoder, x)
    assert features.shape == (3, 16, 32)
    torch.testing.assert_close(features, wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("make", ["resnet", "vit", *OF_TRANSFORMERS])
def test_a_patch_shows_where_it_is_and_the_encoder_stays_as_it_is(make, resnet):
    """Another picture in one corner changes that corner's features most; no hook is left behind."""
    of_openai = {"resnet": resnet, "vit": ClipEncoder(random_clip("tiny", 3), CPU)}
    encoder = of_openai[make] if make in of_openai else of_transformers(make)
    before = pixels(1, 64 if make == "resnet" else 32)
    half = before.shape[-1] // 2
    after = before.clone()
    after[..., half:, half:] = pixels(2, before.shape[-1])[1:, :, half:, half:]
    embedded = encoder.encode_images(before)
    moved = pooled_to((patch_features(encoder, after) - patch_features(encoder, before)).abs(), 2).sum(dim=-1)[0]
    assert moved.argmax() == 3 and moved[3] > 0
    assert torch.equal(encoder.encode_images(before), embedded)
    assert not any(module._forward_pre_hooks for module in encoder.model.modules())


def test_an_encoder_of_another_class_is_refused():
    class Other(Encoder):
        device, dtype, context, width = CPU, "float32", 8, 4
        preprocess = image_features = text_tokens = text_features = None

    with pytest.raises(InputError, match="'Other' are not known here; take one of openai-clip"):
        patch_features(Other(), pixels(1, 8))


def test_a_grid_is_the_mean_of_its_windows():
    features = torch.randn(2, 36, 5)
    square = features.unflatten(1, (6, 6))
    for grid in (1, 2, 3, 6):
        size = 6 // grid
        wanted = square.unflatten(1, (grid, size)).unflatten(3, (grid, size)).mean(dim=(2, 4)).flatten(1, 2)
        torch.testing.assert_close(pooled_to(features, grid), wanted)
    assert pooled_to(features, 0) is features
    assert pooled_to(features, 4).shape == (2, 16, 5)  # 4 does not divide 6: windows overlap
    for wrong, grid in ((features, 7), (features[:, :35], 2)):
        with pytest.raises(InputError, match=f"cannot be averaged to a grid of {grid} x {grid}"):
            pooled_to(wrong, grid)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupted_embedding_of_patches_goes_on_there(clip_model, tmp_path, workers):
    encoder, rng, loaded = ClipEncoder(clip_model, CPU), np.random.default_rng(0), []
    images = [Image.fromarray(rng.integers(0, 256, (50, 40, 3), dtype=np.uint8)) for _ in range(7)]
    ids = [3, 0, 6, 1, 4, 2, 5]
    whole = embed_patches(encoder, images.__getitem__, ids, 0, 3, Parts(tmp_path / "whole"), workers)
    prepared = torch.stack([encoder.preprocess(images[key]) for key in ids])
    torch.testing.assert_close(whole, patch_features(encoder, prepared), atol=1e-5, rtol=1e-4)

    def load(key):
        loaded.append(key)
        if len(loaded) == 5:
            raise KeyboardInterrupt
        return images[key]

    with pytest.raises(KeyboardInterrupt):
        embed_patches(encoder, load, ids, 0, 3, Parts(tmp_path / "parts"), 0)
    assert torch.equal(embed_patches(encoder, load, ids, 0, 3, Parts(tmp_path / "parts"), 0), whole)
    assert loaded[5:] == ids[3:]
