"""The pipeline's own parameters, of the chosen study."""

import re
from typing import Any

from captioner.config.arms import PatchBridgeConfig, PatchesConfig
from captioner.foundation.errors import InputError
from stages import settings

FILE = "further/arms/params.yaml"
STUDIED = ("linear", "mlp", "transformer", "empty", "finetuned", "random")  # the study's own arms


def _part(name: str) -> Any:
    section = settings.document("further/arms/params.yaml").get(settings.study())
    return section.get(name) if isinstance(section, dict) else None


def patches() -> PatchesConfig:
    """What is kept of an image's patches."""
    return settings.validated(PatchesConfig, _part("patches"), f"{settings.study()}.patches", FILE)


def bridges() -> dict[str, PatchBridgeConfig]:
    """The arms that read patches, by name; InputError that names a wrong key."""
    arms, name = _part("bridges"), f"{settings.study()}.bridges"
    if not isinstance(arms, dict) or not arms:
        raise InputError(f"{FILE}: {name} should hold arms by name (got {arms!r})")
    for arm in arms:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", str(arm)) or arm in STUDIED:
            raise InputError(
                f"{FILE}: {name}.{arm}: name it by small letters, digits and _, and by no arm of the study"
            )
    return {arm: settings.validated(PatchBridgeConfig, value, f"{name}.{arm}", FILE) for arm, value in arms.items()}
