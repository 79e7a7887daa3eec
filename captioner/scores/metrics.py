"""Reference metrics as coco-caption computes them, without Java: CIDEr-D, BLEU-1..4, ROUGE-L, tokenisation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.scores.treebank import treebank_words

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


class _Grams:
    """Numbers for the n-grams of lines of words: those of the first lines from 0 on, others from `sizes[n - 1]` on."""

    def __init__(self, lines: Sequence[Tokens]) -> None:
        self._words: dict[str, int] = {}
        self._keys: list[np.ndarray] = []
        self.sizes: list[int] = []
        self.first = [self._counted(*level) for level in self._levels(lines, self._words)]

    def __call__(self, lines: Sequence[Tokens]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For n = 1..4 three arrays: line, number of the n-gram, how often it stands there; sorted by both."""
        return [self._counted(*level) for level in self._levels(lines, dict(self._words))]

    @staticmethod
    def _counted(lines: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        both, counts = np.unique((lines << 32) | numbers, return_counts=True)
        return both >> 32, both & 0xFFFFFFFF, counts

    def _levels(self, lines: Sequence[Tokens], words: dict[str, int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """For n = 1..4 the line and the number of each n-gram. An n-gram's key: its first n - 1 words and its last."""
        last = np.array([words.setdefault(word, len(words)) for tokens in lines for word in tokens], dtype=np.int64)
        of = np.repeat(np.arange(len(lines)), [len(tokens) for tokens in lines])
        starts, numbers = np.arange(len(last)), np.zeros(len(last), np.int64)
        for n in range(NGRAMS):
            ends = starts + n
            whole = ends < len(last)
            whole[whole] = of[starts[whole]] == of[ends[whole]]
            starts, numbers = starts[whole], numbers[whole]
            keys = (numbers << 32) | last[starts + n]
            if len(self._keys) == n:
                self._keys.append(np.unique(keys))
                self.sizes.append(len(self._keys[n]))
            numbers = self._number(self._keys[n], keys)
            yield of[starts], numbers

    @staticmethod
    def _number(known: np.ndarray, keys: np.ndarray) -> np.ndarray:
        numbers = np.searchsorted(known, keys)
        new = np.ones(len(keys), bool)
        inside = numbers < len(known)
        new[inside] = known[numbers[inside]] != keys[inside]
        numbers[new] = len(known) + np.unique(keys[new], return_inverse=True)[1]
        return numbers


def _flat(several: Sequence[Sequence[Tokens]]) -> tuple[list[Tokens], np.ndarray]:
    """All lines in one row, and the image of each."""
    sizes = np.array([len(group) for group in several], dtype=np.int64)
    return [tokens for group in several for tokens in group], np.repeat(np.arange(len(several)), sizes)


def _pairs(lines: Sequence[Tokens]) -> np.ndarray:
    """How many bigrams each line has, which CIDEr-D takes for its length."""
    return np.array([max(0, len(tokens) - 1) for tokens in lines], dtype=float)


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

    As in coco-caption: n = 1..4, raw counts x idf, idf over the images given here unless a table is given, clipped to
    the reference, Gaussian penalty (sigma 6) on the difference of lengths, mean over n and over references, x 10 (so
    that 1.0 is what papers print as 100).
    """

    SIGMA = 6.0

    def __init__(self, references: Sequence[Sequence[Tokens]], idf: Idf | None = None) -> None:
        """`references`: for each image its tokenised references, at least one each."""
        lines, self._image = _flat(references)
        table = list(idf.frequency) if idf else []
        self._grams = _Grams([*lines, *table])
        images = idf.images if idf else len(references)
        self._unseen = math.log(max(images, 1))  # 0 for a single image: every score is 0, as in coco-caption
        self._several = np.array([len(group) for group in references])
        self._lengths = _pairs(lines)
        self._idf: list[np.ndarray] = []
        self._vectors: list[tuple[np.ndarray, ...]] = []
        for n, (of, grams, counts) in enumerate(self._grams.first):
            here = of < len(lines)
            if idf:
                full = np.array([len(gram) == n + 1 for gram in table], dtype=bool)
                listed = ~here
                listed[listed] = full[of[listed] - len(lines)]
                frequency = np.zeros(self._grams.sizes[n])
                frequency[grams[listed]] = [idf.frequency[table[row]] for row in of[listed] - len(lines)]
            else:
                each = np.unique((self._image[of] << 32) | grams) & 0xFFFFFFFF
                frequency = np.bincount(each, minlength=self._grams.sizes[n])
            weights = self._unseen - np.log(np.maximum(frequency, 1))
            of, grams = of[here], grams[here]
            values = counts[here] * weights[grams]
            norms = np.sqrt(np.bincount(of, values**2, minlength=len(lines)))
            self._idf.append(weights)
            self._vectors.append((of, grams, values, norms))

    def score(self, image: int, candidate: Tokens) -> float:
        """CIDEr-D of one candidate for the image with this index."""
        return float(self._scores([image], [candidate])[0])

    def scores(self, candidates: Sequence[Tokens]) -> np.ndarray:
        """CIDEr-D of each image's candidate [N]."""
        return self._scores(range(len(candidates)), candidates)

    def scores_at(self, images: Sequence[int], candidates: Sequence[Tokens]) -> np.ndarray:
        """CIDEr-D [n] of one candidate each for the images at these places, each place once; ValueError otherwise."""
        if len(set(images)) != len(images):
            raise ValueError("an image stands there twice")
        return self._scores(images, candidates)

    def _scores(self, images: Sequence[int], candidates: Sequence[Tokens]) -> np.ndarray:
        place = np.full(len(self._several), -1)  # where each image's candidate stands among those given
        place[list(images)] = np.arange(len(candidates))
        mine = place[self._image]  # of each reference; -1 where its image is not asked for
        asked = mine >= 0
        cosines = np.zeros(len(mine))
        for vectors, weights, counted in zip(self._vectors, self._idf, self._grams(candidates), strict=True):
            lines, numbers, counts = counted
            seen = numbers < len(weights)
            own = counts * self._unseen
            own[seen] = counts[seen] * weights[numbers[seen]]
            own_norms = np.sqrt(np.bincount(lines, own**2, minlength=len(candidates)))
            of, grams, values, norms = vectors
            wanted = asked[of]
            of, values = of[wanted], values[wanted]
            keys, table = (mine[of] << 32) | grams[wanted], (lines << 32) | numbers
            at = np.searchsorted(table, keys)
            both = at < len(table)
            both[both] = table[at[both]] == keys[both]
            of, own, values = of[both], own[at[both]], values[both]
            products = np.bincount(of, np.minimum(own, values) * values, minlength=len(mine))
            scale = np.where(asked, own_norms[mine], 0.0) * norms
            cosines += products / np.where(scale > 0, scale, 1.0)
        apart = _pairs(candidates)[mine] - self._lengths
        cosines *= np.exp(-(apart**2) / (2 * self.SIGMA**2))
        sums = np.bincount(mine[asked], cosines[asked], minlength=len(candidates))
        return 10.0 * sums / NGRAMS / self._several[list(images)]


def bleu(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> tuple[float, float, float, float]:
    """Corpus BLEU-1..4 with the closest reference's length, smoothed by 1e-15 and 1e-9 as coco-caption does."""
    lines, image = _flat(references)
    grams = _Grams(lines)
    matches, guesses = np.zeros(NGRAMS), np.zeros(NGRAMS)
    for n, (theirs, ours) in enumerate(zip(grams.first, grams(candidates), strict=True)):
        of, numbers, counts = theirs
        keys, at = np.unique((image[of] << 32) | numbers, return_inverse=True)
        most = np.zeros(len(keys), np.int64)
        np.maximum.at(most, at, counts)
        of, numbers, counts = ours
        _, left, right = np.intersect1d(keys, (of << 32) | numbers, assume_unique=True, return_indices=True)
        matches[n] = np.minimum(most[left], counts[right]).sum()
        guesses[n] = sum(max(0, len(tokens) - n) for tokens in candidates)
    length = reference_length = 0
    for candidate, several in zip(candidates, references, strict=True):
        length += len(candidate)
        reference_length += min((abs(len(tokens) - len(candidate)), len(tokens)) for tokens in several)[1]
    ratio = (length + 1e-15) / (reference_length + 1e-9)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    values, product = [], 1.0
    for n in range(NGRAMS):
        product *= float(matches[n] + 1e-15) / float(guesses[n] + 1e-9)
        values.append(product ** (1 / (n + 1)) * penalty)
    return tuple(values)


def _common_subsequences(words: Tokens, several: Sequence[Tokens]) -> list[int]:
    """Lengths of the longest common subsequences, one row of the usual table held in the bits of one integer.

    Hyyro (2004), "Bit-parallel LCS-length computation revisited".
    """
    places: dict[str, int] = {}
    for index, word in enumerate(words):
        places[word] = places.get(word, 0) | 1 << index
    full = (1 << len(words)) - 1
    lengths = []
    for tokens in several:
        row = full
        for word in tokens:
            common = row & places.get(word, 0)
            row = (row + common) | (row - common)
        lengths.append(len(words) - (row & full).bit_count())
    return lengths


def rouge_l(candidate: Tokens, references: Sequence[Tokens]) -> float:
    """ROUGE-L of one candidate (beta 1.2); best precision and best recall may come from different references.

    An empty text counts as one empty word, as in coco-caption: two empty texts agree.
    """
    words, several = candidate or ("",), [tokens or ("",) for tokens in references]
    common = _common_subsequences(words, several)
    precision = max(common) / len(words)
    recall = max(count / len(tokens) for count, tokens in zip(common, several, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + 1.2**2) * precision * recall / (recall + 1.2**2 * precision)
