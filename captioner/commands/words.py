"""What counts as a word: coco-caption's words, or parts of them in scripts that put no blanks between words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from captioner.scores.metrics import Tokens

WORDS = ("ptb", "characters", "jieba")
HELP = (
    "what counts as a word: coco-caption's (ptb, the default), these with each sign of Chinese, Japanese, Thai and Lao "
    "as a word, or these with Chinese parted by jieba"
)


def splitter(name: str) -> Callable[[str], Tokens]:
    """The function from a caption to its words for one of WORDS; InputError where jieba is not installed."""
    from captioner.languages.words import characters, parted
    from captioner.scores.metrics import tokenise

    if name == "jieba":
        parted("")
    return {"ptb": tokenise, "characters": characters, "jieba": parted}[name]
