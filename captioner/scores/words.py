"""What counts as a word of a caption: coco-caption's words, or parts of them in scripts without blanks.

One choice for a study's stages (section `score` of params.yaml) and for the commands (`--words`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from captioner.foundation.errors import InputError
from captioner.scores.treebank import treebank_words

Words = Callable[[str], tuple[str, ...]]  # from a caption to its words
BLANKLESS = (  # Thai, Lao; Burmese; Khmer; Japanese, Chinese
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U000323af"
)
TOLERATED = 0.1  # share of captions that may run together before `problem_of_words` tells of it


def treebank(caption: str) -> tuple[str, ...]:
    """coco-caption's words, parted at blanks: those of `captioner.scores.metrics.tokenise`."""
    return tuple(treebank_words(caption))


def characters(caption: str) -> tuple[str, ...]:
    """coco-caption's words, each sign of a script without blanks as a word."""
    return treebank(re.sub(f"([{BLANKLESS}])", r" \1 ", caption))


def jieba(caption: str) -> tuple[str, ...]:
    """coco-caption's words, Chinese parted by jieba; InputError where jieba is not installed."""
    try:
        import jieba as parter
    except ImportError as error:
        raise InputError("words: jieba: the package is not installed; pip install jieba") from error
    parter.setLogLevel("ERROR")
    return treebank(re.sub(f"[{BLANKLESS}]+", lambda found: f" {' '.join(parter.cut(found[0]))} ", caption))


WORDS: dict[str, Words] = {"treebank": treebank, "characters": characters, "jieba": jieba}


def splitter(name: str) -> Words:
    """The function from a caption to its words for one of WORDS; InputError where what it takes is not installed."""
    WORDS[name]("")
    return WORDS[name]


def runs_together(caption: str) -> bool:
    """Whether the caption is a sentence of a script without blanks that blanks do not part: most of its signs are of
    such a script, and there are more than six of them to a piece.
    """
    signs, pieces = len(re.findall(f"[{BLANKLESS}]", caption)), caption.split()
    return 2 * signs > sum(map(len, pieces)) and signs > 6 * len(pieces)


def problem_of_words(name: str, captions: Iterable[str]) -> str | None:
    """Why these captions are not to be scored by these words, or None: a sentence would count as one word."""
    several = list(captions)
    alike = [text for text in several if runs_together(text)]
    if name != "treebank" or len(alike) <= TOLERATED * len(several):
        return None
    return (
        f"treebank parts words at blanks, but {len(alike)} of {len(several)} captions are written without, such as "
        f"{alike[0][:40]!r}: whole phrases would count as one word, and CIDEr-D would say little; set characters, "
        "or jieba for Chinese, or part the words by blanks"
    )
