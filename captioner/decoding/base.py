"""What every way of decoding beside the greedy one is, and captions of many pictures by it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict

import torch
from tqdm import tqdm

from captioner.captioning.captions import Caption
from captioner.captioning.generation import prompt_ids
from captioner.captioning.memory import Memory
from captioner.decoders.autoregressive import Autoregressive, Kept
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Parts


class Decoding(ABC):
    """A way to word `captions` captions a picture after its prefix and a prompt.

    Log-probabilities and entropies of a caption are the model's own, whatever the tokens were chosen by.
    """

    captions: int  # n, of each picture

    @abstractmethod
    def words(
        self,
        decoder: Autoregressive,
        vocabulary: Vocabulary,
        prefix: torch.Tensor,
        prompt: str,
        keys: Sequence[str],
        max_new_tokens: int,
    ) -> list[list[Caption]]:
        """Captions [N][n] of prefixes [N, k, W]; a picture's do not depend on the others of its batch.

        `keys` [N] name the pictures to whatever is drawn at random.
        """


def begun(
    decoder: Autoregressive, vocabulary: Vocabulary, prefix: torch.Tensor, prompt: str, max_new_tokens: int
) -> tuple[list[int], Kept, torch.Tensor]:
    """Prefixes [N, k, W] and prompt, read once: the prompt's token ids, a memory with room for the caption, and the
    last hidden states [N, W].
    """
    ids = prompt_ids(prompt, vocabulary, decoder, prefix.shape[1], max_new_tokens)
    told = decoder.table(torch.tensor(ids, dtype=torch.long, device=decoder.device)).float()  # [P, W]
    inputs = torch.cat([prefix.to(decoder.device), told.expand(len(prefix), -1, -1)], dim=1)  # [N, k + P, W]
    memory = decoder.memory(len(inputs), inputs.shape[1] + max_new_tokens)
    return ids, memory, decoder.read(inputs, memory)


def arrange(memory: Kept, order: torch.Tensor) -> None:
    """Put text `order[i]` [R] of a memory into its row i; a text may stand in several rows, or in none."""
    if isinstance(memory, Memory):
        memory.keys, memory.values = memory.keys.index_select(1, order), memory.values.index_select(1, order)
        memory.starts = None if memory.starts is None else memory.starts[order]
    else:
        memory.cache.batch_select_indices(order)


def decode_all(
    decoding: Decoding,
    decoder: Autoregressive,
    vocabulary: Vocabulary,
    prefix: torch.Tensor,
    prompt: str,
    keys: Sequence[str],
    max_new_tokens: int,
    batch_size: int,
    label: str,
    parts: Parts,
) -> list[list[Caption]]:
    """Captions [N][n] of prefixes [N, k, W], as many pictures at a time as make `batch_size` captions, with progress.

    `parts` keeps the captions of each batch, so that an interrupted run goes on there.
    """
    made = [[Caption(**fields) for fields in several] for part in parts.load() for several in part]
    pictures = max(1, batch_size // decoding.captions)
    with tqdm(total=len(prefix), initial=len(made), desc=label, unit=" pictures", mininterval=1.0) as progress:
        for at in range(len(made), len(prefix), pictures):
            here = slice(at, at + pictures)
            found = decoding.words(decoder, vocabulary, prefix[here], prompt, keys[here], max_new_tokens)
            made += found
            parts.add([[asdict(caption) for caption in several] for several in found])
            progress.update(len(found))
    return made
