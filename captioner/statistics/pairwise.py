"""Every prompt against every other: tests paired by image, their effect sizes, and Holm's correction over all pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from captioner.statistics.intervals import Bootstrap

VERDICTS = ("differs", "differs a little", "equivalent", "open")


@dataclass(frozen=True)
class Pair:
    """One prompt minus another. The interval is over images and seeds; the tests are over images, of means over seeds.

    `p`: sign-flip permutation of the mean; `p_wilcoxon`: signed ranks; `p_equivalence`: two one-sided t-tests against
    the margin. All three are corrected by Holm over the pairs of the family.
    """

    difference: float
    low: float
    high: float
    p: float
    p_wilcoxon: float
    p_equivalence: float
    d_z: float  # mean difference over the standard deviation of the differences; NaN where they do not vary
    rank_biserial: float  # (W+ - W-) / (W+ + W-) of the signed ranks, in [-1, 1]
    win_rate: float  # share of images on which it is higher, a tie counts half

    def mirrored(self) -> Pair:
        """The other prompt minus this one."""
        return replace(
            self,
            difference=-self.difference, low=-self.high, high=-self.low, d_z=-self.d_z,
            rank_biserial=-self.rank_biserial, win_rate=1 - self.win_rate,
        )  # fmt: skip

    def verdict(self, level: float) -> str:
        """`differs`, `equivalent` (inside the margin), `differs a little` (both) or `open` (neither), at this level."""
        differs, within = self.p < level, self.p_equivalence < level
        if differs:
            return "differs a little" if within else "differs"
        return "equivalent" if within else "open"


COLUMNS = tuple(field.name for field in fields(Pair))


def sign_flip(differences: np.ndarray, permutations: int, seed: int) -> np.ndarray:
    """Two-sided p-values [M] of paired differences [M, N] having mean zero, by random flips of each image's sign.

    The flips are the same for all M. p = (1 + flips at least as extreme) / (1 + flips), so it is never zero.
    """
    rng = np.random.default_rng([seed, permutations])
    observed = np.abs(differences.sum(axis=1))
    bound = observed - 1e-9 * np.abs(differences).sum(axis=1)  # equal sums count, whatever their rounding
    extreme = np.zeros(len(differences))
    for size in [2000] * (permutations // 2000) + [permutations % 2000]:
        signs = 2.0 * rng.integers(0, 2, (size, differences.shape[1]), dtype=np.int8) - 1
        extreme += (np.abs(signs @ differences.T) >= bound).sum(axis=0)
    return (1 + extreme) / (1 + permutations)


def signed_ranks(differences: np.ndarray) -> tuple[float, float]:
    """Wilcoxon's p-value of differences [N], zeros left out, and the matched-pairs rank-biserial correlation.

    Without any difference: 1 and 0.
    """
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0, 0.0
    ranks = stats.rankdata(np.abs(moved))
    p = stats.wilcoxon(moved, method="approx" if len(moved) > 50 else "auto").pvalue
    return float(p), float((np.sign(moved) * ranks).sum() / ranks.sum())


def equivalence(differences: np.ndarray, margin: float) -> float:
    """p of the hypothesis that the mean of differences [N] lies outside +-margin: two one-sided t-tests."""
    if np.ptp(differences) == 0:
        return float(abs(differences[0]) >= margin)
    return float(DescrStatsW(differences).ttost_mean(-margin, margin)[0])


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values of one family [M]."""
    return multipletests(p, method="holm")[1] if len(p) else p


def compare(
    values: Mapping[str, np.ndarray], margin: float, bootstrap: Bootstrap, permutations: int, seed: int
) -> dict[tuple[str, str], Pair]:
    """Every ordered pair of the prompts, whose values are [S, N] each; each unordered pair counts once for Holm.

    `margin`: differences below it are of no account, in the unit of the values.
    """
    pairs = list(combinations(values, 2))
    if not pairs:
        return {}
    apart = {(left, right): values[left] - values[right] for left, right in pairs}
    means = np.stack([difference.mean(axis=0) for difference in apart.values()])  # [M, N]
    ranked = [signed_ranks(difference) for difference in means]
    p = holm(sign_flip(means, permutations, seed))
    p_wilcoxon = holm(np.array([one for one, _ in ranked]))
    p_equivalence = holm(np.array([equivalence(difference, margin) for difference in means]))
    intervals = bootstrap.intervals(np.stack(list(apart.values())))
    found = {}
    for row, (pair, interval) in enumerate(zip(apart, intervals, strict=True)):
        mean = means[row]
        spread = mean.std(ddof=1) if len(mean) > 1 else 0.0
        one = Pair(
            difference=interval.mean, low=interval.low, high=interval.high,
            p=float(p[row]), p_wilcoxon=float(p_wilcoxon[row]), p_equivalence=float(p_equivalence[row]),
            d_z=float(mean.mean() / spread) if spread > 0 else np.nan, rank_biserial=ranked[row][1],
            win_rate=float(((mean > 0) + 0.5 * (mean == 0)).mean()),
        )  # fmt: skip
        found[pair], found[pair[::-1]] = one, one.mirrored()
    return found
