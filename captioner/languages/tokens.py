"""Texts of several languages as tokens: a byte-level vocabulary that all share, captions joined as each script does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from captioner.decoders.tokens import TokenTable
from captioner.decoders.vocabulary import FORMS, STOP, Vocabulary
from captioner.languages.language import Language


def shared_vocabulary(texts: Iterable[str], size: int) -> Vocabulary:
    """A tokeniser of at most `size` tokens learnt from these texts.

    As `Vocabulary.train`, but no token reaches over the border of a Chinese character: where no blank shows where a
    prompt ends, a text reads the same in one piece and in two.
    """
    tokenizer = Tokenizer(models.BPE())
    each_sign = pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([each_sign, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[STOP], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return Vocabulary(tokenizer)


def token_table(captions: Mapping[int, Sequence[str]], vocabulary: Vocabulary, language: Language) -> TokenTable:
    """The captions of each image as tokens; without blanks in the script, a caption follows a prompt as it is."""
    table = TokenTable.build(captions, vocabulary)
    if not language.blank:
        for form in FORMS:
            table.ids[form], table.bounds[form] = table.ids["alone"], table.bounds["alone"]
    return table
