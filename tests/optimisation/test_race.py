"""Searches: every candidate on the same instances, within the budget, the best one found, and a kill loses nothing."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import Interruption
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.foundation.checkpoints import Parts
from captioner.foundation.errors import InputError
from captioner.optimisation.race import LEAST, cost, halving, schedule
from captioner.optimisation.trials import Trials, ordered_instances
from captioner.optimisation.wilcoxon import wilcoxon

IMAGES, MAPS, PROMPTS = 40, 3, 24
TEXTS = [f"prompt {number}" for number in range(PROMPTS)]
QUALITY = np.random.default_rng(3).permutation(PROMPTS) / PROMPTS
BEST = int(QUALITY.argmax())
NOISE = np.random.default_rng(4).normal(0, 1, (PROMPTS, IMAGES, MAPS))


class Made:
    """Trials whose captions are known: a prefix says which image and map it is of, a caption which prompt too."""

    def __init__(self, parts=None, noise=0.1, stop_after=math.inf):
        self.seen, self.noise, self.left = [], noise, stop_after
        places = torch.stack([torch.full((IMAGES,), float(number)) for number in range(MAPS)])
        prefixes = torch.stack([torch.arange(IMAGES).float().expand(MAPS, -1), places], dim=-1)[:, :, None]
        instances = ordered_instances(IMAGES, MAPS, 1)
        self.trials = Trials(self.words, self.measure, [2.0, 0.0], prefixes, instances, 16, parts)

    def words(self, prefix, texts):
        self.left -= 1
        if self.left < 0:
            raise Interruption
        return [[(text, int(image), int(number)) for image, number in prefix[:, 0].tolist()] for text in texts]

    def measure(self, places, captions):
        assert [image for _, image, _ in captions] == list(places) and len(set(places)) == len(places)
        self.seen += captions
        rows = [(TEXTS.index(text), image, number) for text, image, number in captions]
        return np.array([[QUALITY[p] + self.noise * NOISE[p, i, s], p] for p, i, s in rows])


def heard(_point, _new):
    pass


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 5))
def test_instances_show_every_image_once_a_round_and_every_pair_once(images, maps, seed):
    found = ordered_instances(images, maps, seed)
    assert len({tuple(row) for row in found.tolist()}) == len(found) == images * maps
    for start in range(0, len(found), images):
        assert sorted(found[start : start + images, 0]) == list(range(images))
    if images >= maps:
        assert set(found[:images, 1]) == set(range(maps))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.integers(2, 400), st.integers(1, 2000), st.integers(1, 1_000_000), st.integers(1, 12))
def test_a_schedule_keeps_to_its_budget_and_uses_it(candidates, instances, budget, finalists):
    finalists = min(finalists, candidates)
    try:
        rounds = schedule(candidates, instances, budget, finalists)
    except InputError as error:
        assert int(str(error).split("it takes ")[1].split()[0]) > budget
        return
    assert cost(rounds) <= budget and rounds[0].candidates == candidates
    assert rounds[0].instances >= min(LEAST, instances)
    for one, other in pairwise(rounds):
        assert other.candidates == max(finalists, math.ceil(one.candidates / 2))
        assert one.instances < other.instances <= instances
    last = rounds[-1]
    assert last.candidates == finalists or last.instances == instances
    if last.instances < instances:  # another caption for everyone in every round would not fit
        assert cost(rounds) + sum(one.candidates for one in rounds) > budget - sum(one.candidates for one in rounds)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_halving_finds_the_best_and_counts_right(noise):
    made = Made(noise=noise)
    rounds = schedule(PROMPTS, IMAGES * MAPS, 1200, 3)
    found = halving(TEXTS, made.trials, rounds, heard)
    assert found.standings[0].place == BEST
    assert found.spent == len(made.seen) == len(set(made.seen)) == cost(rounds) <= 1200
    assert sorted(one.place for one in found.standings) == list(range(PROMPTS))
    seen = {one.place: one.seen for one in found.standings}
    for place, text in enumerate(TEXTS):
        theirs = [(image, number) for told, image, number in made.seen if told == text]
        assert theirs == [tuple(row) for row in made.trials.instances[: seen[place]].tolist()]  # the same, in order
    assert [one.seen for one in found.standings] == sorted((one.seen for one in found.standings), reverse=True)
    assert found.standings[0].mean == pytest.approx(2 * (QUALITY + noise * NOISE.mean(axis=(1, 2)))[BEST])


def test_a_large_budget_is_the_full_grid():
    made = Made()
    rounds = schedule(PROMPTS, IMAGES * MAPS, 10**6, 3)
    assert len(rounds) == 1 and cost(rounds) == PROMPTS * IMAGES * MAPS
    found = halving(TEXTS, made.trials, rounds, heard)
    means = (QUALITY + 0.1 * NOISE.mean(axis=(1, 2))).tolist()
    assert [one.place for one in found.standings] == sorted(range(PROMPTS), key=lambda place: -means[place])


def test_a_budget_that_is_too_small_says_what_it_takes():
    with pytest.raises(InputError, match=r"100 captions are too few for 24 candidates; it takes (\d+)") as caught:
        schedule(PROMPTS, IMAGES * MAPS, 100, 3)
    needed = int(str(caught.value).split("it takes ")[1].split()[0])
    schedule(PROMPTS, IMAGES * MAPS, needed, 3)
    with pytest.raises(InputError):
        schedule(PROMPTS, IMAGES * MAPS, needed - 1, 3)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["halving", "wilcoxon"])
@pytest.mark.parametrize("stop_after", [1, 17, 40])
def test_a_killed_search_goes_on_with_the_same_result(tmp_path, method, stop_after):
    def search(made):
        if method == "halving":
            return halving(TEXTS, made.trials, schedule(PROMPTS, IMAGES * MAPS, 1200, 3), heard)
        return wilcoxon(TEXTS, made.trials, 1200, 0.1, 1, heard)

    whole = Made()
    expected = search(whole)
    broken = Made(Parts(tmp_path), stop_after=stop_after)
    with pytest.raises(Interruption):
        search(broken)
    again = Made(Parts(tmp_path))
    found = search(again)
    assert found.standings == expected.standings and found.spent == expected.spent
    assert [point.spent for point in found.course] == [point.spent for point in expected.course]
    assert len(again.seen) < len(whole.seen)  # what was kept is not made again
    assert set(again.seen) | set(broken.seen) == set(whole.seen)


def test_wilcoxon_finds_the_best_within_the_budget():
    made = Made()
    found = wilcoxon(TEXTS, made.trials, 1500, 0.1, 1, heard)
    assert found.standings[0].place == BEST and found.standings[0].seen == IMAGES * MAPS
    assert found.spent == len(made.seen) <= 1500
    assert sum(one.seen for one in found.standings) == found.spent
    short = wilcoxon(TEXTS, Made().trials, 100, 0.1, 1, heard)
    assert short.spent <= 100 and len(short.standings) == PROMPTS
    assert sum(not one.seen for one in short.standings) > 0  # the budget was spent before them
