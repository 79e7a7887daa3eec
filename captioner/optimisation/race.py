"""Sequential halving: all candidates on few instances, the better half on more, until a few have seen them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.foundation.errors import InputError
from captioner.optimisation.trials import Trials

LEAST = 8  # instances of the first round, below which a round only draws lots


@dataclass(frozen=True)
class Round:
    """So many candidates are tried on so many instances, those of the rounds before included."""

    candidates: int
    instances: int


@dataclass(frozen=True)
class Standing:
    """A candidate at the end: the instances it has seen, its mean over them, and the round that it left the race in."""

    place: int
    seen: int
    mean: float
    left_in: int


@dataclass(frozen=True)
class Point:
    """The incumbent after so many captions: which candidate, its values so far, and how many candidates race."""

    spent: int
    incumbent: int
    seen: int
    values: np.ndarray
    racing: int


@dataclass(frozen=True)
class Found:
    """The candidates, best first, and the course of the search."""

    standings: tuple[Standing, ...]
    course: tuple[Point, ...]
    spent: int


def schedule(candidates: int, instances: int, budget: int, finalists: int) -> list[Round]:
    """The rounds of sequential halving (Karnin, Koren and Somekh, 2013) that make at most `budget` captions.

    Every round makes as many new captions as the others, since the survivors keep what they have. The last one is that
    of `finalists`, or the first whose candidates see all instances. InputError where the budget gives the first round
    fewer than `LEAST` instances.
    """
    sizes = [candidates]
    while sizes[-1] > finalists:
        sizes.append(max(finalists, -(-sizes[-1] // 2)))

    def rounds(share: int) -> list[Round]:
        made, seen = [], 0
        for size in sizes:
            seen = min(instances, seen + share // size)
            made.append(Round(size, seen))
            if seen == instances:
                break  # nothing is left to see
        return made

    least = min(LEAST, instances) * candidates
    low, high = 0, max(least, instances * max(sizes))  # `low` is within the budget
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(rounds(middle)) <= budget else (low, middle - 1)
    if low < least:
        raise InputError(
            f"search.budget: {budget} captions are too few for {candidates} candidates; it takes "
            f"{cost(rounds(least))} to show each of them {min(LEAST, instances)} instances and go on"
        )
    return rounds(low)


def cost(rounds: Sequence[Round]) -> int:
    """Captions that the rounds make."""
    seen = [0, *(one.instances for one in rounds)]
    return sum(one.candidates * (one.instances - before) for one, before in zip(rounds, seen, strict=False))


def halving(texts: Sequence[str], trials: Trials, rounds: Sequence[Round], told: Callable[[Point, int], None]) -> Found:
    """Race the prompts; `told` hears the incumbent and how many captions are new after every candidate.

    In a round all candidates see the same instances, and those with the best means go on; of equal means the one that
    stands first.
    """
    racing = list(range(len(texts)))
    standings: list[Standing] = []
    course: list[Point] = []
    for number, one in enumerate(rounds):
        following = rounds[number + 1].candidates if number + 1 < len(rounds) else 0
        values: dict[int, np.ndarray] = {}
        group = trials.group(texts[racing[0]], one.instances)
        for at, place in enumerate(racing):
            if at % group == 0:
                trials.ahead([texts[each] for each in racing[at : at + group]], one.instances)
            before = trials.spent
            values[place] = trials.values(texts[place], one.instances)
            best = max(values, key=lambda each: (values[each].mean(), -each))
            point = Point(trials.spent, best, one.instances, values[best], len(racing))
            told(point, trials.spent - before)
        course.append(point)
        ranked = sorted(racing, key=lambda place: (-values[place].mean(), place))
        left = [Standing(place, one.instances, float(values[place].mean()), number) for place in ranked[following:]]
        standings = left + standings
        racing = sorted(ranked[:following])
    return Found(tuple(standings), tuple(course), trials.spent)
