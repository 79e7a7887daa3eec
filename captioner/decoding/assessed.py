"""Ways of decoding held against one another: how good a picture's captions are, and how different from each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from captioner.captioning.captions import Caption
from captioner.decoding.diversity import distinct, self_cider
from captioner.decoding.several import Several
from captioner.evaluation.judge import Judge
from captioner.scores.metrics import Idf, Tokens
from captioner.statistics.intervals import Bootstrap, spread
from captioner.world.language import check_facts
from captioner.world.scene import Scene

GREEDY = "greedy"
DIVERSITY = ("distinct_1", "distinct_2", "self_cider", "different")
SPREADS = ("cider", "cider_four", "difference", "gain")
COLUMNS = (
    "split", "decoding", "label", "captions", "pick", "maps",
    *(f"{name}{bound}" for name in SPREADS for bound in ("", "_low", "_high")),
    "clip_score", "object_precision", "object_recall", "tokens", "log_probability", "vocabulary",
    *(f"{name}{bound}" for name in DIVERSITY for bound in ("", "_low", "_high")),
)  # fmt: skip
MEANS = ("clip_score", "tokens", "log_probability")
Vectors = Callable[[Sequence[str]], np.ndarray]  # unit-norm embeddings [M, D] of texts


@dataclass(frozen=True)
class Standard:
    """What the captions of one split are held against.

    `judge` scores them, `embedded` are its vectors of texts; `images` [N, D] and `told` are those of the encoder, by
    which captions are picked; `scenes` [N], where the pictures are drawn.
    """

    judge: Judge
    embedded: Vectors
    images: np.ndarray
    told: Vectors
    scenes: Sequence[Scene]

    @cached_property
    def idf(self) -> Idf:
        """That of the split's references, as in CIDEr-D."""
        return Idf.of(self.judge.references)


class Measured:
    """The measures [S, n, N] of n captions of each of N pictures by each of S maps; `cider_four` is CIDEr-D against as
    many references as a person's caption is held against, the mean over the leave-one-out splits.
    """

    def __init__(self, standard: Standard, captions: Sequence[Sequence[Several]]) -> None:
        """`captions` [S][N], of equal number each."""
        self.standard = standard
        self.texts = [list(zip(*(row.texts for row in one), strict=True)) for one in captions]  # [S][n][N]
        self.words = [[[standard.judge.words(text) for text in several] for several in one] for one in self.texts]
        flat = [text for one in self.texts for several in one for text in several]
        shape = (len(self.texts), len(self.texts[0]), len(self.texts[0][0]))
        judge = standard.judge
        self.values = {
            "cider": np.array([[judge.cider.scores(several) for several in one] for one in self.words]),
            "clip_score": 100 * _cosines(judge.images, standard.embedded(flat), shape),
            "tokens": _stacked([row.tokens for one in captions for row in one], shape),
            "log_probability": _stacked([row.log_probabilities for one in captions for row in one], shape),
        }
        told = standard.told(flat)
        self.near = _cosines(standard.images, told, shape)
        self.elsewhere = [_cosines(standard.images[other], told, shape) for other in judge.others]
        if judge.people() is not None:
            beside = [
                [judge.beside_people([_plain(text) for text in several]) for several in one] for one in self.texts
            ]
            self.values["cider_four"] = np.array(beside)
        if standard.scenes:
            self.values |= object_counts(self.texts, standard.scenes)

    @property
    def shape(self) -> tuple[int, int, int]:
        """S, n, N."""
        return self.near.shape

    def pick(self, name: str) -> np.ndarray:
        """The share [S, n, N] that each caption has in what is picked: the `first`, the `mean` of all, the one that is
        nearest to the picture by the encoder (`clip`) or to another picture (`shuffled`, the mean over the
        derangements), the one with the highest CIDEr-D (`oracle`); of equal ones the first.
        """
        if name == "first":
            return _chosen(np.zeros((self.shape[0], self.shape[2]), dtype=int), self.shape)
        if name == "mean":
            return np.full(self.shape, 1 / self.shape[1])
        if name == "shuffled":
            return np.mean([_chosen(near.argmax(axis=1), self.shape) for near in self.elsewhere], axis=0)
        return _chosen({"clip": self.near, "oracle": self.values["cider"]}[name].argmax(axis=1), self.shape)

    def of(self, measure: str, share: np.ndarray) -> np.ndarray:
        """A measure [S, N] of what is picked."""
        return (self.values[measure] * share).sum(axis=1)

    def objects(self, share: np.ndarray) -> dict[str, float]:
        """Precision and recall of the objects named, over the split; NaN where a picture has no known scene."""
        if "right" not in self.values:
            return {"object_precision": np.nan, "object_recall": np.nan}
        right, wrong, true = (self.of(name, share).sum() for name in ("right", "wrong", "true"))
        return {"object_precision": right / (right + wrong) if right + wrong else np.nan, "object_recall": right / true}

    def vocabulary(self) -> float:
        """Different words in one caption of every picture, the mean over maps and captions."""
        return float(
            np.mean([len({word for words in several for word in words}) for one in self.words for several in one])
        )

    def diversity(self) -> dict[str, np.ndarray]:
        """Each measure of `DIVERSITY` [S, N], over the n captions of a picture; `different`: how many differ."""
        sets = [list(zip(*one, strict=True)) for one in self.words]  # [S][N][n]
        return diversity(sets, self.standard.idf)


def diversity(sets: Sequence[Sequence[Sequence[Tokens]]], idf: Idf) -> dict[str, np.ndarray]:
    """Each measure of `DIVERSITY` [S, N] of sets of captions [S][N][n]."""
    measures = {
        "distinct_1": lambda several: distinct(several, 1), "distinct_2": lambda several: distinct(several, 2),
        "self_cider": lambda several: self_cider(several, idf), "different": lambda several: len(set(several)),
    }  # fmt: skip
    return {
        name: np.array([[measure(several) for several in one] for one in sets], dtype=np.float64)
        for name, measure in measures.items()
    }


def object_counts(texts: Sequence[Sequence[Sequence[str]]], scenes: Sequence[Scene]) -> dict[str, np.ndarray]:
    """Objects that captions [S][n][N] name rightly and wrongly, and those that the scenes hold, [S, n, N] each."""
    counts = [
        [[check_facts(text, scene) for text, scene in zip(several, scenes, strict=True)] for several in one]
        for one in texts
    ]
    return {
        part: np.array([[[count["object", part] for count in several] for several in one] for one in counts], float)
        for part in ("right", "wrong", "true")
    }


def _plain(text: str) -> Caption:
    return Caption(text, text, 0, True, (), ())


def _cosines(images: np.ndarray, texts: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Cosines [S, n, N] of unit-norm images [N, D] and texts [S n N, D]."""
    return np.einsum("nd,smnd->smn", images.astype(np.float64), texts.reshape(*shape, -1).astype(np.float64))


def _stacked(rows: Sequence[Sequence[float]], shape: tuple[int, int, int]) -> np.ndarray:
    """Values [S, n, N] of rows [S N][n]."""
    maps, captions, pictures = shape
    return np.array(rows, dtype=np.float64).reshape(maps, pictures, captions).transpose(0, 2, 1)


def _chosen(places: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """1 at each place [S, N] of shares [S, n, N], else 0."""
    share = np.zeros(shape)
    np.put_along_axis(share, places[:, None], 1.0, axis=1)
    return share


def picks(name: str, captions: int) -> tuple[str, ...]:
    """What is picked of the captions of a way of decoding: the first where they have an order."""
    ordered = ("first",) if name == GREEDY or name.startswith("beam") else ()
    return (*ordered, *(("mean", "clip", "shuffled", "oracle") if captions > 1 else ()))


def assessed(
    split: str,
    standard: Standard,
    decodings: Mapping[str, Sequence[Sequence[Several]]],
    labels: Mapping[str, str],
    sample: Callable[[int], Bootstrap],
) -> Iterator[dict[str, object]]:
    """A row of `COLUMNS` for every pick of every way of decoding [S][N], `GREEDY` the first, and one for people.

    `difference` is the pick's CIDEr-D minus the greedy caption's, `gain` minus the mean of the captions it is picked
    from; both are paired by map and picture. Diversity is told where a way has as many captions as any.
    `sample` gives the bootstrap of so many maps.
    """
    most = max(len(one[0][0].texts) for one in decodings.values())
    base = None
    for name, captions in decodings.items():
        measured = Measured(standard, captions)
        maps, count, _ = measured.shape
        bootstrap = sample(maps)
        told = {"split": split, "decoding": name, "label": labels[name], "captions": count, "maps": maps}
        for pick in picks(name, count):
            share = measured.pick(pick)
            cider = measured.of("cider", share)
            base = cider if base is None else base
            row = dict.fromkeys(COLUMNS, np.nan) | told | {"pick": pick} | measured.objects(share)
            row |= {each: float(measured.of(each, share).mean()) for each in MEANS}
            row |= spread("cider", bootstrap.interval(cider))
            if "cider_four" in measured.values:
                row |= spread("cider_four", bootstrap.interval(measured.of("cider_four", share)))
            if name != GREEDY:
                row |= spread("difference", bootstrap.interval(cider - base))
            if pick not in ("first", "mean"):
                row |= spread("gain", bootstrap.interval(cider - measured.of("cider", measured.pick("mean"))))
            if pick == "mean" or name == GREEDY:
                row["vocabulary"] = measured.vocabulary()
            if pick == "mean" and count == most:
                for each, values in measured.diversity().items():
                    row |= spread(each, bootstrap.interval(values))
            yield row
    yield people(split, standard, most, sample(1))


def people(split: str, standard: Standard, captions: int, bootstrap: Bootstrap) -> dict[str, object]:
    """The row of people's captions: each of a picture's first references against the others, and the diversity of so
    many of them as the ways of decoding have `captions`, where every picture has so many.
    """
    judge = standard.judge
    row = dict.fromkeys(COLUMNS, np.nan) | {"split": split, "decoding": "people", "label": "people"}
    least = min(map(len, judge.references))
    row |= {"captions": least, "pick": "mean", "maps": 0}
    own = judge.people()
    if own is not None:
        row |= spread("cider_four", bootstrap.interval(own[None]))
    row["vocabulary"] = float(
        np.mean([len({word for several in judge.references for word in several[place]}) for place in range(least)])
    )
    if least >= captions > 1:
        sets = [[several[:captions] for several in judge.references]]
        for each, values in diversity(sets, standard.idf).items():
            row |= spread(each, bootstrap.interval(values))
    return row
