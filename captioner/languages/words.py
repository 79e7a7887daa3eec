"""Words in scripts that put no blanks between them: signs of their own, or parted by jieba."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from captioner.scores.metrics import Tokens

BLANKLESS = "\u0e00-\u0eff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Thai, Lao; Japanese, Chinese


def characters(caption: str) -> Tokens:
    """coco-caption's words, each sign of Chinese, Japanese, Thai and Lao as a word."""
    from captioner.scores.metrics import tokenise

    return tokenise(re.sub(f"([{BLANKLESS}])", r" \1 ", caption))


def parted(caption: str) -> Tokens:
    """coco-caption's words, Chinese parted by jieba; InputError where jieba is not installed."""
    from captioner.scores.metrics import tokenise

    try:
        import jieba
    except ImportError as error:
        raise InputError("--words jieba: the package is not installed; pip install jieba") from error
    jieba.setLogLevel("ERROR")
    return tokenise(re.sub(f"[{BLANKLESS}]+", lambda found: f" {' '.join(jieba.cut(found[0]))} ", caption))
