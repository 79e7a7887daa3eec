"""Steps of a fixed shape for a GPU, where starting a step's hundreds of kernels takes longer than their work: each size
of batch is captured once as a CUDA graph and then replayed. On a CPU the same steps run without a capture.
"""

from __future__ import annotations

import torch

from captioner.captioning.gpt2 import Gpt2
from captioner.captioning.memory import Fixed, Memory
from captioner.captioning.said import TOGETHER, Said, choose
from captioner.decoders.autoregressive import Autoregressive
from captioner.foundation.errors import InputError

LEAST = 8  # rows of the smallest batch
ROOM = 16  # places of a memory are a multiple of this, so that prompts of like length share their graphs


def bucket(rows: int) -> int:
    """The size of batch in which so many rows go: the next power of two."""
    return max(LEAST, 1 << (rows - 1).bit_length())


class _Step:
    """One more token for every row of a batch of this size, ended or not, with all that it takes in place."""

    def __init__(self, decoder: Gpt2, rows: int, room: int, steps: int) -> None:
        self.decoder, device = decoder, decoder.device
        size = decoder.width // decoder.heads
        self.memory = Fixed((decoder.layers, rows, decoder.heads, room, size), decoder.dtype, device)
        self.said = Said.empty(steps, rows, decoder.stop, device)
        self.token = torch.full((rows,), decoder.stop, device=device)
        self.at = torch.zeros(1, dtype=torch.long, device=device)  # the next step
        self.first = 0  # the step at which the texts in it have come
        self._graph: torch.cuda.CUDAGraph | None = None
        if device.type == "cuda":
            self._capture()

    def _capture(self) -> None:
        """Record the step; the runs before it, which CUDA asks for, leave nothing behind that is not overwritten."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(2):
                self._once()
                self.memory.rewind(1)
                self.at -= 1
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._once()
        self._graph = graph

    def _once(self) -> None:
        hidden = self.decoder.read(self.decoder.table(self.token).unsqueeze(1), self.memory)
        token, best, entropy = choose(self.decoder.logits(hidden))[:3]
        self.said.tokens.index_copy_(0, self.at, token[None])
        self.said.log_probabilities.index_copy_(0, self.at, best[None])
        self.said.entropies.index_copy_(0, self.at, entropy[None])
        self.token.copy_(token)
        self.at += 1

    def __call__(self) -> None:
        self._graph.replay() if self._graph else self._once()


class Graphs:
    """Goes on with batches of texts by steps of fixed shapes, each made when a batch first asks for it and kept."""

    def __init__(self, decoder: Autoregressive) -> None:
        """InputError for a decoder that transformers runs."""
        if not isinstance(decoder, Gpt2):
            raise InputError("params.yaml: caption.graphs: only for GPT-2, which this decoder is not; set it to false")
        self.decoder = decoder
        self._steps: dict[tuple[int, int, int], _Step] = {}

    def _step(self, rows: int, room: int, steps: int) -> _Step:
        key = (bucket(rows), room, steps)
        if key not in self._steps:
            self._steps[key] = _Step(self.decoder, *key)
        return self._steps[key]

    def continued(self, memory: Memory, hidden: torch.Tensor, steps: int) -> Said:
        """What follows the hidden states [B, W] of a batch whose texts are in `memory`: at most `steps` tokens each.

        The device is waited for once in `TOGETHER` steps; when half of the rows have ended, those that go on move to
        a batch of a smaller size.
        """
        decoder, room = self.decoder, -(-memory.keys.shape[3] // ROOM) * ROOM
        said = Said.empty(steps, len(hidden), decoder.stop, hidden.device)
        token, said.log_probabilities[0], said.entropies[0] = choose(decoder.logits(hidden))[:3]
        said.tokens[0] = token
        rows = torch.arange(len(hidden), device=hidden.device)
        step = self._step(len(rows), room, steps)
        self._move(step, memory, rows, token, 1)
        for done in range(2, steps + 1):
            step()
            if done % TOGETHER and done < steps:
                continue
            for own, theirs in zip(said.columns, step.said.columns, strict=True):
                own[step.first : done, rows] = theirs[step.first : done, : len(rows)]
            going = (said.tokens[:done, rows] != decoder.stop).all(dim=0).nonzero().flatten()  # waits for the device
            if not len(going) or done == steps:
                break
            if bucket(len(going)) < bucket(len(rows)):
                smaller = self._step(len(going), room, steps)
                self._move(smaller, step.memory, going, step.token[going], done)
                step, rows = smaller, rows[going]
        return said

    def _move(self, step: _Step, memory: Memory, rows: torch.Tensor, token: torch.Tensor, done: int) -> None:
        """Have `step` go on with these rows of `memory` after these tokens; `done` steps have been made."""
        step.memory.take(memory, rows)
        step.token.fill_(self.decoder.stop)
        step.token[: len(rows)] = token
        step.at.fill_(done)
        step.first = done
