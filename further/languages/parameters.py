"""The study's own parameters, and what they name."""

from typing import TypeVar

from captioner.config.languages import SpokenConfig
from captioner.foundation.errors import InputError
from captioner.languages.known import LANGUAGES
from stages import settings

T = TypeVar("T")
FILE = "further/languages/params.yaml"


def part(name: str, kind: type[T]) -> T:
    """A section of further/languages/params.yaml, validated."""
    return settings.validated(kind, settings.document("further/languages/params.yaml").get(name), name, FILE)


def prompts() -> dict[str, list[str]]:
    """The prompts of each language, the empty one first; InputError for one that the grammar does not know."""
    found = {}
    for code, several in part("spoken", SpokenConfig).prompts.items():
        known = LANGUAGES[code].openings
        if unknown := [text for text in several if text not in known]:
            raise InputError(
                f"{FILE}: spoken.prompts.{code}: {unknown[0]!r} is no opening of {LANGUAGES[code].name}'s grammar, "
                f"which says in what form a caption follows; take some of {', '.join(filter(None, known))}"
            )
        found[code] = ["", *(text for text in dict.fromkeys(several) if text)]
    return found
