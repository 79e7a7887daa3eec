"""Where a caption comes from: what the decoder attends to, and what image and prompt add to the words' probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from captioner.decoders.decoder import Decoder

PARTS = ("prefix", "prompt", "caption")


def _embedded(decoder: Decoder, prefix: torch.Tensor, prompt: Sequence[int], caption: Sequence[int]) -> torch.Tensor:
    """[prefix, prompt, caption] of one image as input embeddings [1, k + P + T, W]."""
    ids = torch.tensor([*prompt, *caption], dtype=torch.long, device=decoder.device)
    return torch.cat([prefix.to(decoder.device), decoder.table(ids).float()]).unsqueeze(0)


@torch.inference_mode()
def attention(decoder: Decoder, prefix: torch.Tensor, prompt: Sequence[int], caption: Sequence[int]) -> np.ndarray:
    """The share [L, T, 3] of each layer's attention, mean over heads, that goes to `PARTS` where each of T caption
    tokens is chosen; `prefix` is [k, W]. The shares of a token add up to 1.
    """
    inputs = _embedded(decoder, prefix, prompt, caption[:-1]).to(decoder.model.dtype)
    before = decoder.model.config._attn_implementation
    decoder.model.set_attn_implementation("eager")  # the other kernels do not tell what they attend to
    try:
        maps = decoder.model.base_model(inputs_embeds=inputs, output_attentions=True, use_cache=False).attentions
    finally:
        decoder.model.set_attn_implementation(before)
    start, told = len(prefix), len(prefix) + len(prompt)
    rows = torch.stack([layer[0].float().mean(dim=0)[told - 1 :] for layer in maps])  # [L, T, k + P + T - 1]
    parts = [rows[..., :start], rows[..., start:told], rows[..., told:]]
    return torch.stack([part.sum(dim=-1) for part in parts], dim=-1).cpu().numpy()


@torch.inference_mode()
def token_log_probabilities(
    decoder: Decoder, prefix: torch.Tensor, prompt: Sequence[int], caption: Sequence[int]
) -> np.ndarray:
    """The log-probability [T] of each caption token after prefix [k, W], prompt and the tokens before it, nats."""
    hidden = decoder.hidden(_embedded(decoder, prefix, prompt, caption[:-1]))[0]
    tail = hidden[len(prefix) + len(prompt) - 1 :]  # [T, W]
    logs = torch.log_softmax(decoder.logits(tail), dim=-1)
    return logs.gather(1, torch.tensor(caption, device=logs.device)[:, None])[:, 0].cpu().numpy()


def contributions(
    decoder: Decoder, prefix: torch.Tensor, mean_prefix: torch.Tensor, prompt: Sequence[int], caption: Sequence[int]
) -> np.ndarray:
    """What image and prompt add to the log-probability of each caption token [T, 2], nats.

    The image: against the same context with `mean_prefix` [k, W], that of the mean image; the prompt: against the
    context without it.
    """
    whole = token_log_probabilities(decoder, prefix, prompt, caption)
    blind = token_log_probabilities(decoder, mean_prefix, prompt, caption)
    bare = token_log_probabilities(decoder, prefix, [], caption)
    return np.stack([whole - blind, whole - bare], axis=1)
