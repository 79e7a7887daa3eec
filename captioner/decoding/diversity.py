"""How different the captions of one picture are from one another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from captioner.scores.metrics import NGRAMS, Idf, Tokens, ngrams


def distinct(captions: Sequence[Tokens], n: int) -> float:
    """Different n-grams over words of several captions, in [0, 1] (Li et al., 2016; as Div-n of a picture's captions
    Shetty et al., 2017). 0 where there is no word. It falls with the number of captions.
    """
    words = sum(map(len, captions))
    grams = {tokens[at : at + n] for tokens in captions for at in range(len(tokens) - n + 1)}
    return len(grams) / words if words else 0.0


def cider_kernel(captions: Sequence[Tokens], idf: Idf) -> np.ndarray:
    """Similarities [m, m] in [0, 1] of m captions: the mean over n = 1..4 of the cosine of their counts of n-grams,
    weighted by idf, which is CIDEr (Vedantam et al., 2015) without the factor 10 of CIDEr-D, its clipping and its
    penalty. A caption without n-grams of any weight is similar to none, also to itself.
    """
    most = math.log(max(idf.images, 1))
    kernel = np.zeros((len(captions), len(captions)))
    weighted = [
        {gram: count * (most - math.log(max(idf.frequency.get(gram, 0), 1))) for gram, count in ngrams(tokens).items()}
        for tokens in captions
    ]
    names = {gram: column for column, gram in enumerate({gram: None for row in weighted for gram in row})}
    vectors = np.zeros((NGRAMS, len(captions), len(names)))
    for row, values in enumerate(weighted):
        for gram, value in values.items():
            vectors[len(gram) - 1, row, names[gram]] = value
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    for several in units:
        kernel += several @ several.T
    return kernel / NGRAMS


def self_cider(captions: Sequence[Tokens], idf: Idf) -> float:
    """Self-CIDEr of m captions, in [0, 1] (Wang and Chan, 2019, "Describing like humans"): -log(r) / log(m), where r is
    the share of the largest singular value, which are the roots of the eigenvalues of the kernel of CIDEr similarities:
    r = sqrt(l_1) / (sqrt(l_1) + ... + sqrt(l_m)).

    0 where all captions are the same (or none has a word of any weight), 1 where no two share an n-gram. ValueError for
    fewer than two captions.
    """
    if len(captions) < 2:
        raise ValueError("a single caption has no diversity")
    roots = np.sqrt(np.clip(np.linalg.eigvalsh(cider_kernel(captions, idf)), 0, None))
    roots[roots < 1e-7 * roots.max()] = 0.0  # of an eigenvalue of 0, what rounding leaves
    if not roots.any():
        return 0.0
    return float(-np.log(roots.max() / roots.sum()) / math.log(len(captions))) + 0.0
