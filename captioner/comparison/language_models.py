"""The same prompts on the same images under two language models: whether they rank alike.

Scores of one model are [P, S, N]: P prompts, S trained maps, N images. The maps of the two models are not the same, the
images are, so that each resample of the images is one for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from captioner.comparison.compared import bounds
from captioner.config.compare import CompareConfig
from captioner.statistics.intervals import Bootstrap, Interval, spread

MEASURES = ("cider", "cider_shuffled", "clip_score", "tokens")
PROMPTS = ("prompt", *bounds(*MEASURES, "miniature"), "rank", "miniature_rank")


def kendall(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Kendall's tau-b [R] of two rankings of P prompts by their scores [P, R]; NaN where one of them ranks nothing."""
    first, second = np.triu_indices(len(left), 1)
    x, y = np.sign(left[first] - left[second]), np.sign(right[first] - right[second])  # [pairs, R]
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    return np.divide((x * y).sum(axis=0), scale, out=np.full(len(scale), np.nan), where=scale > 0)


def spearman(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Spearman's correlation [R] of two rankings of P prompts by their scores [P, R]; NaN where one ranks nothing."""
    x, y = (stats.rankdata(values, axis=0) - (len(values) + 1) / 2 for values in (left, right))
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    return np.divide((x * y).sum(axis=0), scale, out=np.full(len(scale), np.nan), where=scale > 0)


@dataclass(frozen=True)
class LanguageModels:
    """Prompts under a pretrained language model and under the study's miniature, on the images of one split.

    `pretrained` holds [P, S, N] of each of `MEASURES`, `miniature` [P, S', N] is its CIDEr-D.
    """

    prompts: Sequence[str]
    pretrained: Mapping[str, np.ndarray]
    miniature: np.ndarray
    config: CompareConfig
    seed: int

    def _bootstrap(self, values: np.ndarray) -> Bootstrap:
        return Bootstrap(values.shape[2], values.shape[1], self.config.resamples, self.config.confidence, self.seed)

    @cached_property
    def _own(self) -> Bootstrap:
        return self._bootstrap(self.pretrained["cider"])

    @cached_property
    def _means(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean CIDEr-D [P] under each model, the pretrained one first."""
        return self.pretrained["cider"].mean(axis=(1, 2)), self.miniature.mean(axis=(1, 2))

    @cached_property
    def _draws(self) -> tuple[np.ndarray, np.ndarray]:
        """The resampled means [P, R] under each model, over the same images."""
        return self._own.means(self.pretrained["cider"]), self._bootstrap(self.miniature).means(self.miniature)

    def rows(self) -> Iterator[dict]:
        """A row a prompt: its means with intervals over images and maps, and its rank by CIDEr-D under either model."""
        ranks = [stats.rankdata(-means, method="min").tolist() for means in self._means]
        found = {name: self._own.intervals(self.pretrained[name]) for name in MEASURES}
        found["miniature"] = self._bootstrap(self.miniature).intervals(self.miniature)
        for p, name in enumerate(self.prompts):
            row: dict = {"prompt": name, "rank": int(ranks[0][p]), "miniature_rank": int(ranks[1][p])}
            for measure, intervals in found.items():
                row |= spread(measure, intervals[p])
            yield row

    def agreement(self, among: Sequence[str]) -> dict[str, float | int | str]:
        """How far the two rankings of these prompts by CIDEr-D agree, with intervals over images and maps.

        `tau_p` is the two-sided probability of a tau as far from 0 if one ranking were drawn at random (exact where no
        two means are equal). `regret`: under the pretrained model its own best prompt minus the miniature's best. `gap`
        and `miniature_gap`: the best prompt minus the worst, both chosen by the means.
        """
        chosen = [place for place, name in enumerate(self.prompts) if name in among]
        (own, other), (draws, others) = ([values[chosen] for values in pair] for pair in (self._means, self._draws))
        found: dict[str, float | int | str] = {"prompts": len(chosen)}
        for name, measure in (("tau", kendall), ("spearman", spearman)):
            estimate = float(measure(own[:, None], other[:, None])[0])
            found |= spread(name, self._own.around(estimate, measure(draws, others)))
        found["tau_p"] = float(stats.kendalltau(own, other).pvalue)
        best, favourite = chosen[int(own.argmax())], chosen[int(other.argmax())]
        found |= {"best": self.prompts[best], "miniature_best": self.prompts[favourite]}
        found |= spread("regret", self._difference(self.pretrained["cider"], best, favourite))
        found |= spread("gap", self._difference(self.pretrained["cider"], best, chosen[int(own.argmin())]))
        return found | spread("miniature_gap", self._difference(self.miniature, favourite, chosen[int(other.argmin())]))

    def _difference(self, values: np.ndarray, first: int, second: int) -> Interval:
        return self._bootstrap(values).interval(values[first] - values[second])
