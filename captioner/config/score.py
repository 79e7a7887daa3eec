"""Section `score`: how the words of captions are told apart by every metric that counts them."""

from typing import Literal

from captioner.config.section import section


@section
class ScoreConfig:
    words: Literal["treebank", "characters", "jieba"]  # at blanks; each sign of a script without; Chinese by jieba
