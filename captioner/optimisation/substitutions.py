"""Other wordings of a prompt, proposed by the language model itself: one word replaced by another."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch.nn import functional as F

from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.optimisation.candidates import Candidate


@torch.inference_mode()
def log_likelihoods(decoder: Decoder, sequences: Sequence[Sequence[int]]) -> torch.Tensor:
    """Mean log-probability of the tokens of each sequence [N], nats a token, each read as the start of a document.

    ValueError for a sequence without tokens.
    """
    if not all(sequences):
        raise ValueError("a sequence without tokens has no likelihood")
    longest = max(map(len, sequences))
    ids = torch.full((len(sequences), longest + 1), decoder.stop)  # [N, 1 + T], the stop token before each
    for row, sequence in enumerate(sequences):
        ids[row, 1 : 1 + len(sequence)] = torch.tensor(sequence)
    ids = ids.to(decoder.device)
    logits = decoder.logits(decoder.hidden(decoder.table(ids[:, :-1])))  # [N, T, V]
    losses = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view(len(ids), longest)
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=decoder.device)
    counted = torch.arange(longest, device=decoder.device) < lengths[:, None]
    return -(losses * counted).sum(dim=1) / lengths


@torch.inference_mode()
def _proposed(decoder: Decoder, vocabulary: Vocabulary, before: Sequence[int], most: int) -> list[str]:
    """The likeliest next tokens that are words of letters, best first."""
    ids = torch.tensor([[decoder.stop, *before]], device=decoder.device)
    logits = decoder.logits(decoder.hidden(decoder.table(ids))[0, -1])
    ranked = logits.argsort(descending=True, stable=True).tolist()
    words: list[str] = []
    for ident in ranked:
        word = vocabulary.text([ident])
        if word.isalpha() and word not in words:
            words.append(word)
        if len(words) == most:
            break
    return words


def substitutions(
    decoder: Decoder, vocabulary: Vocabulary, prompts: Sequence[str], proposals: int, count: int
) -> list[Candidate]:
    """The `count` likeliest prompts that differ from one of `prompts` in one word.

    For each place of each prompt the model proposes its `proposals` likeliest words after what comes before; the
    changed prompts are ranked by `log_likelihoods` as a whole, so that a word that does not fit what follows falls
    back. Fewer where there are fewer; none of `prompts`.
    """
    found: dict[str, None] = {}
    for prompt in prompts:
        words = prompt.split()
        for place in range(len(words)):
            before = vocabulary.prompt(" ".join(words[:place]))
            for word in _proposed(decoder, vocabulary, before, proposals):
                found[" ".join([*words[:place], word, *words[place + 1 :]])] = None
    texts = [text for text in found if text not in {" ".join(prompt.split()) for prompt in prompts}]
    if not texts:
        return []
    scores = log_likelihoods(decoder, [vocabulary.prompt(text) for text in texts]).tolist()
    ranked = sorted(range(len(texts)), key=lambda row: (-scores[row], texts[row]))
    return [Candidate(texts[row], "substitution") for row in ranked[:count]]


def random_prompts(vocabulary: Vocabulary, length: int, count: int, seed: int) -> list[Candidate]:
    """`count` different prompts of random words of the vocabulary, `length` tokens each; none for a length of 0."""
    size = vocabulary.tokenizer.get_vocab_size()
    spelled = {ident: vocabulary.tokenizer.decode([ident]) for ident in range(size)}
    words = sorted({text.strip() for text in spelled.values() if text.startswith(" ") and text.strip().isalpha()})
    rng, found = random.Random(f"{seed}/random prompts/{length}"), dict[str, None]()
    while length and words and len(found) < count:
        drawn: list[str] = []
        while len(vocabulary.prompt(" ".join(drawn))) < length:
            drawn.append(rng.choice(words))
        text = " ".join(drawn)
        if len(vocabulary.prompt(text)) == length:
            found[text] = None
    return [Candidate(text, "random") for text in found]
