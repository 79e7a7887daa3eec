"""Captions in three forms and references after CLIP-S's prefix, embedded by the judge."""

import numpy as np
import pytest
import torch
from conftest import CPU

from captioner.captioning.captions import Caption
from captioner.encoders.encoder import ClipEncoder
from captioner.evaluation.described import References, Texts


@pytest.fixture
def judge(clip_model):
    return ClipEncoder(clip_model, CPU)


def test_each_form_is_embedded_as_it_reads(judge):
    captions = [
        Caption(text, f"A photo of {text}", 2, True, (-0.1,), (0.1,)) for text in ("a cat", "two dogs", "a cat")
    ]
    texts = Texts.of(captions, judge)
    for form, before in ((texts.alone, ""), (texts.depicted, "A photo depicts "), (texts.prompted, "A photo of ")):
        expected = judge.encode_texts([f"{before}{caption.text}" for caption in captions]).numpy()
        np.testing.assert_allclose(form, expected, atol=1e-6)
        np.testing.assert_array_equal(form[0], form[2])


def test_sets_embedded_together_are_as_each_alone(judge):
    sets = [
        [Caption(text, f"A photo of {text}", 2, True, (-0.1,), (0.1,)) for text in texts]
        for texts in (("a cat", "two dogs"), ("two dogs",), ("a very red car", "a cat", "a cat"))
    ]
    together = Texts.of_each(sets, judge)
    assert [len(texts.alone) for texts in together] == [2, 1, 3]
    for texts, captions in zip(together, sets, strict=True):
        alone = Texts.of(captions, judge)
        for form in ("alone", "depicted", "prompted"):
            np.testing.assert_allclose(getattr(texts, form), getattr(alone, form), atol=1e-6)


def test_references_are_found_by_image(judge, tmp_path):
    told = {7: ["a cat", "one cat"], 3: ["two dogs"], 5: ["a red car", "a car", "some car"]}
    References.embed(told, judge).save(tmp_path / "r.safetensors")
    loaded = References.load(tmp_path / "r.safetensors")
    for key, vectors in zip((5, 3, 7), loaded.of([5, 3, 7]), strict=True):
        expected = judge.encode_texts([f"A photo depicts {text}" for text in told[key]])
        torch.testing.assert_close(torch.from_numpy(vectors), expected, atol=1e-5, rtol=1e-4)
    with pytest.raises(KeyError):
        loaded.of([4])
