"""Prompts and captions of any Unicode: nothing is lost on the way to tokens and back, and padding never counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from captioner.decoders.tokens import IGNORED, batch
from captioner.decoders.vocabulary import FORMS, form, formed
from captioner.foundation.errors import InputError
from captioner.report.latex import chinese, escaped
from captioner.web.uploads import MOST_CHARACTERS, Refused, upload_prompts

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HARD = [
    "\ufffd",
    "a\ufffd",
    "\0",
    "🐕‍🦺",
    "e\u0301",
    "\u202eabc",
    "<|endoftext|>",
    " \u00a0",
    "\uff46\uff55",
    "\U0010ffff",
]


def hard(test):
    for text in HARD:
        test = example(text)(test)
    return test


@pytest.mark.slow
@hard
@given(ANY)
def test_a_text_comes_back_from_its_tokens(vocabulary, text):
    ids = vocabulary.encode([text])[0]
    assert vocabulary.text(ids) == text.strip()
    assert all(0 <= token < vocabulary.tokenizer.get_vocab_size() and token != vocabulary.stop for token in ids)


@pytest.mark.slow
@hard
@given(ANY)
def test_white_space_at_the_ends_of_a_prompt_does_not_count(vocabulary, text):
    assert vocabulary.prompt(f" \n{text}\t ") == vocabulary.prompt(text) == vocabulary.encode([text.strip()])[0]


@hard
@given(ANY)
def test_pieces_join_to_what_the_tokens_add(vocabulary, text):
    before, ids = vocabulary.encode(["A photo of"])[0], vocabulary.encode([text])[0]
    pieces = vocabulary.pieces(before, ids)
    assert len(pieces) == len(ids) and "".join(pieces) == text


@given(ANY, ANY)
def test_a_caption_keeps_its_words_in_every_form(prompt, caption):
    assert form(prompt) in FORMS and form(prompt) == form(f" {prompt}\n")
    for how in FORMS:
        after = formed(caption, how)
        assert after.removeprefix("" if how == "alone" else " ").lower() == caption.lower()


@pytest.mark.slow
@hard
@given(ANY)
def test_any_prompt_is_captioned_or_refused(captioner, text):
    try:
        captioner.check_prompt(text)
    except InputError as error:
        assert "shorten it" in str(error)
        return
    (made,) = captioner.describe([(None, text)], 2)
    assert made.caption.text == "".join(step.text for step in made.steps).strip()
    assert made.caption.text_with_prompt.startswith(text.strip()) and 0 <= made.entropy <= 1


@given(st.tuples(ANY, st.characters(categories=["Cs"]), ANY).map("".join))
def test_half_a_character_is_refused(captioner, text):
    with pytest.raises(InputError, match="half a character"):
        captioner.check_prompt(text)


@hard
@given(ANY)
def test_a_prompt_of_the_page_is_one_plain_line_or_refused(text):
    try:
        (prompt,) = upload_prompts([text])
    except Refused as error:
        assert error.status == 400
    else:
        assert prompt == text.strip() and len(prompt) <= MOST_CHARACTERS and len(prompt.splitlines()) <= 1
        assert upload_prompts([prompt, text]) == [prompt]


LETTERS = "ĂăĄąĆćČčĎďĐđĘęĚěĞğİıĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŞşŠšŢţŤťŮůŰűŸŹźŻżŽž\u2018\u2019“”\u2013—…«»¡¿"


@hard
@given(ANY)
def test_any_text_is_latex_that_the_papers_fonts_have(text):
    made = escaped(text)
    assert all(sign < "\x7f" or "\xc0" <= sign <= "\xff" or sign in LETTERS or chinese(sign) for sign in made)
    assert made.isprintable()
    grouped = made.replace("\\{", "").replace("\\}", "")
    assert grouped.count("{") == grouped.count("}") and not made.endswith("\\")


@given(st.lists(st.lists(st.integers(0, 99), max_size=7), min_size=1, max_size=6), st.booleans())
def test_labels_are_the_tokens_that_follow_and_padding_is_masked(captions, stop_token):
    stop = 100
    inputs, labels = batch([np.array(ids, dtype=np.int32) for ids in captions], stop, stop_token)
    longest = max(map(len, captions))
    assert inputs.shape == (len(captions), longest) and labels.shape == (len(captions), longest + 1)
    for ids, given_in, asked in zip(captions, inputs.tolist(), labels.tolist(), strict=True):
        rest = longest - len(ids)
        assert given_in == ids + [stop] * rest
        assert asked == ids + [stop if stop_token else IGNORED] + [IGNORED] * rest
    alone = [batch([np.array(ids, dtype=np.int32)], stop, stop_token)[1].ne(IGNORED).sum() for ids in captions]
    assert labels.ne(IGNORED).sum() == sum(alone)  # neighbours change nothing
