"""Captions by beam search, as transformers' `generate` defines it with a length penalty of 1 and no early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from captioner.captioning.captions import Caption
from captioner.captioning.said import Said, choose
from captioner.decoders.autoregressive import Autoregressive
from captioner.decoders.vocabulary import Vocabulary
from captioner.decoding.base import Decoding, arrange, begun
from captioner.foundation.errors import InputError

NEVER = -1e9  # the score of a hypothesis that is none

Columns = tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # token, log-probability, entropy by place, [..., T] each


def _rows(columns: Columns, places: torch.Tensor) -> Columns:
    """Hypotheses at these places [B, M] of columns [B, H, T]."""
    index = places[..., None].expand(-1, -1, columns[0].shape[-1])
    return tuple(column.gather(1, index) for column in columns)


class _Finished:
    """The best `beams` finished hypotheses of each of N pictures, the best first."""

    def __init__(self, pictures: int, beams: int, steps: int, stop: int, device: torch.device) -> None:
        self.scores = torch.full((pictures, beams), NEVER, device=device)  # mean log-probability a token
        said = Said.empty(pictures * beams, steps, stop, device)
        self.columns: Columns = tuple(column.view(pictures, beams, steps) for column in said.columns)

    def add(self, pictures: torch.Tensor, scores: torch.Tensor, columns: Columns) -> None:
        """More hypotheses of these pictures [b]: scores [b, M] and columns [b, M, T]; what is none scores `NEVER`."""
        beams = self.scores.shape[1]
        merged = torch.cat([self.scores[pictures], scores], dim=1)
        whole = tuple(torch.cat([own[pictures], new], dim=1) for own, new in zip(self.columns, columns, strict=True))
        self.scores[pictures], places = merged.topk(beams, dim=1)
        for own, new in zip(self.columns, _rows(whole, places), strict=True):
            own[pictures] = new


@dataclass(frozen=True)
class BeamSearch(Decoding):
    """The best `captions` of `beams` hypotheses a picture, the best first.

    A hypothesis ends with its stop token, or at the cap; its score is the mean log-probability a token, the stop token
    included. Each step keeps the `beams` likeliest unfinished hypotheses; one that ends is taken where it is among the
    `beams` likeliest of all. A picture is done once it has `beams` finished ones and the likeliest unfinished one,
    scored at its present length, is no better than the worst of them.
    """

    beams: int
    captions: int  # at most `beams`

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
        size, beams = decoder.vocabulary, self.beams
        if 2 * beams > size:
            raise InputError(f"beams: {beams} are too many for a vocabulary of {size}; at most {size // 2}")
        ids, memory, hidden = begun(decoder, vocabulary, prefix, prompt, max_new_tokens)
        device = hidden.device
        done = _Finished(len(prefix), beams, max_new_tokens, decoder.stop, device)
        pictures = torch.arange(len(prefix), device=device)  # those that go on
        scores = torch.zeros(len(prefix), 1, device=device)  # of their hypotheses, one at first
        said: Columns = tuple(column[:, :1].clone() for column in done.columns)
        for step in range(max_new_tokens):
            _, _, entropy, logs = choose(decoder.logits(hidden))
            lines = scores.shape[1]
            total = (scores[..., None] + logs.view(-1, lines, size)).flatten(1)  # [b, H V]
            best, places = total.topk(2 * beams, dim=1)  # of which `beams` at least go on
            parent, token = places // size, places % size
            longer = _rows(said, parent)
            own = logs.view(-1, lines * size).gather(1, places)
            for column, new in zip(longer, (token, own, entropy.view(-1, lines).gather(1, parent)), strict=True):
                column[..., step] = new
            last = step + 1 == max_new_tokens
            ends = torch.ones_like(token, dtype=torch.bool) if last else token == decoder.stop
            taken = ends.clone()
            taken[:, beams:] = False
            done.add(pictures, (best / (step + 1)).masked_fill(~taken, NEVER), longer)
            if last:
                break
            scores, chosen = best.masked_fill(ends, NEVER).topk(beams, dim=1)
            going = scores[:, 0] / (step + 1) > done.scores[pictures, -1]
            if not bool(going.any()):
                break
            scores, pictures = scores[going], pictures[going]
            said = _rows(tuple(column[going] for column in longer), chosen[going])
            first = lines * torch.arange(len(going), device=device)[:, None]  # the row of each picture's first line
            order = (first + parent.gather(1, chosen))[going].flatten()
            arrange(memory, order)
            token = said[0][..., step].flatten()
            hidden = decoder.read(decoder.table(token).unsqueeze(1), memory)
        kept = (column[:, : self.captions].flatten(0, 1).T for column in done.columns)
        made = Said(*kept).captions(vocabulary, [ids] * (len(prefix) * self.captions), decoder.stop)
        return [made[at : at + self.captions] for at in range(0, len(made), self.captions)]
