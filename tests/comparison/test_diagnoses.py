"""Diagnoses by hand."""

import pytest

from captioner.comparison.diagnoses import diagnose, repeated_ngrams
from captioner.scores.metrics import tokenise


def test_repeated_ngrams_by_hand():
    assert repeated_ngrams(["a", "cat", "and", "a", "cat", "and", "a", "dog"], 2) == (3, 7)
    assert repeated_ngrams(["a", "cat"], 2) == (0, 1)
    assert repeated_ngrams(["a"], 2) == (0, 0)


def test_diagnosis_by_hand():
    found = diagnose(["A red cat.", "a red cat.", "A red cat.", "a cat a cat a cat"], [4, 4, 4, 30], 30, tokenise)
    assert (found.captions, found.distinct, found.commonest, found.capped) == (4, 0.75, 0.5, 0.25)
    assert found.vocabulary == 3 and found.words == pytest.approx(15 / 4)
    assert found.tokens == pytest.approx(10.5) and found.tokens_sd == pytest.approx(11.2583, abs=1e-4)
    assert found.repeated == pytest.approx(3 / (2 + 2 + 2 + 5))


def test_empty_captions_have_a_diagnosis():
    found = diagnose(["", ""], [0, 0], 30, tokenise)
    assert (found.vocabulary, found.repeated, found.commonest, found.distinct) == (0, 0.0, 1.0, 0.5)
