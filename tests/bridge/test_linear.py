"""The projection: an affine map of the embedding, its start, and its file."""

import pytest
import torch
from conftest import CPU
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn.linear_model import Ridge

from captioner.bridge.base import Shape
from captioner.bridge.files import load_bridge, save_bridge
from captioner.bridge.linear import untrained
from captioner.foundation.errors import InputError


@pytest.fixture
def started(projection, embeddings):
    projection.start(embeddings, standardise=True, norm=2.5)
    return projection


def test_output_is_an_affine_map_with_one_row_of_width_each(started):
    one, other = torch.randn(2, 5, 16)
    prefix = started(one)
    assert prefix.shape == (5, 4, started.shape.width)
    middle = started(0.3 * one + 0.7 * other)
    torch.testing.assert_close(middle, 0.3 * prefix + 0.7 * started(other))
    torch.testing.assert_close(started(one[2:3]), prefix[2:3])


def test_start_sets_the_norm_and_the_scale(started, embeddings):
    assert started(embeddings).norm(dim=-1).mean().item() == pytest.approx(2.5, rel=1e-5)
    scaled = (embeddings - started.mean) / started.deviation
    torch.testing.assert_close(scaled.mean(dim=0), torch.zeros(16), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled.std(dim=0), torch.ones(16))
    torch.testing.assert_close(started(started.mean[None]), torch.zeros(1, 4, started.shape.width))


def test_start_without_scaling_and_with_a_constant_dimension(projection, embeddings):
    projection.start(embeddings, standardise=False, norm=1.0)
    assert projection(embeddings).norm(dim=-1).mean().item() == pytest.approx(1.0, rel=1e-5)
    torch.testing.assert_close(projection(2 * embeddings), 2 * projection(embeddings))
    embeddings = embeddings.clone()
    embeddings[:, 3] = 0.25
    projection.start(embeddings, standardise=True, norm=1.0)
    assert projection(embeddings).isfinite().all()


def test_saved_file_gives_the_same_prefix_without_gradients(started, embeddings, tmp_path):
    path = tmp_path / "projection.safetensors"
    save_bridge(started, path)
    loaded = load_bridge(path, CPU)
    assert loaded.shape == started.shape == Shape(16, 4, started.shape.width)
    assert torch.equal(loaded(embeddings), started(embeddings))
    assert not loaded.training and not any(parameter.requires_grad for parameter in loaded.parameters())


@pytest.mark.parametrize("content", ["missing", "empty", "garbage", "truncated", "another file", "another format"])
def test_wrong_files_are_named(started, tmp_path, content):
    path = tmp_path / "projection.safetensors"
    save_bridge(started, path)
    whole = path.read_bytes()
    if content == "missing":
        path.unlink()
    elif content == "another file":
        save_file({"x": torch.zeros(2)}, path)
    elif content == "another format":
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = file.metadata()["captioner.bridge"].replace('"format": 1', '"format": 2')
        save_file(state, path, metadata={"captioner.bridge": header})
    else:
        path.write_bytes({"empty": b"", "garbage": b"plain text, no tensors", "truncated": whole[:-40]}[content])
    with pytest.raises(InputError, match=r"projection\.safetensors"):
        load_bridge(path, CPU)


def test_untrained_depends_on_the_seed_alone():
    one, same, other = (untrained(Shape(4, 2, 6), seed) for seed in (1, 1, 2))
    assert torch.equal(one.linear.weight, same.linear.weight)
    assert not torch.equal(one.linear.weight, other.linear.weight)


def test_ridge_start_is_the_closed_form(projection, embeddings):
    """Against scikit-learn's Ridge with the same penalty, up to the common factor that sets the norm."""
    wanted = torch.randn(40, 4, projection.shape.width, generator=torch.Generator().manual_seed(4))
    projection.start(embeddings, True, 2.0)
    projection.start_by_ridge(embeddings, iter(wanted.split(7)), 0.3, 2.0)
    scaled = ((embeddings - projection.mean) / projection.deviation).double().numpy()
    penalty = 0.3 * (scaled - scaled.mean(axis=0)).var(axis=0).mean() * len(scaled)
    theirs = Ridge(alpha=penalty).fit(scaled, wanted.flatten(1).double().numpy())
    prefix = projection(embeddings).flatten(1)
    expected = torch.from_numpy(theirs.predict(scaled)).float()
    factor = (prefix * expected).sum() / expected.square().sum()
    torch.testing.assert_close(prefix, factor * expected, atol=1e-4, rtol=1e-4)
    assert projection(embeddings).norm(dim=-1).mean().item() == pytest.approx(2.0, rel=1e-4)


def test_ridge_start_finds_a_map_that_is_linear(projection, embeddings):
    target = torch.nn.Linear(16, 4 * projection.shape.width)
    with torch.no_grad():
        wanted = target(embeddings).view(40, 4, -1)
    projection.start(embeddings, False, 1.0)
    projection.start_by_ridge(embeddings, iter([wanted]), 1e-9, wanted.norm(dim=-1).mean().item())
    torch.testing.assert_close(projection(embeddings), wanted, atol=1e-3, rtol=1e-3)
