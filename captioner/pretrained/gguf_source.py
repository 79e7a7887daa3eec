"""Where a GGUF file comes from: this machine, or a package of the registry that pip is set up for."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from captioner.config.decoder import GgufDecoder, PackagedDecoder
from captioner.downloads import registry
from captioner.downloads.registry import Packaged
from captioner.encoders.origin import file_digest
from captioner.foundation.errors import InputError

MAGIC = b"GGUF"  # how every such file begins


def packaged(config: PackagedDecoder) -> Packaged:
    """The file of a package that this section names."""
    return Packaged(config.package, config.version, config.wheel_sha256, config.member, config.sha256)


def check(config: GgufDecoder | PackagedDecoder, parameter: str) -> None:
    """InputError, naming `parameter` (the section), where the file cannot be had; nothing large is read or fetched."""
    if find_spec("gguf") is None:
        raise InputError(
            f"{parameter}.source: a GGUF file is read with the package gguf, which is not installed; "
            "pip install -r requirements.txt"
        )
    if isinstance(config, PackagedDecoder):
        registry.probe(packaged(config), registry.CACHE, parameter)
        return
    path = Path(config.file)
    if not path.is_absolute():
        raise InputError(f"{parameter}.file: {config.file!r} should be an absolute path")
    if not path.is_file():
        raise InputError(f"{parameter}.file: {path} is not there")
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise InputError(f"{parameter}.file: {path} is no GGUF file (it does not begin with {MAGIC.decode()})")


def local(config: GgufDecoder | PackagedDecoder, parameter: str) -> tuple[Path, str]:
    """The file on this machine, fetched where it has to be, and who vouches for it; InputError where it is another than
    the section says.
    """
    check(config, parameter)
    if isinstance(config, PackagedDecoder):
        wanted = packaged(config)
        return registry.fetch(wanted, registry.CACHE, parameter), str(wanted)
    path = Path(config.file)
    if config.sha256 and (found := file_digest(path)) != config.sha256:
        raise InputError(f"{parameter}.sha256: {path} has the hash {found}, so it is another file")
    return path, "a local file"
