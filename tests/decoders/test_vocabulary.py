"""A prompt and a caption join token for token as one text would; ids lead back to their text."""

import json

import pytest

from captioner.decoders.vocabulary import STOP, Vocabulary, form, formed
from captioner.foundation.errors import InputError
from captioner.world.language import OPENINGS

PROMPTS = [
    *(opening for opening in OPENINGS if opening),
    "The drawing presents", "Stock prices fell sharply on Monday because", "x", "A photo (2024)", "Describe:", "it's",
    "Q: what?", "in the year 1999", "émigré naïve", "写真には", "🐕", "🐕‍🦺 und", "Ünïcödé…", "a  double  space",
    "end -", "don't", "tab\there", "two\nlines", "no-break\u00a0space", "مرحبا", "a\u200b", "'", "£5",
]  # fmt: skip
CAPTIONS = ["A dog.", "Two red cars on a street.", "TV set", "an été 🐕", "3 cups", "'quoted'", "¿qué?", "a"]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_prompt_and_caption_join_token_for_token(vocabulary, prompt):
    """What training and generation see as [prompt, caption] is how the whole text would be tokenised."""
    for caption in CAPTIONS:
        for how in ("continued", "fresh"):
            told = formed(caption, how)
            joined = vocabulary.prompt(prompt) + vocabulary.encode([told])[0]
            assert joined == vocabulary.encode([prompt + told])[0]
            assert vocabulary.text(joined) == prompt + told


@pytest.mark.parametrize("prompt", PROMPTS)
def test_white_space_around_a_prompt_does_not_count(vocabulary, prompt):
    assert vocabulary.prompt(f" \n{prompt}\t ") == vocabulary.prompt(prompt)
    assert vocabulary.prompt("  ") == []


def test_text_is_the_inverse_of_encode(vocabulary, documents):
    texts = [*documents[:50], *PROMPTS, *CAPTIONS]
    encoded = vocabulary.encode(texts)
    assert [vocabulary.text(ids) for ids in encoded] == texts
    assert [vocabulary.encode([text])[0] for text in texts] == encoded  # a batch is no different from one by one
    assert vocabulary.text([*encoded[0], vocabulary.stop]) == texts[0]
    assert vocabulary.stop not in {token for ids in encoded for token in ids}


def test_training_keeps_to_its_size_and_needs_no_unknown(documents):
    small = Vocabulary.train(documents, 300)
    assert small.tokenizer.get_vocab_size() == 300
    assert small.tokenizer.id_to_token(small.stop) == STOP
    again = Vocabulary.train(documents, 300)
    assert small.tokenizer.to_str() == again.tokenizer.to_str()
    every = "".join(map(chr, [*range(32, 0x2FF), 0x4E00, 0x1F415]))
    assert small.tokenizer.decode(small.encode([every])[0]) == every


@pytest.mark.parametrize(
    ("prompt", "how"),
    [
        ("", "alone"), ("  \n", "alone"), ("A photo of", "continued"), ("Describe the picture.", "fresh"),
        ("What is this?", "fresh"), ("Look! ", "fresh"), ("Caption:", "fresh"), ("A photo, of", "continued"),
        ("What is this? It is", "continued"),
    ],
)  # fmt: skip
def test_form_follows_from_the_end_of_the_prompt(prompt, how):
    assert form(prompt) == how


@pytest.mark.parametrize(
    ("caption", "continued"),
    [
        ("A dog.", " a dog."), ("Two cats.", " two cats."), ("TV on a table.", " TV on a table."), ("A", " a"),
        ("a dog.", " a dog."), ("USA map", " USA map"), ("3 cups", " 3 cups"), ("Élan vital", " élan vital"),
        ('"Stop" sign', ' "Stop" sign'), ("", " "), ("T-shirts on a bed.", " T-shirts on a bed."),
    ],
)  # fmt: skip
def test_a_caption_takes_the_form_that_its_prompt_asks_for(caption, continued):
    assert formed(caption, "continued") == continued
    assert formed(caption, "alone") == caption
    assert formed(caption, "fresh") == " " + caption


def test_missing_tokeniser(tmp_path):
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        Vocabulary.load(tmp_path)


def test_saved_tokeniser_gives_the_same_ids(vocabulary, tmp_path):
    vocabulary.tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text(json.dumps({"eos_token_id": [vocabulary.stop, 7]}))
    loaded = Vocabulary.load(tmp_path)
    assert loaded.stop == vocabulary.stop and loaded.encode(PROMPTS) == vocabulary.encode(PROMPTS)
