"""The frozen language model, through transformers' own classes: GPT-2, or any causal model with a plain head."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import torch
from torch import nn

from captioner.decoders import gpt2_blocks
from captioner.decoders.autoregressive import NARROW, Autoregressive
from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)
from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import DTYPES

from transformers import AutoModelForCausalLM, PreTrainedModel  # isort: skip
from transformers.cache_utils import Cache, DynamicCache  # isort: skip
from transformers.utils import logging  # isort: skip

logging.disable_progress_bar()


class Grown:
    """Keys and values of what a batch has read so far, in transformers' own cache, which grows by itself."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    def drop(self, ended: torch.Tensor) -> torch.Tensor:
        """Leave out the texts that are `ended` [B]. Which text now stands in each row, as indices into the former."""
        order = (~ended).nonzero().flatten()
        self.cache.batch_select_indices(order)
        return order


class Decoder(Autoregressive):
    """A causal language model in evaluation mode and without gradients on its own parameters.

    `dtype` is the precision of its body and its token table; the head's products are in float32, since a half-precision
    logit of -100 is off by a quarter. ValueError for a model whose logits are not its head's output.
    """

    def __init__(self, model: PreTrainedModel, device: torch.device, dtype: str = "float32") -> None:
        self.device = device
        model = model.float().eval().requires_grad_(False).to(device)
        head = model.get_output_embeddings()
        _check_head(model, head)
        self.head = head if dtype == "float32" else copy.deepcopy(head)
        self.model = model
        self.mean_norm = self.embeddings.norm(dim=-1).mean().item()  # of a token embedding
        self.model = model.to(DTYPES[dtype])
        config = model.config
        self._plain = None
        if gpt2_blocks.is_plain(config.to_dict()):
            body = dict(self.model.base_model.named_parameters())
            self._plain = body, config.n_head, config.layer_norm_epsilon

    @classmethod
    def load(cls, folder: Path, device: torch.device, dtype: str = "float32") -> Decoder:
        """The model of a folder written by `save_pretrained`; InputError where it is missing or of another kind."""
        cure = "make the decoder again with `dvc repro`, or name another one"
        if not os.path.isfile(folder / "config.json"):
            raise InputError(f"{folder}: no saved decoder here (no config.json); {cure}")
        config = read_json(folder / "config.json", "configuration of a decoder", cure)
        try:
            width = config.get("hidden_size", config.get("n_embd", NARROW + 1))
            attention = {"attn_implementation": "eager"} if width <= NARROW else {}
            model, found = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, output_loading_info=True, dtype=torch.float32, trust_remote_code=False,
                **attention,
            )  # fmt: skip
        except Exception as error:  # transformers, and what it reads with, make errors of any kind of a damaged folder
            raise InputError(f"{folder}: no causal language model that can be loaded ({error}); {cure}") from error
        if missing := sorted(found["missing_keys"]):
            raise InputError(f"{folder}: the saved decoder has no weights for {missing[0]} and others; {cure}")
        try:
            decoder = cls(model, device, dtype)
        except ValueError as error:
            raise InputError(f"{folder}: {error}; {cure}") from error
        stop, positions = decoder.stop, decoder.positions
        stated = type(stop) is int and 0 <= stop < decoder.vocabulary
        for name, known in (("stop token (eos_token_id)", stated), ("context length", type(positions) is int)):
            if not known:
                raise InputError(f"{folder}: the decoder's config.json states no {name}; add it there, or {cure}")
        return decoder

    def hidden(self, inputs: torch.Tensor, cache: Cache | None = None) -> torch.Tensor:
        """The last hidden states [B, T, W] of input embeddings [B, T, W] that follow those in `cache`."""
        inputs = inputs.to(self.model.dtype)
        body = self.model.base_model
        return body(inputs_embeds=inputs, past_key_values=cache, use_cache=cache is not None).last_hidden_state

    def tail(self, inputs: torch.Tensor, count: int) -> torch.Tensor:
        """The last hidden states [B, count, W] of the last `count` of the input embeddings [B, T, W], as training reads
        them; of a plain GPT-2 without what nothing reads.
        """
        if self._plain is None:
            return self.hidden(inputs)[:, -count:]
        body, heads, epsilon = self._plain
        return gpt2_blocks.tail(body, heads, epsilon, inputs.to(self.model.dtype), count)

    def memory(self, rows: int, room: int) -> Grown:
        return Grown(DynamicCache(config=self.model.config))

    def read(self, inputs: torch.Tensor, memory: Grown) -> torch.Tensor:
        return self.hidden(inputs, memory.cache)[:, -1]

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.head(hidden.to(self.head.weight.dtype)).float()

    @property
    def table(self) -> nn.Embedding:
        """The token embeddings, called with ids; all of them are `embeddings` [V, W]."""
        return self.model.get_input_embeddings()

    @property
    def vocabulary(self) -> int:
        """|V|, the rows of the output layer."""
        return self.head.weight.shape[0]

    @property
    def width(self) -> int:
        """W, dimensions of a token embedding."""
        return self.table.embedding_dim

    @property
    def positions(self) -> int:
        """The longest sequence of prefix, prompt and caption, in tokens."""
        return getattr(self.model.config, "max_position_embeddings", None)

    @property
    def start(self) -> int:
        """The id of the token that begins a text, the decoder's own where the model has one (XGLM); the stop token
        where it has none.
        """
        config = self.model.config
        start = getattr(config, "decoder_start_token_id", None)
        start = config.bos_token_id if start is None else start
        return self.stop if start is None else start

    @property
    def stop(self) -> int:
        """The id of the stop token, the first where the model has several."""
        stop = self.model.config.eos_token_id
        return stop[0] if isinstance(stop, list) and stop else stop


@torch.inference_mode()
def _check_head(model: PreTrainedModel, head: nn.Module | None) -> None:
    """ValueError unless the model's logits are its head's output for its body's last hidden states."""
    kind = model.config.model_type
    if head is None or not isinstance(head, nn.Linear):
        raise ValueError(f"a model of the kind {kind!r} has no linear head over its vocabulary")
    probe = model.get_input_embeddings()(torch.arange(3, device=model.device)).unsqueeze(0)  # [1, 3, W]
    whole = model(inputs_embeds=probe, use_cache=False).logits
    split = head(model.base_model(inputs_embeds=probe, use_cache=False).last_hidden_state)
    if not torch.allclose(whole, split, atol=1e-4, rtol=1e-4):
        raise ValueError(f"a model of the kind {kind!r} changes its logits after the head, which is not supported here")
