"""One bridge trained for captions of several forms: each prompt with those that follow it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from captioner.bridge.objective import Objective


class Spoken:
    """Several objectives of one bridge as one, their prompts in a row, so that `train` draws among all of them.

    Each objective has captions of its own (another language, another case); all count as many for an image.
    """

    def __init__(self, parts: Sequence[Objective]) -> None:
        self.parts = parts
        self.decoder, self.table = parts[0].decoder, parts[0].table
        self.prompts = [(part, own) for part in parts for own in range(len(part.prompts))]

    def __call__(
        self, images: Sequence[int], embeddings: torch.Tensor, which: Sequence[int], prompt: int
    ) -> tuple[torch.Tensor, int]:
        """Sum of the losses and count of the trained tokens, after prompt number `prompt` of all."""
        part, own = self.prompts[prompt]
        return part(images, embeddings, which, own)
