"""What a bridge is trained for: the captions' tokens after image and prompt, under a decoder that is frozen or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from captioner.bridge.base import Bridge
from captioner.decoders.decoder import Decoder
from captioner.decoders.tokens import IGNORED, TokenTable, batch
from captioner.decoders.vocabulary import Vocabulary, form
from captioner.foundation.errors import InputError
from captioner.foundation.optimisation import by_length

GROUPS = 4  # of like length, into which a batch is cut on a CPU


@dataclass(frozen=True)
class Examples:
    """The images of one split: ids in order and their embeddings [N, D]."""

    images: Sequence[int]
    embeddings: torch.Tensor


class Objective:
    """The mean cross-entropy of caption tokens after [prefix, prompt], nats a token; `stop_token`: that one too."""

    def __init__(
        self,
        decoder: Decoder,
        bridge: Bridge,
        table: TokenTable,
        prompts: Mapping[str, str],
        vocabulary: Vocabulary,
        stop_token: bool = True,
    ) -> None:
        self.decoder, self.bridge, self.table, self.stop_token = decoder, bridge, table, stop_token
        self.prompts = [
            (torch.tensor([vocabulary.prompt(text)], dtype=torch.long), form(text)) for text in prompts.values()
        ]
        self.names = list(prompts)
        longest = max(ids.shape[1] for ids, _ in self.prompts)
        needed = bridge.shape.prefix_length + longest + table.longest()
        if needed > decoder.positions:
            raise InputError(
                f"params.yaml: projection: prefix, longest prompt and longest caption need {needed} positions, "
                f"the decoder has {decoder.positions}; shorten projection.prompts or projection.prefix_length"
            )

    def __call__(
        self, images: Sequence[int], embeddings: torch.Tensor, which: Sequence[int], prompt: int
    ) -> tuple[torch.Tensor, int]:
        """Sum of the losses and count of the trained tokens, for caption `which` of each image after prompt number
        `prompt`.

        On a CPU captions of like length go through the decoder together, since a padded position costs as much as a
        token; the sum is the same to rounding.
        """
        ids, how = self.prompts[prompt]
        captions = [self.table.caption(image, chosen, how) for image, chosen in zip(images, which, strict=True)]
        prefix = self.bridge(embeddings.to(self.decoder.device))  # [B, k, W]
        told = self.decoder.table(ids.to(self.decoder.device))  # [1, P, W]
        lengths = torch.tensor([len(caption) for caption in captions])
        groups = by_length(lengths, GROUPS if self.decoder.device.type == "cpu" else 1)
        parts = [self._loss(prefix[rows], told, [captions[row] for row in rows.tolist()]) for rows in groups]
        return torch.stack([loss for loss, _ in parts]).sum(), sum(count for _, count in parts)

    def _loss(
        self, prefix: torch.Tensor, told: torch.Tensor, captions: Sequence[np.ndarray]
    ) -> tuple[torch.Tensor, int]:
        inputs, labels = batch(captions, self.decoder.stop, self.stop_token)  # [B, T], [B, T + 1]
        device = self.decoder.device
        told = told.expand(len(prefix), -1, -1)  # [B, P, W]
        words = self.decoder.table(inputs.to(device))  # [B, T, W]
        tail = self.decoder.tail(torch.cat([prefix, told, words], dim=1), words.shape[1] + 1)  # [B, T + 1, W]
        kept = labels != IGNORED
        logits = self.decoder.logits(tail[kept.to(device)])  # [K, V]
        target = labels[kept].to(device)
        return F.cross_entropy(logits, target, reduction="sum"), len(target)


@torch.no_grad()
def validation_loss(objective: Objective, examples: Examples, batch_size: int) -> float:
    """Nats a token over the examples' first captions, after every prompt."""
    total, count = 0.0, 0
    for prompt in range(len(objective.prompts)):
        for at in range(0, len(examples.images), batch_size):
            images = examples.images[at : at + batch_size]
            loss, tokens = objective(images, examples.embeddings[at : at + batch_size], [0] * len(images), prompt)
            total, count = total + loss.item(), count + tokens
    return total / count
