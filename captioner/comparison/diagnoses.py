"""What a set of captions looks like before any score: length, variety, repetition, and whether it has collapsed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from captioner.comparison.compared import Compared
from captioner.scores.words import Words


@dataclass(frozen=True)
class Diagnosis:
    """Counts and shares of the captions of one set, one caption an image."""

    captions: int
    tokens: float  # mean, without the stop token
    tokens_sd: float
    words: float  # mean
    distinct: float  # distinct captions over captions
    commonest: float  # share of the captions that are the commonest one
    capped: float  # share of the captions that were cut at the cap
    vocabulary: int  # distinct words
    repeated: float  # share of the bigrams that stood in the same caption before


def repeated_ngrams(words: Sequence[str], size: int) -> tuple[int, int]:
    """How many n-grams of one caption stood in it before, and how many it has."""
    ngrams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
    return len(ngrams) - len(set(ngrams)), len(ngrams)


def diagnose(texts: Sequence[str], tokens: Sequence[int], cap: int, words_of: Words) -> Diagnosis:
    """The diagnosis of captions with their numbers of tokens; `cap` tokens and no stop token is a cut caption.

    `words_of` gives a caption's words."""
    words = [words_of(text) for text in texts]
    again, ngrams = (sum(counts) for counts in zip(*(repeated_ngrams(one, 2) for one in words), strict=True))
    times = Counter(texts)
    return Diagnosis(
        captions=len(texts),
        tokens=float(np.mean(tokens)),
        tokens_sd=float(np.std(tokens)),
        words=float(np.mean([len(one) for one in words])),
        distinct=len(times) / len(texts),
        commonest=max(times.values()) / len(texts),
        capped=float(np.mean(np.asarray(tokens) >= cap)),
        vocabulary=len({word for one in words for word in one}),
        repeated=again / ngrams if ngrams else 0.0,
    )


DIAGNOSES = ("prompt", *(field.name for field in fields(Diagnosis)), "collapsed_seeds")


def diagnoses(compared: Compared, cap: int, words_of: Words) -> Iterator[dict]:
    """A row a prompt: means over seeds, and how many seeds' captions have collapsed.

    Captions collapse where one of them is given to more images than the share that the parameters allow.
    """
    for p, name in compared.named():
        found = [
            asdict(diagnose(texts.tolist(), tokens, cap, words_of))
            for texts, tokens in zip(compared.scores.captions[p], compared.values["tokens"][p], strict=True)
        ]
        collapsed = sum(one["commonest"] > compared.config.collapse for one in found)
        means = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
        yield {"prompt": name, **means, "collapsed_seeds": collapsed}
