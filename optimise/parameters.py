"""The search's own parameters."""

from typing import TypeVar

from stages import settings

T = TypeVar("T")


def part(name: str, kind: type[T]) -> T:
    """A section of optimise/params.yaml, validated."""
    section = settings.document("optimise/params.yaml").get(name)
    return settings.validated(kind, section, name, "optimise/params.yaml")
