"""What a batch of texts is continued by: the choice of a token, and all choices until they become captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from captioner.captioning.captions import Caption
from captioner.decoders.vocabulary import Vocabulary

TOGETHER = 8  # steps between two looks at which rows have ended, on a GPU


def choose(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of logits [B, V] the most likely token, its log-probability and the entropy of the distribution (nats), [B] each,
    and all log-probabilities [B, V].
    """
    logs = torch.log_softmax(logits, dim=-1)
    best, token = logs.max(dim=-1)
    return token, best, -(logs.exp() * logs.clamp_min(-1e4)).sum(dim=-1), logs


@dataclass
class Said:
    """What was chosen at each step [steps, B], with its log-probability and the entropy of its distribution (nats);
    after a row's stop token it holds anything.
    """

    tokens: torch.Tensor
    log_probabilities: torch.Tensor
    entropies: torch.Tensor

    @classmethod
    def empty(cls, steps: int, rows: int, stop: int, device: torch.device) -> Said:
        """Nothing said yet."""
        return cls(
            torch.full((steps, rows), stop, device=device), *(torch.zeros(steps, rows, device=device) for _ in range(2))
        )

    @property
    def columns(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """All three."""
        return self.tokens, self.log_probabilities, self.entropies

    def captions(self, vocabulary: Vocabulary, prompts: Sequence[list[int]], stop: int) -> list[Caption]:
        """The caption of each row, up to its stop token; `prompts`: the token ids before each."""
        made = []
        columns = (each.T.tolist() for each in self.columns)
        for ids, tokens, logs, spreads in zip(prompts, *columns, strict=True):
            stopped = stop in tokens
            words = tokens[: tokens.index(stop)] if stopped else tokens
            said = len(words) + stopped
            entropies = tuple(max(spread, 0.0) for spread in spreads[:said])
            text, whole = vocabulary.text(words), vocabulary.text([*ids, *words])
            made.append(Caption(text, whole, len(words), stopped, tuple(logs[:said]), entropies))
        return made
