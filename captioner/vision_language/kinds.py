"""Which models of transformers caption pictures, and what is wrong with one that is named, told before it is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from captioner.downloads import hub
from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError

SUFFIX = ".safetensors"
SIGN = "<image>"  # what LLaVA's processors put the picture in the place of, where they state nothing else


def check(name: str, revision: str, template: str, parameter: str) -> None:
    """InputError, naming `parameter`, where this model cannot be had or does not caption pictures; of a model on the
    hub that is not on this machine, only its list of files and its config.json are fetched.
    """
    if hub.is_folder(name):
        folder = Path(name)
        if not (folder / "config.json").is_file():
            raise InputError(f"{parameter}.name: {name} is no folder of a model (no config.json)")
        if not folder.is_absolute():
            raise InputError(f"{parameter}.name: {name} should be an absolute path")
    elif (folder := hub.cached(name, revision)) is None:
        _only_safe(hub.probe(name, revision, parameter), name, parameter)
        folder = _configuration(name, revision, parameter)
        check_configuration(folder, name, template, parameter)
        return
    _only_safe([path.name for path in folder.iterdir()], name, parameter)
    check_configuration(folder, name, template, parameter)


def check_configuration(folder: Path, name: str, template: str, parameter: str) -> None:
    """InputError where the folder's config.json is of another kind of model, or the template has no place for the
    picture though this kind asks for one.
    """
    from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)

    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES  # isort: skip

    config = read_json(folder / "config.json", "configuration of a model", "name another model")
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise InputError(
            f"{parameter}.name: {name} is a model of the kind {kind!r}, which captions no pictures after a prompt; "
            "name an image-text-to-text model, such as one of the kinds blip-2, llava, git"
        )
    if not kind.startswith("llava"):
        return
    path = folder / "processor_config.json"
    stated = read_json(path, "configuration of a processor", "name another model") if path.is_file() else {}
    sign = stated.get("image_token", SIGN) if isinstance(stated, dict) else SIGN
    if sign not in template:
        raise InputError(f"{parameter}.template: a model of the kind {kind!r} wants {sign} where the picture goes")


def _only_safe(files: Iterable[str], name: str, parameter: str) -> None:
    if not any(file.endswith(SUFFIX) for file in files):
        raise InputError(f"{parameter}.name: {name} has no {SUFFIX} weights, and others are not opened; convert them")


def _configuration(name: str, revision: str, parameter: str) -> Path:
    """The folder of the hub's cache with the model's config.json, fetched alone."""
    from httpx2 import HTTPError
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(name, "config.json", revision=revision)).parent
    except (HTTPError, OSError) as error:  # the hub's own errors are one or the other
        raise InputError(f"{parameter}.name: {name}: its config.json cannot be fetched ({error})") from error
