"""A soft prompt: trained embeddings in the place of a prompt's tokens, map and decoder frozen."""

from __future__ import annotations

import torch
from torch import nn

from captioner.bridge.base import Bridge, Shape


class SoftPrompted(Bridge):
    """A frozen bridge followed by P trained embeddings, the same for every image: prompt tuning (Lester et al., 2021).

    It gives [B, k + P, W]; the caption follows at once, as after the empty prompt.
    """

    kind = "soft"

    def __init__(self, bridge: Bridge, start: torch.Tensor) -> None:
        """`start` [P, W]: where the embeddings start from, such as those of a prompt's tokens."""
        shape = bridge.shape
        super().__init__(Shape(shape.embedding, shape.prefix_length + len(start), shape.width))
        self.bridge = bridge.requires_grad_(False)
        self.prompt = nn.Parameter(start.detach().clone().float())

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        return self.mapped(embeddings)

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        """The frozen bridge's prefix [B, k, W] of embeddings as they are, then the prompt."""
        prefix = self.bridge(scaled)
        return torch.cat([prefix, self.prompt.expand(len(prefix), -1, -1)], dim=1)

    def enlarge(self, factor: torch.Tensor) -> None:
        """A soft prompt starts from words and is not scaled; ValueError."""
        raise ValueError("a soft prompt starts as it is")


def nearest_tokens(prompt: torch.Tensor, table: torch.Tensor) -> list[int]:
    """The token whose embedding in `table` [V, W] has the greatest cosine with each of [P, W]; of equal ones the first.

    How a soft prompt reads; what it does is in the rest of the vectors (Khashabi et al., 2022).
    """
    unit = nn.functional.normalize(table, dim=-1)
    return (nn.functional.normalize(prompt, dim=-1) @ unit.T).argmax(dim=-1).tolist()
