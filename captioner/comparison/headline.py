"""The headline captions of one split, best and worst, and by length."""

from __future__ import annotations

from collections.abc import Iterator

from captioner.comparison.compared import SCORES
from captioner.comparison.lengths import BY_LENGTH, by_length
from captioner.config.compare import CompareConfig
from captioner.statistics.crossed import Crossed
from captioner.statistics.intervals import Bootstrap, cumulative_bands, cumulative_means


class Headline:
    """The headline captions of one split, of every seed; intervals over images for the means over seeds."""

    EXTREMES = 50

    def __init__(self, scores: Crossed, config: CompareConfig, seed: int) -> None:
        """`scores`: one prompt."""
        self.columns = {key: scores[key][0] for key in SCORES}  # [S, N]
        self.bootstrap = Bootstrap(len(scores.images), 1, config.resamples, config.confidence, seed)
        self.clip_score = self.columns["clip_score"].mean(axis=0)  # [N]
        self.own = cumulative_means(self.clip_score, self.EXTREMES)
        self.chance = cumulative_means(self.columns["clip_score_shuffled"].mean(axis=0), self.EXTREMES)

    CUMULATIVE = ("rank", *(f"{end}{part}" for end in ("top", "bottom") for part in ("", "_low", "_high", "_shuffled")))

    def cumulative(self) -> Iterator[dict]:
        """A row a rank: the running mean CLIP score of the best and of the worst images, and of shuffled ones."""
        bands = cumulative_bands(self.clip_score, self.EXTREMES, self.bootstrap)
        series = [
            line
            for own, band, chance in zip(self.own, bands, self.chance, strict=True)
            for line in (own, *band, chance)
        ]
        for rank, row in enumerate(zip(*(line.tolist() for line in series), strict=True), start=1):
            yield dict(zip(self.CUMULATIVE, (rank, *row), strict=True))

    LENGTHS = BY_LENGTH

    def lengths(self) -> Iterator[dict]:
        """A row a caption length."""
        return by_length(*(self.columns[key].ravel() for key in ("tokens", "clip_score", "cider")))

    def summary(self) -> dict[str, float]:
        """How far apart the means of the best and the worst images are, against chance."""
        return {
            "extremes": len(self.own[0]),
            "extremes_gap": float(self.own[0][-1] - self.own[1][-1]),
            "extremes_gap_shuffled": float(self.chance[0][-1] - self.chance[1][-1]),
        }  # fmt: skip
