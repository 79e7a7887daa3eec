"""GPT-2 as captions are made with it: read a few embeddings at a time, with what it has read kept in place.

The study captions hundreds of thousands of images a token at a time, where transformers' own class spends most of a
step on bookkeeping, copies all keys and values at every token, and takes longer to import than a short stage runs. The
weights, their names and the arithmetic are those of transformers' GPT2LMHeadModel, which the tests hold it against
(`captioner.decoders.gpt2_blocks`); every other kind of decoder goes through transformers' own class.
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
from captioner.decoders.gpt2_blocks import EPSILON, PREFIX, Block, attended
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import DTYPES

WEIGHTS = "model.safetensors"


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
        self.positions, self._epsilon = config["n_positions"], config.get("layer_norm_epsilon", EPSILON)
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
        self._blocks = [
            Block(*(tensor.to(device, self.dtype).contiguous() for tensor in Block.of(body, layer)))
            for layer in range(self.layers)
        ]
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
            query, key, value = block.mixed(hidden, self.heads, self._epsilon)
            keys, values = memory.keep(layer, key, value)  # [B, H, S, W / H]
            told = attended(query, keys, values, mask, self.width)
            hidden = block.after(hidden, told, self._epsilon)
        memory.advance(count)
        return F.layer_norm(hidden[:, -1], (self.width,), *self._last, self._epsilon)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        if self.device.type == "cpu" and self.width > NARROW and hidden.dim() == 2:
            # A product of many rows by few columns takes a CPU half as long as that of few rows by many columns.
            return (self.head @ hidden.float().T).T.contiguous()
        return F.linear(hidden.float(), self.head)
