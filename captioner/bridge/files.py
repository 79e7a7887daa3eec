"""A bridge as one safetensors file, whatever its kind."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save, save_file

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.clipcap import Mlp, Transformer
from captioner.bridge.linear import Projection
from captioner.bridge.patches import OfPatches, Patches, Pooled
from captioner.foundation.errors import InputError

FORMAT = 1
HEADER = "captioner.bridge"
KINDS: dict[str, type[Bridge]] = {kind.kind: kind for kind in (Projection, Mlp, Transformer, Pooled, Patches)}
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
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such map from image to prefix; {CURE}")
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if not isinstance(told, dict) or told.pop("format", None) != FORMAT or told.get("kind") not in KINDS:
            raise InputError(f"{path}: no map from image to prefix of format {FORMAT}; {CURE}")
        kind = KINDS[told.pop("kind")]
        with torch.device("meta"):  # sizes that the file only claims take no memory
            bridge = kind(Shape(*(told.pop(name) for name in ("embedding", "prefix_length", "width"))), **told)
        bridge.load_state_dict(state, assign=True)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{path}: damaged ({error}); {CURE}") from error
    if not all(tensor.isfinite().all() for tensor in state.values()):
        raise InputError(f"{path}: holds weights that are no finite numbers; {CURE}")
    return bridge.float().eval().requires_grad_(False).to(device)


def load_of_patches(path: Path, device: torch.device) -> OfPatches:
    """A saved bridge that reads patches, without gradients; InputError where it is missing, damaged or of others."""
    bridge = load_bridge(path, device)
    if not isinstance(bridge, OfPatches):
        raise InputError(f"{path}: a map of the kind {bridge.kind!r}, which reads no patches; {CURE}")
    return bridge
