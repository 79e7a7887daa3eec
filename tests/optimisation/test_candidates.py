"""Candidates: what a grammar, a file and a study give, each prompt once; what the language model proposes."""

import pytest
import torch
from torch.nn import functional as F

from captioner.foundation.errors import InputError
from captioner.optimisation.candidates import Candidate, from_file, gathered, grammar
from captioner.optimisation.substitutions import log_likelihoods, random_prompts, substitutions
from captioner.optimisation.trials import check_prompts

TEMPLATES = {"of": "{a} {adjective} {noun} of", "here": "here is {a} {adjective} {noun}:"}


def test_the_grammar_is_the_full_product_in_order():
    found = grammar(TEMPLATES, ["", "old"], ["photo", "image"])
    assert [candidate.text for candidate in found] == [
        "A photo of", "An image of", "An old photo of", "An old image of",
        "Here is a photo:", "Here is an image:", "Here is an old photo:", "Here is an old image:",
    ]  # fmt: skip
    assert found[5] == Candidate("Here is an image:", "grammar", "here", "", "image")


def test_equal_prompts_stay_once_and_keep_both_origins():
    found = gathered([Candidate("A photo of", "study")], grammar(TEMPLATES, [""], ["photo"]))
    assert found[0] == Candidate("A photo of", "study", "of", "", "photo")
    assert len(found) == 2
    with pytest.raises(InputError, match="two different prompts"):
        gathered([Candidate("x", "file"), Candidate("x", "study")])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_has_a_prompt_a_line(tmp_path, encoding):
    path = tmp_path / "mine.txt"
    path.write_bytes("A photo of\r\n\r\n  Ein Bild von Käse \n".encode(encoding))
    assert [candidate.text for candidate in from_file(path)] == ["A photo of", "Ein Bild von Käse"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no candidates; write one prompt a line"),
        (b" \n\n", "no candidates"),
        (b"a\nb\na\n", "line 3: 'a' stands in line 1 already"),
        ("Käse".encode("latin-1"), "not UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_bad_file_is_named(tmp_path, content, told):
    path = tmp_path / "mine.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=told) as caught:
        from_file(path)
    assert str(path) in str(caught.value)


def test_prompts_that_are_too_long_are_counted_and_named():
    with pytest.raises(InputError, match=r"2 of 3 prompts have more than the 3 tokens .* 'a b c d'"):
        check_prompts(["a b c d", "a", "e f g h i"], lambda text: len(text.split()), 3)
    check_prompts(["a b c"], lambda text: len(text.split()), 3)


def test_likelihoods_are_those_of_the_models_own_loss(decoder, vocabulary):
    texts = ["A photo of", "This image shows a red car on a street", "of"]
    found = log_likelihoods(decoder, [vocabulary.prompt(text) for text in texts])
    for text, value in zip(texts, found, strict=True):
        ids = torch.tensor([[decoder.stop, *vocabulary.prompt(text)]])
        with torch.no_grad():
            logits = decoder.model(ids).logits[0, :-1]
        assert torch.isclose(value, -F.cross_entropy(logits, ids[0, 1:]), atol=1e-5)
    with pytest.raises(ValueError, match="without tokens"):
        log_likelihoods(decoder, [[]])


def test_a_substitution_changes_one_word_and_the_likeliest_come_first(decoder, vocabulary):
    prompts = ["A detailed photo of", "This image shows"]
    found = substitutions(decoder, vocabulary, prompts, 6, 12)
    texts = [candidate.text for candidate in found]
    assert 0 < len(texts) == len(set(texts)) <= 12 and not set(texts) & set(prompts)
    for text in texts:
        apart = [
            sum(one != other for one, other in zip(text.split(), prompt.split(), strict=True))
            for prompt in prompts
            if len(prompt.split()) == len(text.split())
        ]
        assert 1 in apart
    values = log_likelihoods(decoder, [vocabulary.prompt(text) for text in texts]).tolist()
    assert values == sorted(values, reverse=True)
    more = substitutions(decoder, vocabulary, prompts, 6, 1000)
    assert [candidate.text for candidate in more][: len(texts)] == texts
    assert substitutions(decoder, vocabulary, [""], 6, 12) == []


@pytest.mark.parametrize("length", [0, 1, 3])
def test_random_prompts_are_as_long_as_asked_and_the_seed_decides(vocabulary, length):
    found = [candidate.text for candidate in random_prompts(vocabulary, length, 4, 1)]
    assert len(set(found)) == len(found) == (4 if length else 0)
    assert all(len(vocabulary.prompt(text)) == length for text in found)
    assert found == [candidate.text for candidate in random_prompts(vocabulary, length, 4, 1)]
    assert not length or found != [candidate.text for candidate in random_prompts(vocabulary, length, 4, 2)]
