"""A linear mixed model of a score: image random, prompt and seed fixed, with and without the caption's length."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from captioner.statistics.intervals import Interval


@dataclass(frozen=True)
class Mixed:
    """A fitted model: each prompt's effect as its deviation from the mean over prompts, centred by computation.

    `image_share`: the variance between images over that and the rest; `length`: score per token, None where the
    model leaves the length out.
    """

    effects: tuple[Interval, ...]
    image_share: float
    length: Interval | None


def fit(scores: np.ndarray, tokens: np.ndarray | None, confidence: float) -> Mixed | None:
    """s = b_p + c_s + k T + a_i + e for scores [P, S, N], by restricted likelihood; None where it cannot be fitted.

    With `tokens` [P, S, N] the prompts' effects are direct ones, at equal length: the length is a consequence of the
    prompt, so the total effect is that of the model without it.
    """
    prompts, seeds, images = scores.shape
    p, s, i = (index.ravel() for index in np.indices(scores.shape))
    columns = [np.eye(prompts)[p], (np.eye(seeds) - 1 / seeds)[s][:, 1:]]
    if tokens is not None:
        columns.append((tokens - tokens.mean()).reshape(-1, 1))
    design = np.concatenate(columns, axis=1)
    if min(prompts, images) < 2 or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    deviations = scores - scores.mean(axis=2, keepdims=True)
    if np.ptp(scores) == 0 or np.ptp(deviations - deviations.mean(axis=(0, 1))) < 1e-9:
        return None  # nothing is left to estimate the variance from
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # asked for below; also warns where a_i vanishes
        try:
            result = MixedLM(scores.ravel(), design, groups=i).fit(reml=True)
        except np.linalg.LinAlgError:
            return None
    if not result.converged:
        return None
    centred = np.zeros((prompts, design.shape[1]))
    centred[:, :prompts] = np.eye(prompts) - 1 / prompts
    effects = _estimates(result, centred, confidence)
    length = None
    if tokens is not None:
        length = _estimates(result, np.eye(design.shape[1])[-1:], confidence)[0]
    between, within = float(result.cov_re[0, 0]), float(result.scale)
    return Mixed(tuple(effects), between / (between + within), length)


def _estimates(result, contrasts: np.ndarray, confidence: float) -> list[Interval]:
    """The contrasts [M, K] of the fixed effects with their normal intervals."""
    told = result.t_test(contrasts)
    bounds = told.conf_int(1 - confidence)
    return [
        Interval(float(mean), float(low), float(high)) for mean, (low, high) in zip(told.effect, bounds, strict=True)
    ]
