"""The table gives back every caption in every form, and a batch teaches each of its tokens once."""

import numpy as np
import pytest
import torch

from captioner.decoders import tokens
from captioner.decoders.tokens import IGNORED, TokenTable, batch, prefix_targets
from captioner.decoders.vocabulary import FORMS, formed


@pytest.fixture(params=["built", "loaded"])
def either(request, table, tmp_path):
    """The table as built, and as saved and loaded."""
    if request.param == "built":
        return table
    table.save(tmp_path / "tokens.safetensors")
    return TokenTable.load(tmp_path / "tokens.safetensors")


def test_every_caption_is_found_in_every_form(either, captions, vocabulary):
    longest = 0
    for image, texts in captions.items():
        assert either.captions_of(image) == len(texts)
        for which, text in enumerate(texts):
            for how in FORMS:
                ids = either.caption(image, which, how)
                assert ids.tolist() == vocabulary.encode([formed(text, how)])[0]
                longest = max(longest, len(ids))
    assert either.longest() == longest


def test_images_may_have_different_numbers_of_captions(vocabulary):
    table = TokenTable.build({5: ["A dog."], 2: ["One.", "Two.", "Three."]}, vocabulary)
    assert [table.captions_of(image) for image in (2, 5)] == [3, 1]
    assert vocabulary.text(table.caption(5, 0, "alone")) == "A dog."
    assert vocabulary.text(table.caption(2, 2, "alone")) == "Three."
    with pytest.raises(KeyError):
        table.captions_of(3)


def test_batch_of_a_hand_made_example():
    inputs, labels = batch([np.array([5, 6, 7], dtype=np.int32), np.array([8], dtype=np.int32)], stop=9)
    assert inputs.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert labels.tolist() == [[5, 6, 7, 9], [8, 9, IGNORED, IGNORED]]


def test_a_stop_token_within_a_caption_is_taught_too():
    _, labels = batch([np.array([9, 9], dtype=np.int32), np.array([], dtype=np.int32)], stop=9)
    assert labels.tolist() == [[9, 9, 9], [9, IGNORED, IGNORED]]


def test_prefix_targets_by_hand(vocabulary):
    """Place j of k takes the token of each of an image's captions at the share (j + 1/2) / k, and their mean."""
    table = TokenTable.build({5: ["A red car", "A dog"], 9: ["A cat"]}, vocabulary)
    rows = torch.arange(vocabulary.tokenizer.get_vocab_size(), dtype=torch.float32)[:, None] * torch.tensor([1.0, 10.0])
    (chunk,) = prefix_targets(table, [9, 5], rows, 3)
    for index, image in enumerate((9, 5)):
        captions = [table.caption(image, n, "alone") for n in range(table.captions_of(image))]
        for place in range(3):
            ids = [ids[int((place + 0.5) / 3 * len(ids))] for ids in captions]
            expected = sum(ids) / len(ids)
            assert chunk[index, place].tolist() == pytest.approx([expected, 10 * expected])
    assert [len(part) for part in prefix_targets(table, [9, 5], rows, 3, chunk=1)] == [1, 1]


def test_without_the_stop_token_nothing_teaches_the_end():
    inputs, labels = batch([np.array([4, 5]), np.array([6])], 0, stop_token=False)
    assert inputs.tolist() == [[4, 5], [6, 0]] and labels.tolist() == [[4, 5, IGNORED], [6, IGNORED, IGNORED]]


def test_captions_are_tokenised_in_chunks(captions, vocabulary, table, monkeypatch):
    monkeypatch.setattr(tokens, "CHUNK", 7)
    again = TokenTable.build(captions, vocabulary)
    for how in table.ids:
        assert np.array_equal(again.ids[how], table.ids[how]) and np.array_equal(again.bounds[how], table.bounds[how])
