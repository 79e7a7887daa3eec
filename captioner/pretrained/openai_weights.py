"""OpenAI's published CLIP weights: their addresses and SHA-256 sums, and the safe reading of a weights file."""

from __future__ import annotations

import ast
import importlib.util
import os
import zipfile
from functools import cache
from pathlib import Path

from captioner.encoders.origin import Origin, file_digest
from captioner.foundation.errors import InputError


@cache
def published() -> dict[str, tuple[str, str]]:
    """Address and SHA-256 of the weights of each of `clip.available_models()`.

    Read from openai-clip's source without importing it, so that a wrong name is told before torch is loaded.
    """
    folder = importlib.util.find_spec("clip").submodule_search_locations[0]
    tree = ast.parse(Path(folder, "clip.py").read_text(encoding="utf-8"))
    table = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and [getattr(name, "id", "") for name in node.targets] == ["_MODELS"]
    )
    return {name: (url, url.split("/")[-2]) for name, url in ast.literal_eval(table).items()}


def cached(name: str) -> Path:
    """Where openai-clip itself keeps the downloaded weights of this name: its cache is shared."""
    return Path("~/.cache/clip").expanduser() / os.path.basename(published()[name][0])


def problem_of_name(name: str) -> str | None:
    """What is wrong with the name of a model, or None."""
    return None if name in published() else f"{name!r} is none of {', '.join(published())}"


def is_archive(path: Path) -> bool:
    """Whether the file is a TorchScript archive, whose code would run; a saved state dict has no code."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") or "/code/" in name for name in archive.namelist())


def read_state(path: Path, name: str, trust_archive: bool, parameter: str):
    """The state dict of a CLIP model in this file, and where it comes from.

    A TorchScript archive goes through `clip.load`, if OpenAI published it or `trust_archive` is set; a state dict
    through `torch.load(weights_only=True)`, which runs no code; safetensors likewise. InputError, naming the
    `parameter`, for any other file, an archive that nobody vouches for, and the published weights of another model.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; {parameter}.file is the path of a local copy of the weights")
    digest = file_digest(path)
    known = {sha256: model for model, (_, sha256) in published().items()}
    if known.get(digest, name) != name:
        raise InputError(f"{path}: these are the weights of {known[digest]}, but {parameter}.name says {name}")
    vouched = "published by OpenAI" if digest in known else "a local file"
    try:
        if is_archive(path):
            if digest not in known and not trust_archive:
                raise InputError(
                    f"{path}: a TorchScript archive that OpenAI did not publish; loading it can run code. If you trust "
                    f"who made it, set {parameter}.trust_archive to true; a plain state dict needs no trust"
                )
            state = _archive_state(path)
        elif path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            import torch

            state = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # torch, zipfile and safetensors make errors of any kind of a damaged file
        raise InputError(
            f"{path}: cannot be read as the weights of a CLIP model ({_first_line(error)}); {parameter}.file takes "
            "OpenAI's archive, a state dict saved by torch, or safetensors"
        ) from error
    if not isinstance(state, dict) or "text_projection" not in state or "positional_embedding" not in state:
        raise InputError(
            f"{path}: holds no state dict of openai-clip's model (no text_projection); {parameter}.file takes OpenAI's "
            "archive or the state dict of such a model"
        )
    return state, Origin("clip", name, digest, vouched)


def _archive_state(path: Path):
    from captioner.foundation import torchvision_ops  # noqa: F401  (before clip)

    import clip  # isort: skip

    return clip.load(str(path), device="cpu")[0].state_dict()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
