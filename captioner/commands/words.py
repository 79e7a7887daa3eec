"""The argument `--words` of the commands that score captions."""

from __future__ import annotations

import argparse

from captioner.scores.words import WORDS

HELP = (
    "what counts as a word: coco-caption's (treebank, the default), these with each sign of Chinese, Japanese, Thai, "
    "Lao, Khmer and Burmese as a word (characters), or these with Chinese parted by jieba"
)


def add_words(parser: argparse.ArgumentParser) -> None:
    """Add it to a command's arguments."""
    parser.add_argument("--words", choices=WORDS, default="treebank", help=HELP)
