"""The groups of prompts: whether a prompt was seen in training, and whether it has to do with pictures."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

GROUPS = ("seen", "unseen", "unrelated")


def group(name: str, text: str, trained: Container[str], unrelated: Container[str]) -> str:
    """`seen` in training, `unrelated` to pictures by the parameters, or `unseen`."""
    if text.strip() in trained:
        return "seen"
    return "unrelated" if name in unrelated else "unseen"


def told(prompts: Mapping[str, str], trained: Iterable[str], unrelated: Container[str]) -> dict[str, dict[str, str]]:
    """The text and group of each prompt."""
    seen = {text.strip() for text in trained}
    return {name: {"text": text, "group": group(name, text, seen, unrelated)} for name, text in prompts.items()}
