"""The metrics equal pycocoevalcap's own scorers, and the words those of Stanford's tokeniser."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider as CocoCider
from pycocoevalcap.rouge.rouge import Rouge

from captioner.scores.metrics import Cider, bleu, rouge_l, tokenise
from captioner.world.language import STYLES, phrase, references


def told(scenes, seed):
    """Candidates and references in words: true captions, captions of other scenes, cut, repeated and shuffled ones."""
    rng = random.Random(seed)
    candidates, several = [], []
    for scene in scenes:
        words = list(tokenise(phrase(scene if rng.random() < 0.6 else rng.choice(scenes), rng.choice(STYLES), rng)))
        change = rng.random()
        if change < 0.15:
            words = words[: rng.randint(0, 3)]
        elif change < 0.3:
            words *= 2
        elif change < 0.4:
            rng.shuffle(words)
        elif change < 0.5:
            words.append("zebra")
        candidates.append(tuple(words))
        several.append([tokenise(text) for text in references(scene, rng, rng.randint(1, 6))])
    return candidates, several


def oracle(scorer, candidates, several):
    gts = {n: [" ".join(tokens) for tokens in group] for n, group in enumerate(several)}
    res = {n: [" ".join(tokens)] for n, tokens in enumerate(candidates)}
    return scorer.compute_score(gts, res, verbose=0) if isinstance(scorer, Bleu) else scorer.compute_score(gts, res)


def agree(candidates, several):
    total, each = oracle(CocoCider(), candidates, several)
    ours = Cider(several).scores(candidates)
    np.testing.assert_allclose(ours, each, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.mean(), total, rtol=1e-9, atol=1e-12)
    corpus, _ = oracle(Bleu(4), candidates, several)
    np.testing.assert_allclose(bleu(candidates, several), corpus, rtol=1e-9, atol=1e-15)
    total, each = oracle(Rouge(), candidates, several)
    ours = np.array([rouge_l(*pair) for pair in zip(candidates, several, strict=True)])
    np.testing.assert_allclose(ours, each, rtol=1e-12)
    np.testing.assert_allclose(ours.mean(), total, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_hundreds_of_captions_score_as_in_coco_caption(scenes, seed):
    candidates, several = told(scenes[400 * seed : 400 * (seed + 1)], seed)
    assert () in candidates
    agree(candidates, several)


def test_each_caption_alone_scores_as_in_coco_caption(scenes):
    candidates, several = told(scenes[:60], 7)
    per_image = oracle(Bleu(4), candidates, several)[1]
    for number, (candidate, group) in enumerate(zip(candidates, several, strict=True)):
        expected = [values[number] for values in per_image]
        np.testing.assert_allclose(bleu([candidate], [group]), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("candidates", "several"),
    [
        (["", "a dog"], [["a dog"], ["a dog", "a cat"]]),
        (["", ""], [["a dog"], ["a cat"]]),
        (["dog", "cat"], [["dog"], ["dog", "a cat"]]),
        (["a a a a a a", "b"], [["a", "a b"], ["b b b b b b b b b"]]),
        (["the same", "the same"], [["the same"], ["the same"]]),
        (["", ""], [["", "a"], [""]]),
        (["x y z", "u v w"], [["a b c d e f"], ["a"]]),
        (["one two three four", "one two"], [["one two three four five", "one two three"], ["one"]]),
        (["a red dog runs"], [["a dog runs", "the red dog"]]),
    ],
)
def test_degenerate_captions_score_as_in_coco_caption(candidates, several):
    agree([tuple(text.split()) for text in candidates], [[tuple(text.split()) for text in group] for group in several])


WORDS = st.lists(st.sampled_from("abcde"), max_size=8).map(tuple)


SAID = st.lists(WORDS.filter(bool), min_size=1, max_size=4)  # coco-caption itself stops where no reference has a word


@pytest.mark.slow
@given(st.lists(st.tuples(WORDS, SAID), min_size=1, max_size=5))
def test_any_words_score_as_in_coco_caption(pairs):
    candidates, several = zip(*pairs, strict=True)
    agree(list(candidates), list(several))


@given(st.text(max_size=40))
def test_any_text_is_words_in_lower_case(text):
    for word in tokenise(text):
        assert word and word == word.lower() and word.split() == [word]


def test_references_serve_any_number_of_candidates(scenes):
    """Scoring leaves no trace: a second pass, and an image on its own, give the same values."""
    candidates, several = told(scenes[:50], 11)
    cider = Cider(several)
    first = cider.scores(candidates)
    assert np.array_equal(first, cider.scores(candidates))
    assert cider.score(49, candidates[49]) == first[49]
    assert np.array_equal(Cider(several).scores(candidates), first)


@pytest.mark.parametrize(
    ("caption", "words"),
    [  # as printed by the PTBTokenizer of Stanford CoreNLP 3.4.1, less coco-caption's punctuation
        ("A dog, sitting on a red sofa.", "a dog sitting on a red sofa"),
        ("The man's dog isn't here; it's outside!", "the man 's dog is n't here it 's outside"),
        ("A man who can't swim", "a man who ca n't swim"),
        ("I'd say he'll wanna go; they're gonna.", "i 'd say he 'll wan na go they 're gon na"),
        ("You cannot see the cat.", "you can not see the cat"),
        ("A well-lit living-room (with a t.v.)", "a well-lit living-room -lrb- with a t.v. -rrb-"),
        ("A dog [brown]", "a dog -lsb- brown -rsb-"),
        ("At 10 a.m. in the U.S.", "at 10 a.m. in the u.s."),
        ("It's 12:30 p.m. on Main St.", "it 's 12:30 p.m. on main st."),
        ("A sign on St. Mark's street", "a sign on st. mark 's street"),
        ("Mr. Smith's car", "mr. smith 's car"),
        ("2 cars, 3,000 bikes and a 1/2 eaten sandwich", "2 cars 3,000 bikes and a 1/2 eaten sandwich"),
        ("A 3-year-old child's close-up...", "a 3-year-old child 's close-up"),
        ('A "no parking" sign', "a no parking sign"),
        ("The cats' bowls at 5 o'clock", "the cats bowls at 5 o'clock"),
        ("A café with naïve art .", "a café with naïve art"),
        ("A black/white cat", "a black/white cat"),
        ("Two dogs -- or three -- play", "two dogs or three play"),
        ("", ""),
        (" \n ", ""),
        ("...", ""),
    ],
)
def test_words_are_those_of_the_penn_treebank(caption, words):
    assert " ".join(tokenise(caption)) == words


def test_drawn_captions_are_split_at_spaces_and_punctuation(scenes):
    rng = random.Random(0)
    for scene in scenes[:200]:
        for text in references(scene, rng, 6):
            assert tokenise(text) == tuple(text.lower().replace(",", "").removesuffix(".").split())
