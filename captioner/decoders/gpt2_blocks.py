"""The arithmetic of a plain GPT-2, for those who want less than the whole forward pass of transformers' class: captions
a token at a time, or the last positions of a training text alone.

Names and arithmetic are those of transformers' GPT2LMHeadModel, which the tests hold them against.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch.nn import functional as F

from captioner.decoders.autoregressive import NARROW

PREFIX = "transformer."  # of the body's weights in a file
PLAIN = {
    "model_type": ("gpt2",), "activation_function": ("gelu_new", "gelu_pytorch_tanh"), "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,), "reorder_and_upcast_attn": (False,), "add_cross_attention": (False,),
}  # fmt: skip
DEFAULTS = {"activation_function": "gelu_new", "scale_attn_weights": True}
EPSILON = 1e-5  # of the layer norms, where a configuration names none


def is_plain(config: Mapping) -> bool:
    """Whether this config.json is of a GPT-2 without any of the variations that transformers' class knows."""
    return all(config.get(name, DEFAULTS.get(name, False)) in known for name, known in PLAIN.items())


class Block(NamedTuple):
    """The weights of one block; a matrix is [inputs, outputs]."""

    norm: torch.Tensor
    norm_bias: torch.Tensor
    mix: torch.Tensor  # [W, 3W], query, key and value
    mix_bias: torch.Tensor
    out: torch.Tensor
    out_bias: torch.Tensor
    norm2: torch.Tensor
    norm2_bias: torch.Tensor
    up: torch.Tensor  # [W, 4W]
    up_bias: torch.Tensor
    down: torch.Tensor
    down_bias: torch.Tensor

    @classmethod
    def of(cls, body: Mapping[str, torch.Tensor], layer: int) -> Block:
        """Those of a layer in the body's state dict; KeyError where one is missing."""
        names = ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
        return cls(*(body[f"h.{layer}.{name}.{part}"] for name in names for part in ("weight", "bias")))

    def mixed(
        self, hidden: torch.Tensor, heads: int, epsilon: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys and values [B, H, T, W / H] of hidden states [B, T, W]."""
        rows, count, width = hidden.shape
        normed = F.layer_norm(hidden, (width,), self.norm, self.norm_bias, epsilon).view(-1, width)
        mixed = torch.addmm(self.mix_bias, normed, self.mix).view(rows, count, 3, heads, -1)
        return mixed.permute(2, 0, 3, 1, 4).unbind()

    def mixed_tail(self, hidden: torch.Tensor, heads: int, epsilon: float, count: int) -> tuple[torch.Tensor, ...]:
        """As `mixed`, with queries of the last `count` positions alone."""
        rows, length, width = hidden.shape
        normed = F.layer_norm(hidden, (width,), self.norm, self.norm_bias, epsilon)
        asked = normed[:, -count:].reshape(-1, width)
        query = torch.addmm(self.mix_bias[:width], asked, self.mix[:, :width]).view(rows, count, heads, -1)
        known = torch.addmm(self.mix_bias[width:], normed.view(-1, width), self.mix[:, width:])
        key, value = known.view(rows, length, 2, heads, -1).permute(2, 0, 3, 1, 4).unbind()
        return query.transpose(1, 2), key, value

    def after(self, hidden: torch.Tensor, told: torch.Tensor, epsilon: float) -> torch.Tensor:
        """The block's output [B, T, W] for its input [B, T, W] and what attention gave [B, H, T, W / H]."""
        rows, count, width = hidden.shape
        told = told.transpose(1, 2).reshape(-1, width)
        hidden = torch.addmm(self.out_bias, told, self.out).view(rows, count, width) + hidden
        normed = F.layer_norm(hidden, (width,), self.norm2, self.norm2_bias, epsilon).view(-1, width)
        raised = F.gelu(torch.addmm(self.up_bias, normed, self.up), approximate="tanh")
        return hidden + torch.addmm(self.down_bias, raised, self.down).view(rows, count, width)


def attended(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None, width: int
) -> torch.Tensor:
    """Attention [B, H, T, W / H] of a model of this width; `mask` is true where a place may be seen."""
    if width > NARROW:
        return F.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    weights = torch.matmul(query, keys.transpose(-1, -2)) * keys.shape[-1] ** -0.5
    if mask is not None:
        weights = weights.masked_fill(~mask, -torch.inf)
    return torch.matmul(F.softmax(weights, dim=-1), values)


def tail(
    body: Mapping[str, torch.Tensor], heads: int, epsilon: float, inputs: torch.Tensor, count: int
) -> torch.Tensor:
    """The last hidden states [B, count, W] of the last `count` of the input embeddings [B, T, W].

    `body` holds the weights by their names in the body. The last block computes these positions alone, since of the
    others nothing but keys and values is read; gradients are those of the whole forward pass.
    """
    length, width = inputs.shape[1:]
    layers = 1 + max(int(name.split(".")[1]) for name in body if name.startswith("h."))
    hidden = inputs + body["wpe.weight"][:length]
    mask = torch.ones(length, length, dtype=torch.bool, device=inputs.device).tril()
    for layer in range(layers):
        block = Block.of(body, layer)
        if layer + 1 < layers:
            told = attended(*block.mixed(hidden, heads, epsilon), mask, width)
        else:
            told = attended(*block.mixed_tail(hidden, heads, epsilon, count), mask[-count:], width)
            hidden = hidden[:, -count:]
        hidden = block.after(hidden, told, epsilon)
    return F.layer_norm(hidden, (width,), body["ln_f.weight"], body["ln_f.bias"], epsilon)
