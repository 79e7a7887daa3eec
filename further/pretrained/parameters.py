"""The parameters of this pipeline."""

from typing import TypeVar

from stages import settings

FILE = "further/pretrained/params.yaml"
T = TypeVar("T")


def part(name: str, kind: type[T] | dict[str, type[T]]) -> T:
    """A section of further/pretrained/params.yaml, validated; of several kinds, the one that its `source` names."""
    value = settings.document("further/pretrained/params.yaml").get(name)
    return settings.validated(settings.chosen_kind(kind, value, name), value, name, FILE)
