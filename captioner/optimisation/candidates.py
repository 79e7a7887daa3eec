"""Prompts that a search tries: from a grammar of openings, from a file, from a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from captioner.foundation.errors import InputError, listed


@dataclass(frozen=True)
class Candidate:
    """A prompt with where it comes from; template, adjective and noun by name where the grammar made it."""

    text: str
    source: str  # study, grammar, file, substitution or random
    template: str = ""
    adjective: str = ""
    noun: str = ""


def grammar(templates: Mapping[str, str], adjectives: Sequence[str], nouns: Sequence[str]) -> list[Candidate]:
    """Every template with every adjective and noun, in this order.

    `{a}` becomes "a", or "an" before a vowel; a first letter is put in upper case.
    """
    found = []
    for (name, template), adjective, noun in product(templates.items(), adjectives, nouns):
        words = template.replace("{adjective}", adjective).replace("{noun}", noun).split()
        for place, word in enumerate(words[:-1]):
            if word == "{a}":
                words[place] = "an" if words[place + 1][0].lower() in "aeiou" else "a"
        text = " ".join(words)
        found.append(Candidate(text[:1].upper() + text[1:], "grammar", name, adjective, noun))
    return found


def from_file(path: Path) -> list[Candidate]:
    """The prompts of a text file, one a line, with or without a byte order mark.

    InputError where it is missing, not UTF-8, empty, or says a prompt twice.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        told = "not UTF-8; save it as UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise InputError(f"{path}: candidates cannot be read ({told})") from error
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line]
    if not numbered:
        raise InputError(f"{path}: no candidates; write one prompt a line")
    first: dict[str, int] = {}
    twice = [
        f"line {number}: {line!r} stands in line {first[line]} already"
        for number, line in numbered
        if first.setdefault(line, number) != number
    ]
    if twice:
        raise InputError(f"{path}: remove the candidates that stand there twice\n{listed(twice)}")
    return [Candidate(line, "file") for _, line in numbered]


def gathered(*sources: Iterable[Candidate]) -> list[Candidate]:
    """All candidates in order; of equal texts the first, with the grammar's parts where a later one has them.

    InputError for fewer than two, among which there is nothing to search.
    """
    found: dict[str, Candidate] = {}
    for candidate in (each for several in sources for each in several):
        known = found.setdefault(candidate.text, candidate)
        if candidate.template and not known.template:
            parts = (candidate.template, candidate.adjective, candidate.noun)
            found[candidate.text] = Candidate(known.text, known.source, *parts)
    if len(found) < 2:
        raise InputError("optimise/params.yaml: candidates: a search needs two different prompts or more")
    return list(found.values())
