"""Diversity by hand-counted sets, by properties, and self-CIDEr's kernel against the study's own CIDEr."""

import math
import random

import numpy as np
import pytest

from captioner.decoding.diversity import cider_kernel, distinct, self_cider
from captioner.scores.metrics import Idf, tokenise
from captioner.world.language import references

RED, DOG = tokenise("a red car on a road"), tokenise("two dogs run in the snow")


def corpus(scenes, count=60):
    rng = random.Random("diversity")
    return [[tokenise(text) for text in references(scene, rng, 5)] for scene in scenes[:count]]


def test_distinct_by_hand():
    several = [("a", "dog"), ("a", "cat"), ("a", "dog", "runs")]
    assert distinct(several, 1) == 4 / 7  # a, dog, cat, runs
    assert distinct(several, 2) == 3 / 7  # a dog, a cat, dog runs
    assert distinct([(), ()], 1) == 0.0


def test_self_cider_is_0_for_one_caption_repeated_and_1_for_disjoint_ones():
    idf = Idf.of([[RED], [DOG], [("a", "cat", "sleeps", "here")]])
    assert self_cider([RED] * 5, idf) == pytest.approx(0, abs=1e-6)
    third = ("some", "cows", "graze", "here")
    assert self_cider([RED, DOG, third], idf) == pytest.approx(1)
    assert 0 < self_cider([RED, DOG, DOG], idf) < 1
    assert self_cider([(), ()], idf) == 0.0
    with pytest.raises(ValueError, match="single"):
        self_cider([RED], idf)


def test_self_cider_of_two_captions_by_hand():
    """The kernel [[1, c], [c, 1]] has the eigenvalues 1 + c and 1 - c."""
    idf = Idf.of([[RED], [DOG], [("a", "dog")]])
    one, other = RED, (*RED[:4], "the", "snow")
    (_, c), _ = cider_kernel([one, other], idf)
    assert 0 < c < 1
    share = math.sqrt(1 + c) / (math.sqrt(1 + c) + math.sqrt(1 - c))
    assert self_cider([one, other], idf) == pytest.approx(-math.log2(share))


def test_the_kernel_is_cosines_counted_one_by_one(scenes):
    references = corpus(scenes)
    idf = Idf.of(references)
    for several in references[:10]:
        kernel = cider_kernel(several, idf)
        assert np.allclose(kernel, kernel.T) and np.linalg.eigvalsh(kernel).min() > -1e-9
        assert np.allclose(np.diag(kernel), [sum(len(one) >= n for n in range(1, 5)) / 4 for one in several])
        for i, one in enumerate(several):
            for j, other in enumerate(several):
                cosines = []
                for n in range(1, 5):
                    grams = [[tokens[at : at + n] for at in range(len(tokens) - n + 1)] for tokens in (one, other)]
                    weight = {g: math.log(60 / max(1, idf.frequency.get(g, 0))) for g in {*grams[0], *grams[1]}}
                    left, right = ({g: side.count(g) * weight[g] for g in side} for side in grams)
                    scale = math.sqrt(sum(v * v for v in left.values()) * sum(v * v for v in right.values()))
                    cosines.append(sum(left[g] * right.get(g, 0) for g in left) / scale if scale else 0.0)
                assert kernel[i, j] == pytest.approx(np.mean(cosines), abs=1e-9)


def test_diversity_does_not_depend_on_the_order_and_grows_with_it(scenes):
    references = corpus(scenes)
    idf = Idf.of(references)
    rng = random.Random(1)
    for several in references[:20]:
        value = self_cider(several, idf)
        assert 0 <= value <= 1 + 1e-12
        assert self_cider(rng.sample(several, len(several)), idf) == pytest.approx(value)
        assert self_cider([several[0]] * 4 + [several[1]], idf) <= value + 1e-9
