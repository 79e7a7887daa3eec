"""Reference metrics as coco-caption computes them, without Java: CIDEr-D, BLEU-1..4, ROUGE-L, tokenisation."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

Tokens = tuple[str, ...]
NGRAMS = 4

_PUNCTUATION = {
    '"',
    "''",
    "'",
    "``",
    "`",
    "-LRB-",
    "-RRB-",
    "-LCB-",
    "-RCB-",
    ".",
    "?",
    "!",
    ",",
    ":",
    "-",
    "--",
    "...",
    ";",
}
_ABBREVIATIONS = r"(?:st|ave|blvd|mr|mrs|ms|dr|jr|sr|vs|etc|inc|co|no)\.(?=\s|$)"
_TOKEN = re.compile(
    rf"""
    {_ABBREVIATIONS}
    | (?:[a-z]\.){{2,}}                        # initials keep their periods
    | can(?=not\b) | gon(?=na\b) | wan(?=na\b)
    | [a-z]+(?=n't\b) | n't\b | '(?:s|re|ve|ll|d|m)\b
    | '[nr]'(?!\w)
    | \d+(?:[.,:/]\d+)*(?:[-/][a-z0-9]+)*   # numbers, with what is joined to them
    | [^\W_]+(?:[-/&'][^\W_]+)*?(?='(?:s|re|ve|ll|d|m)\b|n't\b)
    | [^\W_]+(?:[-/&'][^\W_]+)*
    | [()\[\]{{}}]
    | \.\.\. | -- | [^\w\s]
    """,
    re.VERBOSE,
)
_TYPOGRAPHY = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "--", "\u2014": "--", "\u2026": "..."}
)
_BRACKETS = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}


def tokenise(caption: str) -> Tokens:
    """The caption's words in lower case without punctuation, close to coco-caption's PTBTokenizer.

    Contractions are split, hyphenated words stay whole, round brackets come out as `-lrb-`, `-rrb-` (which
    coco-caption's list of punctuation, in upper case, does not drop).
    """
    text = caption.lower().translate(_TYPOGRAPHY)
    words = (_BRACKETS.get(token, token) for token in _TOKEN.findall(text))
    return tuple(word for word in words if word not in _PUNCTUATION)


def ngrams(tokens: Tokens, most: int = NGRAMS) -> Counter[Tokens]:
    """Counts of all n-grams of 1 to `most` words."""
    return Counter(tokens[at : at + n] for n in range(1, most + 1) for at in range(len(tokens) - n + 1))


class Cider:
    """CIDEr-D against fixed references, whose vectors are made once and serve any number of candidates.

    As in coco-caption: n = 1..4, raw counts x idf, idf over the images given here, clipped to the reference, Gaussian
    penalty (sigma 6) on the difference of lengths, mean over n and over references, x 10 (so that 1.0 is what papers
    print as 100).
    """

    SIGMA = 6.0

    def __init__(self, references: Sequence[Sequence[Tokens]]) -> None:
        """`references`: for each image its tokenised references, at least one each."""
        counted = [[ngrams(tokens) for tokens in several] for several in references]
        frequency: Counter[Tokens] = Counter()
        for several in counted:
            frequency.update(set().union(*several))
        self._images = math.log(max(len(references), 1))  # 0 for a single image: every score is 0, as in coco-caption
        self._idf = {gram: self._images - math.log(count) for gram, count in frequency.items()}
        self._references = [[self._vector(counts) for counts in several] for several in counted]

    def _vector(self, counts: Counter[Tokens]) -> tuple[dict[Tokens, float], list[float], int]:
        vector = {gram: count * self._idf.get(gram, self._images) for gram, count in counts.items()}
        norms = [0.0] * NGRAMS
        length = 0
        for gram, value in vector.items():
            norms[len(gram) - 1] += value * value
            if len(gram) == 2:
                length += counts[gram]
        return vector, [math.sqrt(norm) for norm in norms], length

    def score(self, image: int, candidate: Tokens) -> float:
        """CIDEr-D of one candidate for the image with this index."""
        vector, norms, length = self._vector(ngrams(candidate))
        total = 0.0
        for other, other_norms, other_length in self._references[image]:
            products = [0.0] * NGRAMS
            for gram, value in vector.items():
                weight = other.get(gram)
                if weight is not None:
                    products[len(gram) - 1] += min(value, weight) * weight
            penalty = math.exp(-((length - other_length) ** 2) / (2 * self.SIGMA**2))
            total += penalty * sum(
                product / (norm * other_norm) if norm and other_norm else product
                for product, norm, other_norm in zip(products, norms, other_norms, strict=True)
            )
        return 10.0 * total / NGRAMS / len(self._references[image])

    def scores(self, candidates: Sequence[Tokens]) -> np.ndarray:
        """CIDEr-D of each image's candidate [N]."""
        return np.array([self.score(image, candidate) for image, candidate in enumerate(candidates)])


def bleu(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> tuple[float, float, float, float]:
    """Corpus BLEU-1..4 with the closest reference's length, smoothed by 1e-15 and 1e-9 as coco-caption does."""
    matches, guesses = np.zeros(NGRAMS), np.zeros(NGRAMS)
    length = reference_length = 0
    for candidate, several in zip(candidates, references, strict=True):
        counts = ngrams(candidate)
        most: Counter[Tokens] = Counter()
        for tokens in several:
            most |= ngrams(tokens)
        for gram, count in counts.items():
            matches[len(gram) - 1] += min(count, most[gram])
        guesses += [max(0, len(candidate) - n) for n in range(NGRAMS)]
        length += len(candidate)
        reference_length += min((abs(len(tokens) - len(candidate)), len(tokens)) for tokens in several)[1]
    ratio = (length + 1e-15) / (reference_length + 1e-9)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    values, product = [], 1.0
    for n in range(NGRAMS):
        product *= (matches[n] + 1e-15) / (guesses[n] + 1e-9)
        values.append(product ** (1 / (n + 1)) * penalty)
    return tuple(values)


def _common_subsequence(left: Tokens, right: Tokens) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for index, other in enumerate(right, start=1):
            above = row[index]
            row[index] = diagonal + 1 if word == other else max(above, row[index - 1])
            diagonal = above
    return row[-1]


def rouge_l(candidate: Tokens, references: Sequence[Tokens]) -> float:
    """ROUGE-L of one candidate (beta 1.2); best precision and best recall may come from different references."""
    if not candidate:
        return 0.0
    common = [_common_subsequence(tokens, candidate) for tokens in references]
    precision = max(common) / len(candidate)
    recall = max(count / len(tokens) if tokens else 0.0 for count, tokens in zip(common, references, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + 1.2**2) * precision * recall / (recall + 1.2**2 * precision)
