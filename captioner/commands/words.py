"""What counts as a word: coco-caption's words, or parts of them in scripts that put no blanks between words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from captioner.scores.metrics import Tokens

BLANKLESS = "\u0e00-\u0eff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Thai, Lao; Japanese, Chinese
WORDS = ("ptb", "characters", "jieba")
HELP = (
    "what counts as a word: coco-caption's (ptb, the default), these with each sign of Chinese, Japanese, Thai and Lao "
    "as a word, or these with Chinese parted by jieba"
)


def splitter(name: str) -> Callable[[str], Tokens]:
    """The function from a caption to its words for one of WORDS; InputError where jieba is not installed."""
    from captioner.scores.metrics import tokenise

    if name == "ptb":
        return tokenise
    if name == "characters":
        return lambda caption: tokenise(re.sub(f"([{BLANKLESS}])", r" \1 ", caption))
    try:
        import jieba
    except ImportError as error:
        raise InputError("--words jieba: the package is not installed; pip install jieba") from error
    jieba.setLogLevel("ERROR")

    def parted(caption: str) -> Tokens:
        return tokenise(re.sub(f"[{BLANKLESS}]+", lambda found: f" {' '.join(jieba.cut(found[0]))} ", caption))

    return parted
