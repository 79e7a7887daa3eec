"""ClipCap's mapping networks: their equations, their start, what of them trains, and their file."""

import pytest
import torch
from conftest import CPU
from safetensors.torch import save_file
from torch.nn import functional as F

from captioner.bridge.base import Shape
from captioner.bridge.clipcap import Mlp, Transformer
from captioner.bridge.files import load_bridge, save_bridge
from captioner.bridge.objective import Examples, Objective
from captioner.bridge.training import Schedule, train
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.errors import InputError

MAKE = {"mlp": lambda shape: Mlp(shape), "transformer": lambda shape: Transformer(shape, 3, 2, 4)}


@pytest.fixture(params=MAKE)
def mapper(request, decoder):
    torch.manual_seed(4)
    return MAKE[request.param](Shape(16, 4, decoder.width))


def test_the_mlp_is_two_layers_with_tanh(decoder):
    mlp = Mlp(Shape(16, 4, decoder.width))
    first, _, second = mlp.network
    outputs = 4 * decoder.width
    assert first.weight.shape == (outputs // 2, 16) and second.weight.shape == (outputs, outputs // 2)
    x = torch.randn(3, 16)
    expected = torch.tanh(x @ first.weight.T + first.bias) @ second.weight.T + second.bias
    torch.testing.assert_close(mlp(x), expected.view(3, 4, decoder.width))


def test_the_transformer_against_its_equations_written_out():
    """Pre-norm blocks of attention and a ReLU network over [image, constants]; the constants' places come out."""
    torch.manual_seed(5)
    mapper = Transformer(Shape(6, 2, 8), slots=3, layers=2, heads=2).eval()
    x = torch.randn(4, 6)
    hidden = torch.cat([mapper.linear(x).view(4, 3, 8), mapper.constants.expand(4, 2, 8)], dim=1)
    for block in mapper.body.layers:
        normed = F.layer_norm(hidden, (8,), block.norm1.weight, block.norm1.bias)
        q, k, v = F.linear(normed, block.self_attn.in_proj_weight, block.self_attn.in_proj_bias).chunk(3, dim=-1)
        heads = []
        for at in (0, 4):
            scores = q[..., at : at + 4] @ k[..., at : at + 4].transpose(1, 2) / 2
            heads.append(scores.softmax(dim=-1) @ v[..., at : at + 4])
        hidden = hidden + block.self_attn.out_proj(torch.cat(heads, dim=-1))
        normed = F.layer_norm(hidden, (8,), block.norm2.weight, block.norm2.bias)
        hidden = hidden + block.linear2(torch.relu(block.linear1(normed)))
    torch.testing.assert_close(mapper(x), hidden[:, 3:], atol=1e-5, rtol=1e-4)
    first, second = mapper.body.layers
    assert not torch.equal(first.linear1.weight, second.linear1.weight)  # blocks of their own, no copies


def test_start_sets_the_norm_and_the_scale(mapper, embeddings):
    mapper.start(embeddings, standardise=True, norm=2.5)
    prefix = mapper(embeddings)
    assert prefix.shape == (40, 4, mapper.shape.width)
    assert prefix.norm(dim=-1).mean().item() == pytest.approx(2.5, rel=1e-4)
    torch.testing.assert_close(mapper.mean, embeddings.mean(dim=0))
    torch.testing.assert_close(mapper(embeddings[7:8]), prefix[7:8], atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_training_moves_the_network_alone_and_lowers_the_loss(
    mapper, decoder, table, vocabulary, captions, embeddings, tmp_path
):
    mapper.start(embeddings, True, decoder.mean_norm)
    before = {name: tensor.clone() for name, tensor in decoder.model.state_dict().items()}
    scaling = mapper.gain.clone(), mapper.mean.clone()
    images = list(captions)
    examples = Examples(images[:30], embeddings[:30]), Examples(images[30:], embeddings[30:])
    schedule = Schedule(epochs=8, batch_size=10, learning_rate=0.005, warmup=0.1, weight_decay=0.0)
    objective = Objective(decoder, mapper, table, {"none": ""}, vocabulary)
    history = train(objective, mapper, *examples, schedule, 1, "float32", Checkpoints(tmp_path), "test")
    assert history[-1]["training_loss"] < history[0]["training_loss"] - 0.05
    assert all(torch.equal(tensor, before[name]) for name, tensor in decoder.model.state_dict().items())
    assert torch.equal(mapper.gain, scaling[0]) and torch.equal(mapper.mean, scaling[1])


def test_a_saved_network_is_the_same(mapper, embeddings, tmp_path):
    mapper.start(embeddings, True, 1.5)
    save_bridge(mapper, tmp_path / "m.safetensors")
    loaded = load_bridge(tmp_path / "m.safetensors", CPU)
    assert type(loaded) is type(mapper) and loaded.sizes == mapper.sizes
    torch.testing.assert_close(loaded(embeddings), mapper(embeddings), rtol=0, atol=1e-6)
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_files_of_another_kind_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such map from image to prefix"):
        load_bridge(tmp_path / "m.safetensors", CPU)
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(InputError, match="no map from image to prefix of format"):
        load_bridge(tmp_path / "x.safetensors", CPU)
    save_bridge(Mlp(Shape(3, 2, 4)), tmp_path / "mlp.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "mlp.safetensors").read_bytes()[:-5])
    with pytest.raises(InputError, match="damaged"):
        load_bridge(tmp_path / "cut.safetensors", CPU)


def test_heads_have_to_divide_the_width():
    with pytest.raises(ValueError, match="3 attention heads"):
        Transformer(Shape(3, 2, 8), 2, 1, 3)
