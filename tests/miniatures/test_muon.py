"""Muon: what its step is, which parameters it takes, and that its state can be saved."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from captioner.miniatures.muon import Muon, MuonWithAdamW, orthogonalised


@pytest.mark.parametrize("shape", [(8, 8), (8, 32), (32, 8), (1, 16)])
def test_orthogonalised_keeps_the_singular_vectors_and_evens_out_the_values(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    made = left.T @ orthogonalised(matrix) @ right.T  # diagonal where the singular vectors are the same
    values = made.diagonal()
    torch.testing.assert_close(made, torch.diag(values), atol=1e-4, rtol=0)
    assert values.min() > 0.3 and values.max() < 1.3
    torch.testing.assert_close(orthogonalised(100 * matrix), orthogonalised(matrix), atol=1e-4, rtol=0)


@pytest.mark.parametrize("shape", [(16, 16), (64, 16), (16, 4, 2, 2)])
def test_a_step_has_the_size_of_adamw(shape):
    """0.2 times the rate in root mean square, against the gradient, whatever the gradient's size."""
    weight = nn.Parameter(torch.zeros(shape))
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    weight.grad = 1e-3 * gradient
    Muon([weight], 0.1, 0.0).step()
    assert weight.detach().square().mean().sqrt() == pytest.approx(0.02, rel=0.25)
    assert (weight.detach() * gradient).sum() < 0


def test_matrices_decay_by_rate_times_decay():
    weight = nn.Parameter(torch.ones(4, 4))
    weight.grad = torch.zeros(4, 4)
    Muon([weight], 0.1, 0.5).step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 4), 0.95))


def trained(model: nn.Module, optimiser: MuonWithAdamW, steps: range) -> None:
    for step in steps:
        optimiser.set_rate(0.05 / (step + 1))
        optimiser.zero_grad()
        model(torch.linspace(-1, 1, 12).view(4, 3)).square().sum().backward()
        optimiser.step()


def made() -> tuple[nn.Module, MuonWithAdamW]:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    return model, MuonWithAdamW(model, ["2.weight"], 0.05, 0.01)


def test_every_parameter_belongs_to_one_of_both():
    model, optimiser = made()
    muon, adamw = ([p for group in part.param_groups for p in group["params"]] for part in optimiser.parts)
    assert [id(p) for p in muon] == [id(model[2].weight)]
    assert {id(p) for p in adamw} == {id(p) for p in model.parameters()} - {id(model[2].weight)}
    with pytest.raises(KeyError, match="absent"):
        MuonWithAdamW(model, ["absent"], 0.05, 0.01)


def test_a_saved_state_goes_on_to_the_same_weights():
    model, optimiser = made()
    trained(model, optimiser, range(6))
    other, fresh = made()
    trained(other, fresh, range(3))
    weights, state = other.state_dict(), fresh.state_dict()
    again, resumed = made()
    again.load_state_dict(weights)
    resumed.load_state_dict(state)
    trained(again, resumed, range(3, 6))
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
