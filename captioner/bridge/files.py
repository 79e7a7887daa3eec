"""A bridge as one safetensors file, whatever its kind."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save, save_file

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.clipcap import Mlp, Transformer
from captioner.bridge.linear import Projection
from captioner.foundation.errors import InputError

FORMAT = 1
HEADER = "captioner.bridge"
KINDS: dict[str, type[Bridge]] = {kind.kind: kind for kind in (Projection, Mlp, Transformer)}
CURE = "make it again with `dvc repro`"


def _content(bridge: Bridge) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in bridge.state_dict().items()}
    told = {"format": FORMAT, "kind": bridge.kind, **asdict(bridge.shape), **bridge.sizes}
    return state, {HEADER: json.dumps(told)}


def save_bridge(bridge: Bridge, path: Path) -> None:
    """Write weights, kind and sizes."""
    state, header = _content(bridge)
    save_file(state, path, metadata=header)


def bridge_bytes(bridge: Bridge) -> bytes:
    """What `save_bridge` would write."""
    state, header = _content(bridge)
    return save(state, metadata=header)


def load_bridge(path: Path, device: torch.device) -> Bridge:
    """A saved bridge, without gradients; InputError where the file is missing or of another kind or version."""
    if not path.is_file():
        raise InputError(f"{path}: no such map from image to prefix; {CURE}")
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            if told.pop("format", None) != FORMAT or told.get("kind") not in KINDS:
                raise InputError(f"{path}: no map from image to prefix of format {FORMAT}; {CURE}")
            kind = KINDS[told.pop("kind")]
            shape = Shape(*(told.pop(name) for name in ("embedding", "prefix_length", "width")))
            bridge = kind(shape, **told)
            bridge.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"{path}: damaged ({error}); {CURE}") from error
    return bridge.eval().requires_grad_(False).to(device)
