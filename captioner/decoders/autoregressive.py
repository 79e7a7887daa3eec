"""What every decoder is to the maker of captions: a model that goes on with what it has read, a token at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import torch
from torch import nn

NARROW = 256  # up to this width, attention in plain matrix products is faster on a CPU than the fused kernel


class Kept(Protocol):
    """What a decoder keeps of the texts that a batch has read."""

    def drop(self, ended: torch.Tensor) -> torch.Tensor:
        """Leave out the texts that are `ended` [B]. Which text now stands in each row, as indices into the former."""


class Autoregressive(ABC):
    """A frozen causal language model in evaluation mode."""

    device: torch.device
    width: int  # W, dimensions of a token embedding
    vocabulary: int  # |V|, the rows of the output layer
    positions: int  # the longest sequence of prefix, prompt and caption, in tokens
    stop: int  # the id of the token that ends a text
    start: int  # the id of the token that begins one
    table: nn.Embedding  # what gives the embeddings [..., W] of token ids [...]

    @property
    def embeddings(self) -> torch.Tensor:
        """The token embeddings [V, W] as the model reads them: the table's weights, or what a table of a class of its
        own makes of them, as those of XGLM and Gemma 3 scale theirs by the root of the width.
        """
        if type(self.table) is nn.Embedding:
            return self.table.weight
        return self.table(torch.arange(self.table.num_embeddings, device=self.table.weight.device))

    @abstractmethod
    def memory(self, rows: int, room: int) -> Kept:
        """An empty memory for so many texts of at most `room` places."""

    @abstractmethod
    def read(self, inputs: torch.Tensor, memory: Kept) -> torch.Tensor:
        """The last hidden state [B, W] after input embeddings [B, T, W] that follow what is in `memory`, which keeps
        them.
        """

    @abstractmethod
    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits [..., V] of hidden states [..., W], in float32 outside of autocast."""
