"""All scores of one set of captions: per image, and over the set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from heapq import nsmallest

import numpy as np

from captioner.captioning.captions import Caption
from captioner.evaluation.described import References, Texts
from captioner.foundation.embeddings import Embeddings
from captioner.scores.metrics import Cider, Tokens, bleu, rouge_l
from captioner.scores.similarity import clip_s, cosine_scores, derangement, entropy_weight, ref_clip_s
from captioner.scores.words import Words
from captioner.world.language import FACT_KINDS, check_facts
from captioner.world.scene import Scene


@dataclass(frozen=True)
class Scored:
    """The scores of the captions of one split, one value an image [N]; `weight` is NaN for a caption of no model."""

    cider: np.ndarray
    cider_shuffled: np.ndarray
    rouge_l: np.ndarray
    clip_score: np.ndarray
    clip_score_shuffled: np.ndarray
    clip_score_with_prompt: np.ndarray
    clip_s: np.ndarray
    ref_clip_s: np.ndarray
    weight: np.ndarray
    tokens: np.ndarray


IMAGE_COLUMNS = tuple(field.name for field in fields(Scored))


class Judge:
    """Scores captions of one split against its references and its images' embeddings.

    The references' vectors are made once. The idf is that of this split's references, as in coco-caption.
    """

    def __init__(
        self,
        references: Sequence[Sequence[str]],
        images: np.ndarray,
        described: Sequence[np.ndarray],
        vocabulary: int,
        seed: str,
        derangements: int,
        words: Words,
    ) -> None:
        """`references`: texts of each image; `images`: unit-norm embeddings [N, D]; `described`: those of each image's
        references [R, D]; `seed` names the derangements, of which there are `derangements`; `words` gives a
        caption's words.
        """
        self.references: list[list[Tokens]] = [[words(text) for text in several] for several in references]
        self.cider = Cider(self.references)
        self.images, self.described, self.vocabulary, self.words = images, described, vocabulary, words
        self.others = np.array([derangement(len(images), f"{seed}/{number}") for number in range(derangements)])

    def score(self, captions: Sequence[Caption], texts: Texts) -> Scored:
        """Every score of one caption an image; the shuffled ones are means over the derangements."""
        words = [self.words(caption.text) for caption in captions]
        own = clip_s(self.images, texts.depicted)
        return Scored(
            cider=self.cider.scores(words),
            cider_shuffled=self._misplaced(words),
            rouge_l=np.array(
                [rouge_l(tokens, several) for tokens, several in zip(words, self.references, strict=True)]
            ),
            clip_score=cosine_scores(self.images, texts.alone),
            clip_score_shuffled=np.mean(
                [cosine_scores(self.images[other], texts.alone) for other in self.others], axis=0
            ),
            clip_score_with_prompt=cosine_scores(self.images, texts.prompted),
            clip_s=own,
            ref_clip_s=ref_clip_s(own, texts.depicted, self.described),
            weight=np.array(
                [
                    entropy_weight(caption.entropies, self.vocabulary) if caption.entropies else np.nan
                    for caption in captions
                ]
            ),
            tokens=np.array([caption.tokens for caption in captions], dtype=np.float64),
        )

    def _misplaced(self, words: Sequence[Tokens]) -> np.ndarray:
        """CIDEr-D [N] of each caption i against the references of the images `others[k][i]`, the mean over k."""
        return np.mean(
            [self.cider.scores([words[i] for i in np.argsort(other)])[other] for other in self.others], axis=0
        )

    def summary(self, captions: Sequence[Caption], scored: Scored) -> dict[str, float]:
        """The means over the split, with corpus BLEU."""
        values = bleu([self.words(caption.text) for caption in captions], self.references)
        texts = [caption.text for caption in captions]
        return {
            **{name: float(getattr(scored, name).mean()) for name in IMAGE_COLUMNS},
            **{f"bleu{n}": float(value) for n, value in enumerate(values, start=1)},
            "entropy_weighted_clip_score": float((scored.weight * scored.clip_score).mean()),
            "distinct": len(set(texts)) / len(texts),
            "capped": sum(not caption.stopped for caption in captions) / len(captions),
        }

    def people(self) -> np.ndarray | None:
        """CIDEr-D [N] of a person's caption against the other references, each left out in turn; None where an image
        has only one.

        Means over the leave-one-out splits, each with the idf of its own references. There are as many splits as the
        image with the fewest references has.
        """
        return self._mean([cider.scores(own) for own, cider in self._left_out])

    def beside_people(self, captions: Sequence[Caption]) -> np.ndarray | None:
        """CIDEr-D [N] of these captions against the same references as in `people`."""
        words = [self.words(caption.text) for caption in captions]
        return self._mean([cider.scores(words) for _, cider in self._left_out])

    @staticmethod
    def _mean(several: Sequence[np.ndarray]) -> np.ndarray | None:
        return np.mean(several, axis=0) if several else None

    @cached_property
    def _left_out(self) -> list[tuple[list[Tokens], Cider]]:
        least = min(map(len, self.references))
        return [
            (
                [several[left] for several in self.references],
                Cider([several[:left] + several[left + 1 :] for several in self.references]),
            )
            for left in range(least if least > 1 else 0)
        ]


def image_rows(ids: Sequence[int], captions: Sequence[Caption], scored: Scored) -> list[tuple]:
    """A row for each image: its id, its caption and the scores of `IMAGE_COLUMNS`."""
    columns = [getattr(scored, name).tolist() for name in IMAGE_COLUMNS]
    return list(zip(ids, [caption.text for caption in captions], *columns, strict=True))


def judges(
    splits: Mapping[str, Sequence[int]],
    references: Mapping[int, Sequence[str]],
    embeddings: Embeddings,
    described: References,
    vocabulary: int,
    seed: int,
    derangements: int,
    words: Words,
) -> dict[str, Judge]:
    """A judge for each split that has images; every stage that scores makes the same ones."""
    return {
        name: Judge(
            [references[key] for key in keys], embeddings.of(keys).numpy(), described.of(keys), vocabulary,
            f"{seed}/shuffle/{name}", derangements, words,
        )
        for name, keys in splits.items()
        if keys
    }  # fmt: skip


def best_constant(captions: Sequence[str], judge: Judge, candidates: int) -> str:
    """The one caption that fits all images of the judge's split best by CIDEr-D, of the most frequent captions."""
    frequent = [text for text, _ in nsmallest(candidates, Counter(captions).items(), lambda pair: (-pair[1], pair[0]))]
    return max(frequent, key=lambda text: judge.cider.scores([judge.words(text)] * len(judge.references)).mean())


def fact_table(captions: Sequence[str], scenes: Sequence[Scene]) -> list[dict[str, float | str]]:
    """Counts, precision and recall of each kind of fact over captions of drawn scenes; empty without scenes.

    A ratio without a denominator is None.
    """
    if not scenes:
        return []
    counts: Counter[tuple[str, str]] = Counter()
    for text, scene in zip(captions, scenes, strict=True):
        counts.update(check_facts(text, scene))
    rows = []
    for kind in FACT_KINDS:
        right, wrong, true = (counts[kind, part] for part in ("right", "wrong", "true"))
        rows.append(
            {
                "fact": kind, "right": right, "wrong": wrong, "true": true,
                "precision": right / (right + wrong) if right + wrong else None,
                "recall": right / true if true else None,
            }
        )  # fmt: skip
    return rows
