"""Reference metrics as coco-caption computes them, without Java: CIDEr-D, BLEU-1..4, ROUGE-L, tokenisation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.treebank import treebank_words

Tokens = tuple[str, ...]
NGRAMS = 4


def tokenise(caption: str) -> Tokens:
    """The caption's words in lower case without punctuation, as coco-caption's PTBTokenizer gives them.

    Contractions are split, hyphenated words stay whole, round brackets come out as `-lrb-`, `-rrb-` (which
    coco-caption's list of punctuation, in upper case, does not drop).
    """
    return tuple(treebank_words(caption))


def ngrams(tokens: Tokens, most: int = NGRAMS) -> Counter[Tokens]:
    """Counts of all n-grams of 1 to `most` words."""
    return Counter(tokens[at : at + n] for n in range(1, most + 1) for at in range(len(tokens) - n + 1))


@dataclass(frozen=True)
class Idf:
    """In how many of `images` images' references each n-gram of 1 to 4 words stands."""

    images: int
    frequency: Mapping[Tokens, int]

    @classmethod
    def of(cls, references: Sequence[Sequence[Tokens]]) -> Idf:
        """Counted over these references, a sequence for each image."""
        frequency: Counter[Tokens] = Counter()
        for several in references:
            frequency.update({gram for tokens in several for gram in ngrams(tokens)})
        return cls(len(references), frequency)


class Cider:
    """CIDEr-D against fixed references, whose vectors are made once and serve any number of candidates.

    As in coco-caption: n = 1..4, raw counts x idf, idf over the images given here unless a table is
    given, clipped to the reference, Gaussian
    penalty (sigma 6) on the difference of lengths, mean over n and over references, x 10 (so that 1.0 is what papers
    print as 100).
    """

    SIGMA = 6.0

    def __init__(self, references: Sequence[Sequence[Tokens]], idf: Idf | None = None) -> None:
        """`references`: for each image its tokenised references, at least one each."""
        table = Idf.of(references) if idf is None else idf
        self._images = math.log(max(table.images, 1))  # 0 for a single image: every score is 0, as in coco-caption
        self._idf = {gram: self._images - math.log(count) for gram, count in table.frequency.items()}
        self._references = [[self._vector(ngrams(tokens)) for tokens in several] for several in references]

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
    """ROUGE-L of one candidate (beta 1.2); best precision and best recall may come from different references.

    An empty text counts as one empty word, as in coco-caption: two empty texts agree.
    """
    words, several = candidate or ("",), [tokens or ("",) for tokens in references]
    common = [_common_subsequence(tokens, words) for tokens in several]
    precision = max(common) / len(words)
    recall = max(count / len(tokens) for count, tokens in zip(common, several, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + 1.2**2) * precision * recall / (recall + 1.2**2 * precision)
