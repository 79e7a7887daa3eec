"""Models of transformers by name or folder: a snapshot of the hub's files, or the local folder itself."""

from __future__ import annotations

import json
from pathlib import Path

from captioner.foundation.errors import InputError

WHERE = "https://huggingface.co"
TOKENISERS = {
    "tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
}  # fmt: skip


def is_folder(name: str) -> bool:
    """Whether this names a local folder rather than a model on the hub."""
    return Path(name).is_absolute() or Path(name).is_dir()


def title(name: str) -> str:
    """How a model is named in print: a local folder by its last part."""
    return Path(name).name if is_folder(name) else name


def cached(name: str, revision: str) -> Path | None:
    """The folder of the hub's local cache that holds this model whole, or None."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, "config.json", revision=revision)
    folder = Path(config).parent if isinstance(config, str) else None
    return folder if folder and _whole(folder) else None


def _whole(folder: Path) -> bool:
    """Whether a snapshot has all it takes; the hub's client links each file only when it is complete."""
    names = {path.name for path in folder.iterdir()}
    index = next((folder / name for name in names if name.endswith(".index.json")), None)
    shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()) if index else set()
    return "config.json" in names and bool(names & TOKENISERS) and bool(_weights(sorted(names))) and shards <= names


def _weights(names: list[str]) -> list[str]:
    safe = [name for name in names if name.endswith(".safetensors") or name == "model.safetensors.index.json"]
    return safe or [name for name in names if name.startswith("pytorch_model")]


def probe(name: str, revision: str, parameter: str) -> list[str]:
    """The files of a model on the hub that are needed to load it; InputError within seconds where it is not reached."""
    from httpx2 import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    cure = (
        f"it is normally fetched from {WHERE}/{name}; fetch the folder elsewhere (config.json, tokenizer.json, "
        f"model.safetensors) and set {parameter}.name to its absolute path"
    )
    try:
        siblings = HfApi().model_info(name, revision=revision, timeout=10).siblings or []
    except (HTTPError, HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{parameter}.name: {name} cannot be fetched ({reason}); {cure}") from error
    names = [sibling.rfilename for sibling in siblings if "/" not in sibling.rfilename]
    weights = _weights(names)
    if not weights:
        raise InputError(f"{parameter}.name: {name} has no weights for PyTorch; {cure}")
    return weights + [name for name in names if name.endswith((".json", ".txt", ".model")) and name not in weights]


def fetch(name: str, revision: str, parameter: str) -> tuple[Path, str]:
    """The folder of a model and who vouches for it; a model of the hub is downloaded, resumed after a break.

    InputError, naming `parameter`, where the folder or the model is not there.
    """
    if is_folder(name):
        folder = Path(name)
        if not (folder / "config.json").is_file():
            raise InputError(f"{parameter}.name: {name} is no folder of a model (no config.json)")
        return folder, "a local file"
    if (folder := cached(name, revision)) is None:
        from httpx2 import HTTPError
        from huggingface_hub import snapshot_download

        files = probe(name, revision, parameter)
        try:
            folder = Path(snapshot_download(name, revision=revision, allow_patterns=files))
        except (HTTPError, OSError) as error:  # the hub's own errors are one or the other
            message = f"{name}: the download broke off ({error}); the same command goes on where it was"
            raise InputError(message) from error
    return folder, f"hub, revision {folder.name}"
