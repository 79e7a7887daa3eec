"""Hand-made scores of prompts, and all tables of their comparison."""

from functools import cache

import numpy as np
import pandas as pd

from captioner.comparison import diagnoses, difficulty, lengths, means, pairs, rankings, summary, together
from captioner.comparison.compared import SCORES, Compared
from captioner.config.compare import CompareConfig
from captioner.scores.metrics import tokenise
from captioner.statistics.crossed import cross

CONFIG = CompareConfig(
    resamples=200,
    permutations=200,
    confidence=0.9,
    exponents={"none": 0.0, "whole": 1.0},
    collapse=0.2,
    groups={"odd": "unrelated"},
)
MARGINS = {"cider": 0.1, "clip_score": 1.5}
TOLD = {"good": {"group": "seen"}, "plain": {"group": "seen"}, "odd": {"group": "unrelated"}}


def table(shift=0.0, seeds=(1, 2), images=30, flat=False, rng=0):
    rng = np.random.default_rng(rng)
    rows = []
    for seed in seeds:
        for image in range(images):
            scores = dict(zip(SCORES, rng.uniform(0.2, 0.9, len(SCORES)), strict=True))
            scores |= {"cider": image / 10 + shift + rng.normal(0, 0.1), "tokens": int(rng.integers(4, 9))}
            caption = f"a cat number {rng.integers(20)}."
            if flat:
                scores, caption = dict.fromkeys(SCORES, 0.5), "a cat."
            rows.append({"split": "test", "seed": seed, "image_id": image, "caption": caption, **scores})
    return pd.DataFrame(rows)


def comparison(**scores):
    return Compared(cross(scores, "test", SCORES), CONFIG, 1)


@cache
def three():
    return comparison(good=table(1.0, rng=1), plain=table(0.0, rng=2), odd=table(-1.0, rng=3))


def tables(compared):
    """All tables as lists, their columns checked, and the mixed models' figures."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(compared.scores.prompts), *compared.scores["cider"].shape[1:], 6))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    effects, figures = lengths.mixed(compared)
    ranked = rankings.ranked(compared)
    made = {
        "prompts": (means.PROMPTS, means.prompts(compared)), "seeds": (means.SEEDS, means.seeds(compared)),
        "pairs": (pairs.PAIRS, pairs.pairs(compared, MARGINS)),
        "rankings": (rankings.RANKINGS, rankings.rankings(compared, ranked)),
        "ranks": (rankings.RANKS, rankings.ranks(compared, ranked)), "mixed": (lengths.MIXED, effects),
        "together": (together.TOGETHER, together.together(compared, vectors[0, 0], vectors)),
        "diagnoses": (diagnoses.DIAGNOSES, diagnoses.diagnoses(compared, 8, tokenise)),
        "lengths": (lengths.LENGTHS, lengths.lengths(compared)),
        "surface": (difficulty.SURFACE, difficulty.surface(compared, 5)),
        "examples": (difficulty.EXAMPLES, difficulty.examples(compared)),
    }  # fmt: skip
    found = {name: list(rows) for name, (_, rows) in made.items()}
    for name, (columns, _) in made.items():
        assert all(set(row) == set(columns) for row in found[name]), name
    return found, figures


def everything(compared, told):
    """All tables and all figures."""
    found, figures = tables(compared)
    return found, {**figures, **summary.summary(compared, found["pairs"], told, compared.values["cider"][:, :1])}


@cache
def of_three():
    return everything(three(), TOLD)
