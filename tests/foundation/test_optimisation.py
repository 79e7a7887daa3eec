"""The schedule of the learning rate, what decays, and checkpoints that are whole."""

import pytest
import torch
from torch import nn

from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.optimisation import adamw, by_length, scheduled_rate, set_rate


@pytest.mark.parametrize(("steps", "warmup"), [(100, 0.1), (37, 0.3), (1, 0.0), (2, 0.9), (10, 0.0)])
def test_rate_rises_to_its_peak_and_falls_towards_zero(steps, warmup):
    rates = [scheduled_rate(step, steps, 0.5, warmup) for step in range(steps)]
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.5) and min(rates) > 0
    assert rates[: top + 1] == sorted(rates[: top + 1]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert abs(top + 1 - warmup * steps) <= 1
    if steps == 100:
        assert rates[4] == pytest.approx(0.25) and rates[55] == pytest.approx(0.25) and rates[99] < 0.001


def test_only_matrices_that_ask_for_a_gradient_are_decayed():
    """With a gradient of zero AdamW moves a weight by its decay alone."""
    model = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2), nn.Linear(2, 2))
    model[2].requires_grad_(False)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimiser = adamw(model.parameters(), 0.1, 0.5)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    set_rate(optimiser, 0.2)
    optimiser.step()
    for name, parameter in model.named_parameters():
        factor = 0.9 if name == "0.weight" else 1.0
        torch.testing.assert_close(parameter.detach(), factor * before[name])


def test_checkpoints_keep_the_newest_state_only(tmp_path):
    checkpoints = Checkpoints(tmp_path / "deep" / "state")
    assert checkpoints.load() is None
    for step in range(3):
        checkpoints.save({"step": step, "weights": {"a": torch.full((2,), float(step))}})
    state = Checkpoints(tmp_path / "deep" / "state").load()
    assert state["step"] == 2 and torch.equal(state["weights"]["a"], torch.full((2,), 2.0))
    assert len(list((tmp_path / "deep" / "state").iterdir())) == 1
    with pytest.raises(AttributeError):
        checkpoints.save({"step": lambda: None})  # cannot be pickled, so the old state stays
    assert checkpoints.load()["step"] == 2 and len(list((tmp_path / "deep" / "state").iterdir())) == 1


@pytest.mark.parametrize("size", [1, 3, 4, 9, 128])
def test_groups_of_like_length_hold_every_row_once_from_short_to_long(size):
    lengths = torch.randint(1, 30, (size,), generator=torch.Generator().manual_seed(size))
    groups = by_length(lengths, 4)
    assert 1 <= len(groups) <= 4 and sorted(torch.cat(groups).tolist()) == list(range(size))
    assert lengths[torch.cat(groups)].tolist() == sorted(lengths.tolist())
    assert max(map(len, groups)) == -(-size // 4)
