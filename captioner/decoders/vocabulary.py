"""The tokeniser of the decoder, and how a prompt and a caption are joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError

STOP = "<|endoftext|>"
FORMS = ("alone", "continued", "fresh")


def form(prompt: str) -> str:
    """How a caption reads after this prompt: `alone` after none, `fresh` after a full sentence, else `continued`."""
    prompt = prompt.strip()
    if not prompt:
        return "alone"
    return "fresh" if prompt[-1] in ".?!:" else "continued"


def formed(caption: str, how: str) -> str:
    """The caption as it follows a prompt: alone as it is, after a space, or after a space in lower case ("A dog" ->
    " a dog").

    Only a first letter that is followed by a lower-case letter or a space is lowered, so that "TV" and "T-shirt" stay.
    """
    if how == "alone":
        return caption
    if how == "continued" and caption[:1].isupper() and (caption[1:2].islower() or caption[1:2] in ("", " ")):
        caption = caption[0].lower() + caption[1:]
    return " " + caption


class Vocabulary:
    """The tokeniser of a decoder, with its stop token."""

    def __init__(self, tokenizer: Tokenizer, stop: int | None = None) -> None:
        """`stop`: the id of the stop token, by default that of `STOP`.

        ValueError for a tokeniser that cannot join a prompt and a caption to the text that they are together.
        """
        self.tokenizer = tokenizer
        self.tokenizer.encode_special_tokens = True  # the stop token's name in a text is only text
        self.stop: int = tokenizer.token_to_id(STOP) if stop is None else stop
        self._adds_space = False
        before, whole = self.encode(["A photo of"])[0], "A photo of a dog"
        if self.text([*before, *self.encode([" a dog"])[0]]) != whole:
            self._adds_space = True  # as SentencePiece's do: a text's first word carries its own space
            if self.text([*before, *self.encode([" a dog"])[0]]) != whole:
                raise ValueError("the tokeniser does not give back the text that two texts make together")

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        """The tokeniser of a decoder's folder written by `save_pretrained`, with the stop token of its config.json."""
        path = folder / "tokenizer.json"
        cure = "make the decoder again with `dvc repro`, or name another one"
        read_json(path, "tokeniser", cure)
        config = read_json(folder / "config.json", "configuration of a decoder", cure)
        stop = config.get("eos_token_id") if isinstance(config, dict) else None
        stop = stop[0] if isinstance(stop, list) and stop else stop
        if type(stop) is not int:
            raise InputError(f"{folder / 'config.json'}: states no stop token (eos_token_id); {cure}")
        try:
            return cls(Tokenizer.from_file(str(path)), stop)
        except Exception as error:  # tokenizers knows no kinds of errors
            raise InputError(f"{path}: damaged or of no use ({error}); {cure}") from error

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> Vocabulary:
        """A tokeniser of at most `size` tokens learnt from these texts."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        trainer = trainers.BpeTrainer(
            vocab_size=size, special_tokens=[STOP], initial_alphabet=alphabet, show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without a stop token; a leading space stands for what comes before the text."""
        if self._adds_space:
            texts = [text.removeprefix(" ") for text in texts]
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def prompt(self, text: str) -> list[int]:
        """The token ids of a prompt; white space at its ends does not count."""
        return self.encode([text.strip()])[0]

    def text(self, ids: Sequence[int]) -> str:
        """The text of token ids, white space at its ends removed."""
        return self.tokenizer.decode(list(ids), skip_special_tokens=True).strip()

    def pieces(self, before: Sequence[int], ids: Sequence[int]) -> list[str]:
        """What each of `ids` adds to the text of the tokens `before`; together, what they add.

        A token that ends within a character adds nothing: the token that completes the character adds it.
        """
        known, pieces = self._decoded(before), []
        for end in range(1, len(ids) + 1):
            text = self._decoded([*before, *ids[:end]])
            whole = end == len(ids) or not text.endswith("\ufffd")
            pieces.append(text[len(known) :] if whole else "")
            known = text if whole else known
        return pieces

    def _decoded(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(list(ids), skip_special_tokens=True)
