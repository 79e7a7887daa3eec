"""The decoder of a folder, as captions are made with it."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from captioner.captioning.gpt2 import WEIGHTS, Gpt2
from captioner.decoders.autoregressive import Autoregressive
from captioner.decoders.gpt2_blocks import is_plain
from captioner.foundation.errors import InputError


def load_decoder(folder: Path, device: torch.device, dtype: str = "float32") -> Autoregressive:
    """The decoder of a folder written by `save_pretrained`, for captions: a plain GPT-2 in one file as `Gpt2`, any
    other through transformers, which is imported for it alone. InputError where it is missing or of another kind.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        cure = "make the decoder again with `dvc repro`, or name another one"
        raise InputError(f"{folder}: no saved decoder here (no config.json); {cure}") from error
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error}); make the decoder again with `dvc repro`") from error
    if is_plain(config) and (folder / WEIGHTS).is_file():
        return Gpt2.load(folder, config, device, dtype)
    from captioner.decoders.decoder import Decoder

    return Decoder.load(folder, device, dtype)
