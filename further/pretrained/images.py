"""The images that this pipeline takes."""

from __future__ import annotations

from captioner.config.pretrained import ImagesConfig
from captioner.foundation.errors import InputError
from further.pretrained.parameters import FILE, part
from stages.study.splits import splits


def images() -> dict[str, list[int]]:
    """The images by id that this pipeline takes of each split, its first ones; InputError where it has fewer."""
    found = splits()
    wanted = vars(part("images", ImagesConfig))
    for name, count in wanted.items():
        if count > len(found[name]):
            raise InputError(f"{FILE}: images.{name}: {count}, but the study's split {name} has {len(found[name])}")
    return {name: found[name][:count] for name, count in wanted.items()}
