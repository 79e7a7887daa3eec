"""Greedy captions in batches: prefix and prompt in, one token a step with a cache, until the stop token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

import torch
from tqdm import tqdm

from captioner.captioning.captions import Caption
from captioner.captioning.gpt2 import Gpt2
from captioner.captioning.graphs import Graphs
from captioner.captioning.memory import Memory
from captioner.captioning.said import TOGETHER, Said, choose
from captioner.decoders.autoregressive import Autoregressive, Kept
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Parts
from captioner.foundation.documents import halved
from captioner.foundation.errors import InputError

LOOKS = {"cpu": 1}  # steps between two looks at which rows have ended, where looking costs nothing
Watch = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], None]


def prompt_ids(
    prompt: str, vocabulary: Vocabulary, decoder: Autoregressive, prefix_length: int, max_new_tokens: int
) -> list[int]:
    """The prompt's token ids; InputError for half a character, and where prefix, prompt and caption together exceed the
    decoder's context.
    """
    if halved(prompt):
        raise InputError(f"prompt {prompt[:40]!r}: holds half a character (a lone surrogate); write it in UTF-8")
    ids = vocabulary.prompt(prompt)
    room = decoder.positions - prefix_length - max_new_tokens
    if len(ids) > room:
        shown = prompt if len(prompt) <= 40 else prompt[:40] + "..."
        raise InputError(
            f"prompt {shown!r}: {len(ids)} tokens, but the decoder's context of {decoder.positions} leaves {room} "
            f"beside {prefix_length} prefix embeddings and {max_new_tokens} new tokens; shorten it or lower the cap"
        )
    return ids


@torch.inference_mode()
def greedy(
    decoder: Autoregressive,
    vocabulary: Vocabulary,
    prefix: torch.Tensor,
    prompt: str,
    max_new_tokens: int,
    watch: Watch | None = None,
    graphs: Graphs | None = None,
) -> list[Caption]:
    """Captions of a batch of prefixes [B, k, W] after one prompt, each ended by the stop token or by the cap; by the
    steps of `graphs` where they are given, which show nothing to `watch`.

    Distributions are taken in float32 before the choice. `watch` is shown each step: the rows that still go on, the
    token chosen for each, and their log-probabilities [rows, V]; after a row's stop token it may be shown more of it.
    """
    ids = prompt_ids(prompt, vocabulary, decoder, prefix.shape[1], max_new_tokens)
    told = decoder.table(torch.tensor(ids, dtype=torch.long, device=decoder.device)).float()  # [P, W]
    inputs = torch.cat([prefix.to(decoder.device), told.expand(len(prefix), -1, -1)], dim=1)  # [B, k + P, W]
    memory = decoder.memory(len(inputs), inputs.shape[1] + max_new_tokens)
    hidden = decoder.read(inputs, memory)
    said = (
        graphs.continued(memory, hidden, max_new_tokens)
        if graphs
        else _continued(decoder, memory, hidden, max_new_tokens, watch)
    )
    return said.captions(vocabulary, [ids] * len(prefix), decoder.stop)


@torch.inference_mode()
def greedy_prompts(
    decoder: Autoregressive,
    vocabulary: Vocabulary,
    prefix: torch.Tensor,
    prompts: Sequence[str],
    max_new_tokens: int,
    watch: Watch | None = None,
) -> list[list[Caption]]:
    """For each prompt the captions of prefixes [B, k, W], all in one batch of rows in the order of the prompts.

    A GPT-2 reads the prefixes once for all prompts, and prompts of all lengths go on together; other decoders take one
    prompt after another.
    """
    size = len(prefix)
    if not isinstance(decoder, Gpt2) or len(prompts) < 2:
        shown = [watch and _from(watch, number * size) for number in range(len(prompts))]
        return [
            greedy(decoder, vocabulary, prefix, prompt, max_new_tokens, each)
            for prompt, each in zip(prompts, shown, strict=True)
        ]
    length = prefix.shape[1]
    several = [prompt_ids(prompt, vocabulary, decoder, length, max_new_tokens) for prompt in prompts]
    shared = decoder.memory(size, length)
    after = decoder.read(prefix.to(decoder.device), shared)  # [B, W]
    memories, states = [], []
    for ids in several:
        memory = shared.extended(length + len(ids))
        told = decoder.table(torch.tensor(ids, dtype=torch.long, device=decoder.device)).float()  # [P, W]
        memories.append(memory)
        states.append(decoder.read(told.expand(size, -1, -1), memory) if ids else after)
    memory = Memory.joined(memories, length + max(map(len, several)) + max_new_tokens)
    said = _continued(decoder, memory, torch.cat(states), max_new_tokens, watch)
    captions = said.captions(vocabulary, [ids for ids in several for _ in range(size)], decoder.stop)
    return [captions[at : at + size] for at in range(0, len(captions), size)]


def _from(watch: Watch, first: int) -> Watch:
    """The watch of a batch whose rows count from `first`."""
    return lambda rows, tokens, logs: watch(rows + first, tokens, logs)


def _continued(decoder: Autoregressive, memory: Kept, hidden: torch.Tensor, steps: int, watch: Watch | None) -> Said:
    """What follows the hidden states [B, W] of a batch whose texts are in `memory`: at most so many tokens each.

    Rows that have ended leave the batch: on a CPU at once; on a GPU, which has to be waited for to know of them, every
    `TOGETHER` steps.
    """
    device = hidden.device
    every = LOOKS.get(device.type, TOGETHER)
    said = Said.empty(steps, len(hidden), decoder.stop, device)
    rows = torch.arange(len(hidden), device=device)
    ended = torch.zeros(len(hidden), dtype=torch.bool, device=device)
    for step in range(steps):
        token, best, entropy, logs = choose(decoder.logits(hidden))
        for own, new in zip(said.columns, (token, best, entropy), strict=True):
            own[step, rows] = new
        if watch:
            watch(rows, token, logs)
        if step + 1 == steps:
            break
        ended |= token == decoder.stop
        if (step + 1) % every == 0 and bool(ended.any()):
            if bool(ended.all()):
                break
            order = memory.drop(ended)
            rows, token, ended = rows[order], token[order], ended[order] & False
        hidden = decoder.read(decoder.table(token).unsqueeze(1), memory)
    return said


def caption_all(
    decoder: Autoregressive,
    vocabulary: Vocabulary,
    prefix: torch.Tensor,
    prompt: str,
    max_new_tokens: int,
    batch_size: int,
    label: str,
    parts: Parts | None = None,
    graphs: Graphs | None = None,
) -> list[Caption]:
    """`greedy` over prefixes [N, k, W] in batches, with progress.

    `parts` keeps the captions of each batch, so that an interrupted run goes on there.
    """
    captions = [Caption(**fields) for part in parts.load() for fields in part] if parts else []
    with tqdm(total=len(prefix), initial=len(captions), desc=label, unit=" captions", mininterval=1.0) as progress:
        for at in range(len(captions), len(prefix), batch_size):
            made = greedy(decoder, vocabulary, prefix[at : at + batch_size], prompt, max_new_tokens, graphs=graphs)
            captions += made
            if parts:
                parts.add([asdict(caption) for caption in made])
            progress.update(len(made))
    return captions
