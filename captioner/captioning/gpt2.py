"""GPT-2 as captions are made with it: read a few embeddings at a time, with what it has read kept in place.

The study captions hundreds of thousands of images a token at a time, where transformers' own class spends most of a
step on bookkeeping, copies all keys and values at every token, and takes longer to import than a short stage runs. The
weights, their names and the arithmetic are those of transformers' GPT2LMHeadModel, which the tests hold it against;
training goes through that class (`captioner.decoders.decoder`), and so does every other kind of decoder.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from captioner.captioning.memory import Memory
from captioner.decoders.autoregressive import NARROW, Autoregressive
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import DTYPES

WEIGHTS = "model.safetensors"
PREFIX = "transformer."  # of the body's weights in the file
PLAIN = {
    "model_type": ("gpt2",), "activation_function": ("gelu_new", "gelu_pytorch_tanh"), "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,), "reorder_and_upcast_attn": (False,), "add_cross_attention": (False,),
}  # fmt: skip
DEFAULTS = {"activation_function": "gelu_new", "scale_attn_weights": True, "layer_norm_epsilon": 1e-5}


def is_plain(config: dict) -> bool:
    """Whether this config.json is of a GPT-2 without any of the variations that transformers' class knows."""
    return all(config.get(name, DEFAULTS.get(name, False)) in known for name, known in PLAIN.items())


class Gpt2(Autoregressive):
    """A frozen GPT-2. `dtype` is the precision of its body and its token table; the head's products are in float32."""

    def __init__(
        self, config: dict, weights: dict[str, torch.Tensor], device: torch.device, dtype: str = "float32"
    ) -> None:
        """`config`: that of config.json; `weights`: those of its file. KeyError or ValueError where one is missing or
        of another shape.
        """
        self.device, self.dtype = device, DTYPES[dtype]
        self.width, self.heads, self.layers = config["n_embd"], config["n_head"], config["n_layer"]
        self.positions, self._epsilon = config["n_positions"], config.get("layer_norm_epsilon", 1e-5)
        eos, bos = config["eos_token_id"], config.get("bos_token_id")
        self.stop: int = eos[0] if isinstance(eos, list) else eos
        self.start: int = self.stop if bos is None else bos  # the token that begins a text
        body = {name.removeprefix(PREFIX): tensor for name, tensor in weights.items()}
        rows, width = body["wte.weight"].shape
        head = body.get("lm_head.weight", body["wte.weight"])
        if (rows, width) != (config["vocab_size"], self.width) or head.shape != (rows, width):
            raise ValueError(f"a token table of {rows} x {width}, which is not what config.json says")
        self.vocabulary, self.head = rows, head.to(device, torch.float32)  # [V, W]
        self.table = nn.Embedding.from_pretrained(body["wte.weight"].to(device, self.dtype))
        self._places = body["wpe.weight"].to(device, self.dtype)  # [positions, W]
        names = ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
        self._blocks = [
            [
                body[f"h.{layer}.{name}.{part}"].to(device, self.dtype).contiguous()
                for name in names for part in ("weight", "bias")
            ]
            for layer in range(self.layers)
        ]  # fmt: skip
        self._last = [body[f"ln_f.{part}"].to(device, self.dtype) for part in ("weight", "bias")]

    @classmethod
    def load(cls, folder: Path, config: dict, device: torch.device, dtype: str = "float32") -> Gpt2:
        """The model of a folder written by `save_pretrained`; InputError where it is damaged or incomplete."""
        cure = "make the decoder again with `dvc repro`, or name another one"
        for key, name in (("eos_token_id", "stop token (eos_token_id)"), ("n_positions", "context length")):
            if config.get(key) is None:
                raise InputError(f"{folder}: the decoder's config.json states no {name}; add it there, or {cure}")
        try:
            return cls(config, load_file(folder / WEIGHTS), device, dtype)
        except KeyError as error:
            raise InputError(f"{folder}: the saved decoder has no weights for {error}; {cure}") from error
        except (OSError, ValueError, SafetensorError) as error:
            raise InputError(f"{folder}: no causal language model that can be loaded ({error}); {cure}") from error

    def memory(self, rows: int, room: int) -> Memory:
        return Memory.empty((self.layers, rows, self.heads, room, self.width // self.heads), self.dtype, self.device)

    def read(self, inputs: torch.Tensor, memory: Memory) -> torch.Tensor:
        count = inputs.shape[1]
        places = memory.next_places(count)  # [T] or [B, 1]
        hidden = inputs.to(self.dtype) + self._places[places]
        mask = memory.mask(count)
        for layer, block in enumerate(self._blocks):
            hidden = self._block(hidden, block, layer, memory, mask)
        memory.advance(count)
        return F.layer_norm(hidden[:, -1], (self.width,), *self._last, self._epsilon)

    def _block(
        self,
        hidden: torch.Tensor,
        block: list[torch.Tensor],
        layer: int,
        memory: Memory,
        mask: torch.Tensor | None,
    ) -> torch.Tensor:
        """One layer, [B, T, W] to [B, T, W]."""
        norm, norm_bias, mix, mix_bias, out, out_bias, norm2, norm2_bias, up, up_bias, down, down_bias = block
        rows, count, width = hidden.shape
        normed = F.layer_norm(hidden, (width,), norm, norm_bias, self._epsilon)
        mixed = torch.addmm(mix_bias, normed.view(-1, width), mix).view(rows, count, 3, self.heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)  # [B, H, T, W / H] each
        keys, values = memory.keep(layer, key, value)  # [B, H, S, W / H]
        told = self._attended(query, keys, values, mask).transpose(1, 2).reshape(-1, width)
        hidden = torch.addmm(out_bias, told, out).view(rows, count, width) + hidden
        normed = F.layer_norm(hidden, (width,), norm2, norm2_bias, self._epsilon)
        raised = F.gelu(torch.addmm(up_bias, normed.view(-1, width), up), approximate="tanh")
        return hidden + torch.addmm(down_bias, raised, down).view(rows, count, width)

    def _attended(
        self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Attention [B, H, T, W / H]; `mask` is true where a place may be seen."""
        if self.width > NARROW:
            return F.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        weights = torch.matmul(query, keys.transpose(-1, -2)) * keys.shape[-1] ** -0.5
        if mask is not None:
            weights = weights.masked_fill(~mask, -torch.inf)
        return torch.matmul(F.softmax(weights, dim=-1), values)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return F.linear(hidden.float(), self.head)
