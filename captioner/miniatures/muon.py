"""The optimiser of the miniature backbones: Muon on the matrices inside, AdamW on the rest."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from captioner.foundation.optimisation import adamw, set_rate

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic Newton-Schulz iteration (Jordan et al., 2024)
ITERATIONS = 5


def orthogonalised(matrix: torch.Tensor) -> torch.Tensor:
    """A matrix [m, n] with the same singular vectors and singular values near 1, float32.

    Five quintic Newton-Schulz steps (Jordan et al., 2024: "Muon"), which leave singular values between about 0.7 and
    1.2. torch's own Muon takes them in bfloat16, which a processor without hardware for it does an order of
    magnitude slower. The steps are taken on the square of the smaller side, of which every factor is a polynomial,
    and multiply the matrix once at the end.
    """
    first, second, third = COEFFICIENTS
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-7)
    gram, whole = wide @ wide.T, None
    for left in reversed(range(ITERATIONS)):
        factor = torch.addmm(gram, gram, gram, beta=second, alpha=third)
        factor.diagonal().add_(first)
        whole = factor if whole is None else factor @ whole
        if left:
            gram = factor @ (gram @ factor)
    wide = whole @ wide
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised (Jordan et al., 2024); a kernel counts as one row an output channel.

    The step is 0.2 sqrt(max(m, n)) times the rate, so that it has the root mean square of AdamW's and takes AdamW's
    rates (Liu et al., 2025: "Muon is scalable for LLM training").
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float, momentum: float = 0.95
    ) -> None:
        super().__init__(parameters, {"lr": learning_rate, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        """One step along the gradients that are there."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                gradient = parameter.grad.flatten(1)
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(gradient)
                momentum = state["momentum"].lerp_(gradient, 1 - group["momentum"])
                update = orthogonalised(gradient.lerp(momentum, group["momentum"]))
                scale = 0.2 * max(update.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.reshape(parameter.shape), alpha=-group["lr"] * scale)


class MuonWithAdamW:
    """Muon for the parameters named in `matrices`, AdamW for all others, with one rate and one state."""

    def __init__(self, model: nn.Module, matrices: Iterable[str], learning_rate: float, weight_decay: float) -> None:
        """KeyError for a name that the model does not have."""
        parameters = dict(model.named_parameters())
        chosen = {name: parameters.pop(name) for name in matrices}
        self.parts = (
            Muon(list(chosen.values()), learning_rate, weight_decay),
            adamw(parameters.values(), learning_rate, weight_decay),
        )

    def set_rate(self, rate: float) -> None:
        """Give every parameter this learning rate."""
        for part in self.parts:
            set_rate(part, rate)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def step(self) -> None:
        """One step of both."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict:
        """The state of both."""
        return {str(number): part.state_dict() for number, part in enumerate(self.parts)}

    def load_state_dict(self, state: dict) -> None:
        """Take over a state of `state_dict`."""
        for number, part in enumerate(self.parts):
            part.load_state_dict(state[str(number)])
