"""How strong each system is by pairwise answers: Bradley and Terry's model with Davidson's ties.

P(i preferred) : P(j preferred) : P(tie) = e^s_i : e^s_j : n e^((s_i + s_j) / 2) (Davidson, 1970). It is fitted as the
log-linear model that it is (Fienberg and Larntz, 1976), by statsmodels' Poisson regression with a constant a pair.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import statsmodels.api as sm
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from captioner.rating.items import TOGETHER
from captioner.rating.table import Rating

PRIOR = 0.5  # wins and losses of each system against one of average strength: keeps every strength finite
FIRST, SECOND, TIE = range(3)


@dataclass(frozen=True)
class Comparisons:
    """Answers to pairs, one row for each two systems whose captions were compared: caption `left` of several systems
    stands for all of them. `first` < `second` are places in `systems`; `outcome` is FIRST, SECOND or TIE.
    """

    systems: tuple[str, ...]
    raters: tuple[str, ...]
    images: tuple[str, ...]
    first: np.ndarray  # [M]
    second: np.ndarray  # [M]
    outcome: np.ndarray  # [M]
    rater: np.ndarray  # [M], places in `raters`
    image: np.ndarray  # [M], places in `images`

    @classmethod
    def of(cls, ratings: Sequence[Rating]) -> Comparisons:
        """Of ratings of the kind `pair` and the role `rating`."""
        rows = []
        for rating in ratings:
            for left in rating.left.split(TOGETHER):
                rows += [(left, right, rating) for right in rating.right.split(TOGETHER)]
        systems = sorted({name for left, right, _ in rows for name in (left, right)})
        raters, images = (sorted({getattr(rating, name) for *_, rating in rows}) for name in ("rater", "image"))
        places = [{name: at for at, name in enumerate(names)} for names in (systems, raters, images)]
        table = np.zeros((len(rows), 5), np.int64)
        for at, (left, right, rating) in enumerate(rows):
            one, two = places[0][left], places[0][right]
            won = {"left": one, "right": two}.get(rating.answer)
            outcome = TIE if won is None else FIRST if won == min(one, two) else SECOND
            table[at] = min(one, two), max(one, two), outcome, places[1][rating.rater], places[2][rating.image]
        return cls(tuple(systems), tuple(raters), tuple(images), *table.T)

    def counts(self, weights: np.ndarray | None = None) -> np.ndarray:
        """How often each outcome [P, 3] of each of the P pairs of systems came, each answer `weights` [M] times."""
        size = len(self.systems)
        flat = (self.first * size + self.second) * 3 + self.outcome
        every = np.bincount(flat, weights, minlength=3 * size * size).reshape(size, size, 3)
        return every[np.triu_indices(size, 1)]

    @property
    def connected(self) -> bool:
        """Whether every system can be compared with every other, directly or by way of others."""
        size = len(self.systems)
        graph = csr_matrix((np.ones(len(self.first)), (self.first, self.second)), (size, size))
        return size > 0 and connected_components(graph, directed=False)[0] == 1


@dataclass(frozen=True)
class Strengths:
    """The model: `strength` [K], log odds, mean zero; `tie` is Davidson's n, 0 where nobody called a tie."""

    strength: np.ndarray
    tie: float

    @property
    def preferred(self) -> np.ndarray:
        """For each system the chance [K] of being preferred to another one, a tie half, the mean over the others."""
        odds = np.exp(self.strength)
        one, other = odds[:, None], odds[None]
        ties = self.tie * np.sqrt(one * other)
        chances = (one + ties / 2) / (one + other + ties)
        np.fill_diagonal(chances, 0)
        return chances.sum(axis=1) / (len(odds) - 1)


def fit(counts: np.ndarray, size: int, prior: float = PRIOR, start: Strengths | None = None) -> Strengths:
    """The most likely strengths of `size` systems for counts [P, 3] of their pairs, in the order of `combinations`.

    `prior`: wins, and as many losses, of each system against an average one.
    """
    pairs = list(combinations(range(size), 2))
    asked = [row for row in range(len(pairs)) if counts[row].sum() > 0]
    ties = bool(counts[:, TIE].sum() > 0)
    width = 3 if ties else 2
    blocks, answers = [], []  # of a pair: its constant, then the strengths of those that gain by each outcome
    for row in asked:
        i, j = pairs[row]
        part = np.zeros((width, size + 1))
        part[FIRST, i] = part[SECOND, j] = 1
        if ties:
            part[TIE, [i, j]], part[TIE, size] = 0.5, 1
        blocks.append(part)
        answers.append(counts[row, :width])
    for i in range(size if prior > 0 else 0):
        part = np.zeros((2, size + 1))
        part[0, i] = 1
        blocks.append(part)
        answers.append(np.full(2, prior))
    design = np.concatenate(blocks)[:, : size + ties]
    constants = np.repeat(np.eye(len(blocks)), [len(part) for part in blocks], axis=0)
    if prior == 0:
        design = design[:, 1:]  # only differences count: the first strength is 0
    whole = np.hstack([design, constants])
    given = np.concatenate(answers)
    begin = None
    if start is not None and prior > 0 and (start.tie > 0) == ties:
        known = np.append(start.strength, np.log(start.tie)) if ties else start.strength
        level = [np.log(part.sum() / np.exp(one[:, : len(known)] @ known).sum())
                 for part, one in zip(answers, (b[:, : len(known)] for b in blocks), strict=True)]  # fmt: skip
        begin = np.concatenate([known, level])
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Two systems and no prior leave no degree of freedom: the model is exact and its scale, unused, does not exist.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        found = sm.GLM(given, whole, family=sm.families.Poisson()).fit(start_params=begin, maxiter=50, tol=1e-8)
    strength = found.params[:size] if prior > 0 else np.concatenate([[0.0], found.params[: size - 1]])
    tie = float(np.exp(found.params[design.shape[1] - 1])) if ties else 0.0
    return Strengths(strength - strength.mean(), tie)
