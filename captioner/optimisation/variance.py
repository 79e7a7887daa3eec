"""Why scores differ: their variance split into prompt, map and image, and that of prompts into families of words."""

from __future__ import annotations

from itertools import combinations

import numpy as np

FACTORS = ("prompt", "map", "image")
WORDS = ("template", "adjective", "noun")


def named(effect: tuple[int, ...], factors: tuple[str, ...], sign: str = " x ") -> str:
    """The name of an effect: its factors."""
    return sign.join(factors[axis] for axis in effect)


def mean_squares(values: np.ndarray) -> dict[tuple[int, ...], tuple[float, int]]:
    """Sum of squares and degrees of freedom of every effect of a balanced layout with one value a cell.

    `values` has an axis a factor; an effect is named by its axes, (0,) a main effect, (0, 1) an interaction. The sums
    of squares add up to that about the mean.
    """
    axes = range(values.ndim)
    effects: dict[tuple[int, ...], np.ndarray] = {}
    found = {}
    grand = values.mean()
    for size in range(1, values.ndim + 1):
        for effect in combinations(axes, size):
            others = tuple(axis for axis in axes if axis not in effect)
            mean = values.mean(axis=others, keepdims=True) if others else values
            within = sum(effects[part] for n in range(1, size) for part in combinations(effect, n))
            effects[effect] = mean - grand - within
            repeats = values.size // effects[effect].size
            freedom = int(np.prod([values.shape[axis] - 1 for axis in effect]))
            found[effect] = (float((effects[effect] ** 2).sum() * repeats), freedom)
    return found


def components(values: np.ndarray) -> dict[tuple[int, ...], float]:
    """Variance components of three crossed random factors [A, B, C] with one value a cell, at least two levels each.

    By the method of moments from the expected mean squares (Searle, Casella and McCulloch, 1992, chapter 4); the
    interaction of all three is one with the error. An estimate below 0 is given as 0. ValueError for fewer levels.
    """
    if values.ndim != 3 or min(values.shape) < 2:
        raise ValueError("three factors of two or more levels are needed")
    square = {effect: total / freedom for effect, (total, freedom) in mean_squares(values).items()}
    error = square[0, 1, 2]
    found = {(0, 1, 2): error}
    for pair in combinations(range(3), 2):
        (other,) = set(range(3)) - set(pair)
        found[pair] = (square[pair] - error) / values.shape[other]
    for one in range(3):
        left, right = ((one, other) if one < other else (other, one) for other in range(3) if other != one)
        below = square[left] + square[right] - error
        found[one,] = (square[one,] - below) / (values.size // values.shape[one])
    return {effect: max(0.0, value) for effect, value in found.items()}


def shares(values: np.ndarray) -> dict[tuple[int, ...], float]:
    """The share in the sum of squares of each effect of a balanced layout; NaN where all values are equal."""
    squares = {effect: total for effect, (total, _) in mean_squares(values).items()}
    whole = sum(squares.values())
    return {effect: total / whole if whole > 0 else float("nan") for effect, total in squares.items()}


def effect_means(values: np.ndarray, layout: tuple[int, ...]) -> list[list[np.ndarray]]:
    """For each factor of prompts that stand in a full `layout`, the mean values of each of its levels.

    `values` are [P, ...] with P the product of the layout; a level's mean is taken over all prompts that have it.
    """
    whole = values.reshape(*layout, *values.shape[1:])
    found = []
    for axis in range(len(layout)):
        others = tuple(other for other in range(len(layout)) if other != axis)
        found.append(list(whole.mean(axis=others)))
    return found
