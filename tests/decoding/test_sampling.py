"""Nucleus sampling draws what it says, by numbers that belong to the picture; at its limits it is greedy."""

import numpy as np
import pytest
import torch
from scipy import stats
from test_beam import CAP, PROMPT, case, keys  # noqa: F401

from captioner.captioning.generation import greedy
from captioner.decoding.base import decode_all
from captioner.decoding.sampling import Nucleus, drawn_tokens, nucleus_probabilities, uniform
from captioner.foundation.checkpoints import Parts

from transformers import TemperatureLogitsWarper, TopPLogitsWarper  # isort: skip


def logits(rows=40, size=300, seed=0):
    return 2.5 * torch.randn(rows, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7])
@pytest.mark.parametrize("top_p", [1e-9, 0.2, 0.5, 0.9, 0.999, 1.0])
def test_probabilities_are_those_of_the_warpers_of_transformers(top_p, temperature):
    found = nucleus_probabilities(logits(), top_p, temperature)
    warped = TemperatureLogitsWarper(temperature)(None, logits().double()) if temperature != 1 else logits().double()
    if top_p < 1:
        warped = TopPLogitsWarper(top_p)(None, warped)
    torch.testing.assert_close(found, warped.softmax(dim=-1), atol=1e-12, rtol=1e-9)


def test_the_nucleus_is_the_smallest_set_that_reaches_the_mass():
    for row, kept in zip(logits().double().softmax(-1), nucleus_probabilities(logits(), 0.8, 1.0) > 0, strict=True):
        assert row[kept].sum() >= 0.8 > row[kept].sum() - row[kept].min() and row[kept].min() > row[~kept].max()


@pytest.mark.slow
def test_frequencies_are_the_probabilities():
    """A chi-square test of 200 000 draws. The numbers are fixed, and so is its outcome."""
    for top_p, temperature in ((0.9, 1.0), (1.0, 0.7), (0.5, 1.3)):
        chances = nucleus_probabilities(0.4 * logits(1, 30), top_p, temperature)
        numbers = uniform(3, [f"picture {n}" for n in range(200)], 1000, 1).flatten()
        tokens = drawn_tokens(chances.expand(len(numbers), -1), torch.from_numpy(numbers))
        counts = np.bincount(tokens.numpy(), minlength=30)
        expected = chances[0].numpy() * len(numbers)
        assert not counts[expected == 0].any()
        often = expected > 5
        assert expected[~often].sum() < 50 and often.sum() > 2
        assert (
            stats.chisquare(counts[often], expected[often] * counts[often].sum() / expected[often].sum()).pvalue > 1e-4
        )


def test_numbers_at_the_ends_draw_tokens_that_can_be():
    chances = nucleus_probabilities(torch.tensor([[-9.0, 1.0, -9.0, 2.0, -9.0]] * 2), 0.9, 1.0)
    drawn = drawn_tokens(chances, torch.tensor([0.0, 1 - 2.0**-32], dtype=torch.float64))
    assert drawn.tolist() == [1, 3]


def test_numbers_belong_to_seed_picture_and_sample():
    first = uniform(1, ["a", "b"], 3, 5)
    assert first.shape == (2, 3, 5) and first.min() >= 0 and first.max() < 1
    assert np.array_equal(first[1:], uniform(1, ["b"], 3, 5)) and np.array_equal(
        first[:, :2], uniform(1, ["a", "b"], 2, 5)
    )
    assert np.array_equal(first[..., :4], uniform(1, ["a", "b"], 3, 4))
    assert len(np.unique(first)) == 30 and not np.intersect1d(first, uniform(2, ["a", "b"], 3, 5)).size


@pytest.mark.slow
@pytest.mark.parametrize(("top_p", "temperature"), [(1e-9, 1.0), (1.0, 1e-6)])
def test_the_limits_are_greedy(case, vocabulary, top_p, temperature):  # noqa: F811
    decoding = Nucleus(top_p, temperature, 3, 5)
    for decoder in case[:2]:
        several = decoding.words(decoder, vocabulary, case[2], PROMPT, keys(case[2]), CAP)
        plain = greedy(decoder, vocabulary, case[2], PROMPT, CAP)
        for one, other in zip(several, plain, strict=True):
            for caption in one:
                assert (caption.text, caption.stopped) == (other.text, other.stopped)
                assert caption.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)
                assert caption.entropies == pytest.approx(other.entropies, abs=1e-4)


class Spelt:
    """A vocabulary whose texts are the ids themselves."""

    def __init__(self, vocabulary):
        self.prompt = vocabulary.prompt

    def text(self, ids):
        return " ".join(map(str, ids))


@torch.no_grad()
def test_log_probabilities_are_the_models_own(case, vocabulary):  # noqa: F811
    """Untempered and uncut, from a pass without a cache."""
    ours, theirs, prefix = case
    told, spelt = vocabulary.prompt(PROMPT), Spelt(vocabulary)
    several = Nucleus(0.6, 1.4, 2, 7).words(ours, spelt, prefix, PROMPT, keys(prefix), CAP)
    for row, one in zip(prefix, several, strict=True):
        for caption in one:
            ids = [*map(int, caption.text.split()), *[ours.stop] * caption.stopped]
            whole = torch.cat([row[None], theirs.table(torch.tensor([[*told, *ids]]))], dim=1)
            logs = theirs.model(inputs_embeds=whole).logits[0, -len(ids) - 1 : -1].double().log_softmax(-1)
            assert caption.log_probabilities == pytest.approx(logs[range(len(ids)), ids].tolist(), abs=1e-3)
            assert caption.entropies == pytest.approx((-(logs.exp() * logs).sum(-1)).tolist(), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 4, 64])
def test_captions_do_not_depend_on_the_batch(case, vocabulary, tmp_path, size):  # noqa: F811
    """Nor on the order of the pictures; a run that was interrupted goes on with the same ones."""
    ours, _, prefix = case
    decoding, names = Nucleus(0.95, 1.0, 2, 11), keys(prefix)
    whole = decoding.words(ours, vocabulary, prefix, PROMPT, names, CAP)
    order = torch.arange(len(prefix) - 1, -1, -1)

    def run(folder):
        return decode_all(
            decoding, ours, vocabulary, prefix[order], PROMPT, names[::-1], CAP, 2 * size, "test", Parts(folder)
        )

    made = run(tmp_path / "a")
    assert [[one.text for one in several] for several in made[::-1]] == [
        [one.text for one in several] for several in whole
    ]
    assert run(tmp_path / "b") == made  # equal to the last digit
    parts = sorted((tmp_path / "b").iterdir())
    parts[-1].unlink()
    assert run(tmp_path / "b") == made
    assert len({one.text for several in whole for one in several}) > len(prefix)


def test_prefix_and_prompt_are_read_once(case, vocabulary, monkeypatch):  # noqa: F811
    """Whatever the number of captions: only the first pass has more than one place, and one row a picture."""
    ours, _, prefix = case
    shapes, read = [], type(ours).read
    monkeypatch.setattr(
        type(ours), "read", lambda self, inputs, memory: shapes.append(inputs.shape) or read(self, inputs, memory)
    )
    Nucleus(1.0, 1.0, 6, 1).words(ours, vocabulary, prefix, PROMPT, keys(prefix), 3)
    assert shapes[0][0] == len(prefix) and shapes[0][1] > 1
    assert all(rows <= 6 * len(prefix) and places == 1 for rows, places, _ in shapes[1:])
