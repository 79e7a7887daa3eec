"""Greedy captions in batches: prefix and prompt in, one token a step with a cache, until the stop token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import torch
from tqdm import tqdm

from captioner.captioning.captions import Caption
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)
from captioner.foundation.checkpoints import Parts
from captioner.foundation.documents import halved
from captioner.foundation.errors import InputError

from transformers.cache_utils import DynamicCache  # isort: skip


def prompt_ids(
    prompt: str, vocabulary: Vocabulary, decoder: Decoder, prefix_length: int, max_new_tokens: int
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
    decoder: Decoder,
    vocabulary: Vocabulary,
    prefix: torch.Tensor,
    prompt: str,
    max_new_tokens: int,
    watch: Callable[[list[int], list[int], torch.Tensor], None] | None = None,
) -> list[Caption]:
    """Captions of a batch of prefixes [B, k, W] after one prompt, each ended by the stop token or by the cap.

    A row that has ended leaves the batch. Distributions are taken in float32 before the choice. `watch` is shown each
    step: the rows that still go on, the token chosen for each, and their log-probabilities [rows, V].
    """
    ids = prompt_ids(prompt, vocabulary, decoder, prefix.shape[1], max_new_tokens)
    size = len(prefix)
    told = torch.tensor(ids, dtype=torch.long, device=decoder.device).expand(size, -1)  # [B, P]
    inputs = torch.cat([prefix.to(decoder.device), decoder.table(told).float()], dim=1)  # [B, k + P, W]
    cache = DynamicCache(config=decoder.model.config)
    chosen: list[list[int]] = [[] for _ in range(size)]
    log_probabilities: list[list[float]] = [[] for _ in range(size)]
    entropies: list[list[float]] = [[] for _ in range(size)]
    alive = list(range(size))
    for step in range(max_new_tokens):
        hidden = decoder.hidden(inputs, cache)[:, -1]  # [B, W]
        logs = torch.log_softmax(decoder.logits(hidden), dim=-1)  # [B, V]
        best, token = logs.max(dim=-1)
        entropy = -(logs.exp() * logs.clamp_min(-1e4)).sum(dim=-1)
        if watch:
            watch(alive, token.tolist(), logs)
        for row, value, ident, spread in zip(alive, best.tolist(), token.tolist(), entropy.tolist(), strict=True):
            chosen[row].append(ident)
            log_probabilities[row].append(value)
            entropies[row].append(max(spread, 0.0))
        going = token != decoder.stop
        alive = [row for row, goes in zip(alive, going.tolist(), strict=True) if goes]
        if not alive or step + 1 == max_new_tokens:
            break
        if len(alive) < len(token):
            cache.batch_select_indices(going.nonzero().flatten())
        inputs = decoder.table(token[going]).unsqueeze(1)  # [B, 1, W]
    captions = []
    for row in range(size):
        stopped = chosen[row][-1] == decoder.stop
        words = chosen[row][:-1] if stopped else chosen[row]
        text, whole = vocabulary.text(words), vocabulary.text([*ids, *words])
        captions.append(Caption(text, whole, len(words), stopped, tuple(log_probabilities[row]), tuple(entropies[row])))
    return captions


def caption_all(
    decoder: Decoder,
    vocabulary: Vocabulary,
    prefix: torch.Tensor,
    prompt: str,
    max_new_tokens: int,
    batch_size: int,
    label: str,
    parts: Parts | None = None,
) -> list[Caption]:
    """`greedy` over prefixes [N, k, W] in batches, with progress.

    `parts` keeps the captions of each batch, so that an interrupted run goes on there.
    """
    captions = [Caption(**fields) for part in parts.load() for fields in part] if parts else []
    with tqdm(total=len(prefix), initial=len(captions), desc=label, unit=" captions", mininterval=1.0) as progress:
        for at in range(len(captions), len(prefix), batch_size):
            made = greedy(decoder, vocabulary, prefix[at : at + batch_size], prompt, max_new_tokens)
            captions += made
            if parts:
                parts.add([asdict(caption) for caption in made])
            progress.update(len(made))
    return captions
