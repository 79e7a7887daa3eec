"""Bridges of patches: their equations, their start, what of them trains, and their file."""

from __future__ import annotations

import pytest
import torch
from conftest import CPU

from captioner.bridge.base import Shape
from captioner.bridge.files import load_bridge, load_of_patches, save_bridge
from captioner.bridge.linear import Projection
from captioner.bridge.objective import Examples, Objective
from captioner.bridge.patches import Patches, Pooled
from captioner.bridge.training import Schedule, train
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.errors import InputError

MAKE = {"pooled": Pooled, "patches": lambda shape: Patches(shape, 4)}


@pytest.fixture(scope="module")
def features(captions):
    """Features [40, 4, 16] of four patches, not centred and of unequal scales."""
    drawn = torch.randn(len(captions), 4, 16, generator=torch.Generator().manual_seed(3))
    return 2 + drawn * torch.linspace(0.1, 3, 16)


@pytest.fixture(params=MAKE)
def bridge(request, decoder):
    torch.manual_seed(4)
    return MAKE[request.param](Shape(16, 8, decoder.width))


@torch.no_grad()
def test_patches_by_their_equation(features):
    """Each patch alone, through the one layer; two prefix embeddings of each, in the patches' order."""
    torch.manual_seed(5)
    bridge = Patches(Shape(16, 8, 6), 4)
    bridge.start(features, True, 1.5)
    bridge.bias.normal_()
    flat = features.reshape(-1, 16)
    scaled = (features - flat.mean(dim=0)) / flat.std(dim=0)
    for patch in range(4):
        own = (scaled[:, patch] @ bridge.linear.weight.T).view(40, 2, 6)
        wanted = own + bridge.bias[2 * patch : 2 * patch + 2]
        torch.testing.assert_close(bridge(features)[:, 2 * patch : 2 * patch + 2], wanted, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_one_patch_is_the_studys_own_map(features):
    """With a single patch both are the linear map of its features."""
    own, others = Projection(Shape(16, 8, 6)), [Pooled(Shape(16, 8, 6)), Patches(Shape(16, 8, 6), 1)]
    own.start(features[:, 0], True, 1.5)
    for other in others:
        other.linear.weight.copy_(own.linear.weight)
        other.start(features[:, :1], True, 1.5)
        torch.testing.assert_close(other(features[:, :1]), own(features[:, 0]), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_order_of_the_patches_counts_for_patches_alone(bridge, features):
    bridge.start(features, True, 1.5)
    turned = features[:, [1, 0, 3, 2]]
    assert torch.allclose(bridge(turned), bridge(features), atol=1e-5) == isinstance(bridge, Pooled)


def test_start_sets_the_norm(bridge, features):
    bridge.start(features, standardise=True, norm=2.5)
    prefix = bridge(features)
    assert prefix.shape == (40, 8, bridge.shape.width)
    assert prefix.norm(dim=-1).mean().item() == pytest.approx(2.5, rel=1e-4)
    torch.testing.assert_close(bridge(features[7:8]), prefix[7:8], atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_training_of_patches_moves_the_bridge_alone_and_lowers_the_loss(
    bridge, decoder, table, vocabulary, captions, features, tmp_path
):
    bridge.start(features, True, decoder.mean_norm)
    before = {name: tensor.clone() for name, tensor in decoder.model.state_dict().items()}
    fixed, parts = bridge.mean.clone(), {name: part.clone() for name, part in bridge.named_parameters()}
    images = list(captions)
    examples = Examples(images[:30], features[:30]), Examples(images[30:], features[30:])
    schedule = Schedule(epochs=8, batch_size=10, learning_rate=0.005, warmup=0.1, weight_decay=0.0)
    objective = Objective(decoder, bridge, table, {"none": ""}, vocabulary)
    history = train(objective, bridge, *examples, schedule, 1, "float32", Checkpoints(tmp_path), "test")
    assert history[-1]["training_loss"] < history[0]["training_loss"] - 0.05
    assert all(torch.equal(tensor, before[name]) for name, tensor in decoder.model.state_dict().items())
    assert torch.equal(bridge.mean, fixed)
    assert not any(torch.equal(part, parts[name]) for name, part in bridge.named_parameters())


def test_a_saved_bridge_of_patches_is_the_same(bridge, features, tmp_path):
    bridge.start(features, True, 1.5)
    save_bridge(bridge, tmp_path / "b.safetensors")
    for load in (load_of_patches, load_bridge):
        loaded = load(tmp_path / "b.safetensors", CPU)
        assert type(loaded) is type(bridge) and loaded.sizes == bridge.sizes
        torch.testing.assert_close(loaded(features), bridge(features), rtol=0, atol=1e-6)
    save_bridge(Projection(Shape(16, 8, 6)), tmp_path / "own.safetensors")
    with pytest.raises(InputError, match="a map of the kind 'linear', which reads no patches"):
        load_of_patches(tmp_path / "own.safetensors", CPU)


def test_the_prefix_has_to_be_a_multiple_of_the_patches():
    with pytest.raises(ValueError, match="a prefix of 6 is no multiple of the 4 patches"):
        Patches(Shape(3, 6, 8), 4)
