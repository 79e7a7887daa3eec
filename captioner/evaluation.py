"""All scores of one set of captions: per image, and over the set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.captions import Caption
from captioner.embeddings import Embeddings
from captioner.language import FACT_KINDS, check_facts
from captioner.metrics import Cider, Tokens, bleu, rouge_l, tokenise
from captioner.similarity import cosine_scores, derangement, entropy_weight
from captioner.world import Scene


@dataclass(frozen=True)
class Scored:
    """The scores of the captions of one split, one value an image [N]."""

    cider: np.ndarray
    rouge_l: np.ndarray
    clip_score: np.ndarray
    clip_score_shuffled: np.ndarray
    weight: np.ndarray
    tokens: np.ndarray


class Judge:
    """Scores captions of one split against its references and its images' embeddings.

    The references' vectors are made once. The idf is that of this split's references, as in coco-caption.
    """

    def __init__(self, references: Sequence[Sequence[str]], images: np.ndarray, vocabulary: int, seed: str) -> None:
        """`references`: texts of each image; `images`: unit-norm embeddings [N, D]; `seed` names the derangement."""
        self.references: list[list[Tokens]] = [[tokenise(text) for text in several] for several in references]
        self.cider = Cider(self.references)
        self.images, self.vocabulary = images, vocabulary
        self.other = derangement(len(images), seed)

    def score(self, captions: Sequence[Caption], texts: np.ndarray) -> Scored:
        """Every score of one caption an image; `texts` are the captions' unit-norm embeddings [N, D]."""
        words = [tokenise(caption.text) for caption in captions]
        return Scored(
            cider=self.cider.scores(words),
            rouge_l=np.array(
                [rouge_l(tokens, several) for tokens, several in zip(words, self.references, strict=True)]
            ),
            clip_score=cosine_scores(self.images, texts),
            clip_score_shuffled=cosine_scores(self.images[self.other], texts),
            weight=np.array([entropy_weight(caption.entropies, self.vocabulary) for caption in captions]),
            tokens=np.array([caption.tokens for caption in captions], dtype=np.float64),
        )

    def summary(self, captions: Sequence[Caption], scored: Scored) -> dict[str, float]:
        """The means over the split, with corpus BLEU; the shuffled captions meet the references of other images."""
        words = [tokenise(caption.text) for caption in captions]
        values = bleu(words, self.references)
        texts = [caption.text for caption in captions]
        return {
            "cider": scored.cider.mean(),
            "cider_shuffled": self.cider.scores([words[index] for index in self.other]).mean(),
            **{f"bleu{n}": float(value) for n, value in enumerate(values, start=1)},
            "rouge_l": scored.rouge_l.mean(),
            "clip_score": scored.clip_score.mean(),
            "clip_score_shuffled": scored.clip_score_shuffled.mean(),
            "entropy_weighted_clip_score": (scored.weight * scored.clip_score).mean(),
            "tokens": scored.tokens.mean(),
            "distinct": len(set(texts)) / len(texts),
            "capped": sum(not caption.stopped for caption in captions) / len(captions),
        }

    def leave_one_out(self, captions: Sequence[Caption]) -> tuple[float | None, float | None]:
        """CIDEr-D of a person's caption and of the model's against the same references: all but one, each left out
        in turn.

        Means over the leave-one-out splits, each with the idf of its own references. There are as many splits as the
        image with the fewest references has, and no figures where that is one: None, None.
        """
        least = min(map(len, self.references))
        if least < 2:
            return None, None
        words = [tokenise(caption.text) for caption in captions]
        human, model = [], []
        for left in range(least):
            cider = Cider([several[:left] + several[left + 1 :] for several in self.references])
            human.append(cider.scores([several[left] for several in self.references]).mean())
            model.append(cider.scores(words).mean())
        return float(np.mean(human)), float(np.mean(model))


IMAGE_COLUMNS = ("cider", "rouge_l", "clip_score", "clip_score_shuffled", "weight", "tokens")


def image_rows(ids: Sequence[int], captions: Sequence[Caption], scored: Scored) -> list[tuple]:
    """A row for each image: its id, its caption and the scores of `IMAGE_COLUMNS`."""
    columns = [getattr(scored, name).tolist() for name in IMAGE_COLUMNS]
    return list(zip(ids, [caption.text for caption in captions], *columns, strict=True))


def judges(
    splits: Mapping[str, Sequence[int]],
    references: Mapping[int, Sequence[str]],
    embeddings: Embeddings,
    vocabulary: int,
    seed: int,
) -> dict[str, Judge]:
    """A judge for each split that has images; every stage that scores makes the same ones."""
    return {
        name: Judge(
            [references[key] for key in keys], embeddings.of(keys).numpy(), vocabulary, f"{seed}/shuffle/{name}"
        )
        for name, keys in splits.items()
        if keys
    }


def best_constant(captions: Sequence[str], judge: Judge, candidates: int) -> str:
    """The one caption that fits all images of the judge's split best by CIDEr-D, of the most frequent captions."""
    frequent = [
        text for text, _ in sorted(Counter(captions).items(), key=lambda pair: (-pair[1], pair[0]))[:candidates]
    ]
    return max(frequent, key=lambda text: judge.cider.scores([tokenise(text)] * len(judge.references)).mean())


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
