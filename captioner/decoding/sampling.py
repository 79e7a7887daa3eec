"""Captions that are drawn: nucleus sampling with a temperature, each picture's tokens by random numbers of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from captioner.captioning.captions import Caption
from captioner.captioning.said import Said, choose
from captioner.decoders.autoregressive import Autoregressive
from captioner.decoders.vocabulary import Vocabulary
from captioner.decoding.base import Decoding, arrange, begun


def uniform(seed: int, keys: Sequence[str], samples: int, steps: int) -> np.ndarray:
    """Numbers [N, samples, steps] in [0, 1), multiples of 2^-32, from the hash SHAKE-256 of seed, key and number of the
    sample: those of a picture do not depend on the other pictures, nor the first ones on how many there are.
    """

    def drawn(key: str, number: int) -> bytes:
        return hashlib.shake_256(f"{seed}/{number}/{key}".encode("utf-8", "surrogateescape")).digest(4 * steps)

    whole = b"".join(drawn(key, number) for key in keys for number in range(samples))
    return np.frombuffer(whole, "<u4").reshape(len(keys), samples, steps) / 2.0**32


def nucleus_probabilities(logits: torch.Tensor, top_p: float, temperature: float) -> torch.Tensor:
    """What tokens are drawn by, [B, V] in float64 on the CPU: the distribution of logits [B, V] / temperature, cut to
    the smallest set of the likeliest tokens whose mass reaches `top_p` and scaled to 1 (Holtzman et al., 2020).
    """
    chances = torch.softmax(logits.cpu().double() / temperature, dim=-1)
    if top_p < 1:
        ranked, order = chances.sort(dim=-1, descending=True, stable=True)
        before = ranked.cumsum(dim=-1) - ranked  # the mass of what is likelier
        outside = before >= top_p
        outside[:, 0] = False
        chances = chances.masked_fill(torch.zeros_like(outside).scatter(1, order, outside), 0.0)
    return chances / chances.sum(dim=-1, keepdim=True)


def drawn_tokens(chances: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """The token [B] at which the cumulated probabilities [B, V], in the order of the ids, first exceed `numbers` [B].

    In that order a rounding of the logits moves each bound by as little, which an order by probability would not.
    """
    sums = chances.cumsum(dim=-1)
    return torch.searchsorted(sums, (numbers * sums[:, -1])[:, None], right=True)[:, 0]


@dataclass(frozen=True)
class Nucleus(Decoding):
    """`captions` samples a picture, each token of probability within the nucleus `top_p` at a `temperature`."""

    top_p: float  # in (0, 1]; 1 cuts nothing
    temperature: float  # above 0; 1 leaves the distribution as it is
    captions: int
    seed: int

    @torch.inference_mode()
    def words(
        self,
        decoder: Autoregressive,
        vocabulary: Vocabulary,
        prefix: torch.Tensor,
        prompt: str,
        keys: Sequence[str],
        max_new_tokens: int,
    ) -> list[list[Caption]]:
        ids, memory, hidden = begun(decoder, vocabulary, prefix, prompt, max_new_tokens)
        device = hidden.device
        numbers = torch.from_numpy(uniform(self.seed, keys, self.captions, max_new_tokens)).flatten(0, 1)  # [N n, T]
        rows = torch.arange(len(numbers), device=device)
        order = rows // self.captions
        arrange(memory, order)
        hidden = hidden[order]
        said = Said.empty(max_new_tokens, len(rows), decoder.stop, device)
        for step in range(max_new_tokens):
            logits = decoder.logits(hidden)
            _, _, entropy, logs = choose(logits)
            chances = nucleus_probabilities(logits, self.top_p, self.temperature)
            token = drawn_tokens(chances, numbers[rows.cpu(), step]).to(device)
            own = logs.gather(1, token[:, None])[:, 0]
            for column, new in zip(said.columns, (token, own, entropy), strict=True):
                column[step, rows] = new
            ended = token == decoder.stop
            if step + 1 == max_new_tokens or bool(ended.all()):
                break
            if bool(ended.any()):
                left = memory.drop(ended)
                rows, token = rows[left], token[left]
            hidden = decoder.read(decoder.table(token).unsqueeze(1), memory)
        made = said.captions(vocabulary, [ids] * len(numbers), decoder.stop)
        return [made[at : at + self.captions] for at in range(0, len(made), self.captions)]
