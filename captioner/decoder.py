"""The frozen GPT-2 and its tokeniser, through transformers' own classes."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn

from captioner import torchvision_ops  # noqa: F401  (before transformers)
from captioner.errors import InputError

from transformers.models.gpt2.modeling_gpt2 import GPT2LMHeadModel  # isort: skip
from transformers.utils import logging  # isort: skip

logging.disable_progress_bar()


class Decoder:
    """A GPT-2 with language-model head, in evaluation mode and without gradients on its own parameters."""

    def __init__(self, model: GPT2LMHeadModel, device: torch.device) -> None:
        self.model = model.float().eval().requires_grad_(False).to(device)
        self.device = device

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> Decoder:
        """The model of a folder written by `save_pretrained`; InputError where it is missing or of another kind."""
        cure = "make the decoder again with `dvc repro backbones`"
        if not (folder / "config.json").is_file():
            raise InputError(f"{folder}: no saved decoder here (no config.json); {cure}")
        try:
            if json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type") != "gpt2":
                raise InputError(f"{folder}: the decoder saved here is no GPT-2; {cure}")
            model, found = GPT2LMHeadModel.from_pretrained(
                folder, local_files_only=True, attn_implementation="eager", output_loading_info=True
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise InputError(f"{folder}: the saved decoder is damaged ({error}); {cure}") from error
        if missing := sorted(found["missing_keys"]):
            raise InputError(f"{folder}: the saved decoder has no weights for {missing[0]} and others; {cure}")
        return cls(model, device)

    @property
    def table(self) -> nn.Embedding:
        """The token embeddings [V, W]."""
        return self.model.transformer.wte

    @property
    def width(self) -> int:
        """W, dimensions of a token embedding."""
        return self.model.config.n_embd

    @property
    def mean_norm(self) -> float:
        """The mean norm of a token embedding."""
        return self.table.weight.norm(dim=-1).mean().item()

    @property
    def positions(self) -> int:
        """The longest sequence of prefix, prompt and caption, in tokens."""
        return self.model.config.n_positions

    @property
    def stop(self) -> int:
        """The id of the stop token."""
        return self.model.config.eos_token_id
