"""Several captions of a picture in use: worded by another way of decoding, scored, and if wanted chosen among."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from captioner.application.captioner import Captioner, Described, Prepared
from captioner.decoding.base import Decoding
from captioner.scores.similarity import cosine_scores, entropy_weight


@dataclass(frozen=True)
class Choice:
    """The captions of one picture after one prompt, in their order, and the place of the one that is chosen."""

    captions: tuple[Described, ...]
    place: int

    @property
    def chosen(self) -> Described:
        """The caption that is chosen."""
        return self.captions[self.place]


def picture_key(picture: Prepared) -> str:
    """What names a picture to the random numbers: a hash of what the encoder sees, wherever the file lies."""
    return hashlib.sha256(picture.encoder.contiguous().numpy().tobytes()).hexdigest()


@torch.inference_mode()
def describe(
    captioner: Captioner, pictures: Sequence[Prepared], prompts: Sequence[str], decoding: Decoding, best: bool
) -> list[list[Choice]]:
    """For each picture its captions after each prompt. Chosen is the first, or where `best` the one that the encoder
    finds nearest to the picture, of equal ones the first; the scores are the judge's.
    """
    if not pictures:
        return []
    features = captioner.encoder.encode_images(torch.stack([each.encoder for each in pictures]))  # [B, D]
    other = captioner.judge is not captioner.encoder
    judged = captioner.judge.encode_images(torch.stack([each.judge for each in pictures])) if other else features
    prefixes, keys = captioner.projection(features), [picture_key(each) for each in pictures]
    cap = captioner.settings.max_new_tokens
    found: list[list[Choice]] = [[] for _ in pictures]
    for prompt in prompts:
        several = decoding.words(captioner.decoder, captioner.vocabulary, prefixes, prompt, keys, cap)
        texts = [caption.text for captions in several for caption in captions]
        rows = [row for row, captions in enumerate(several) for _ in captions]
        vectors = captioner.judge.encode_texts(texts).numpy()
        scores = cosine_scores(judged.cpu().numpy()[rows], vectors)
        near = scores
        if best and other:
            near = cosine_scores(features.cpu().numpy()[rows], captioner.encoder.encode_texts(texts).numpy())
        at = 0
        for choices, captions in zip(found, several, strict=True):
            here = slice(at, at := at + len(captions))
            told = tuple(
                Described(
                    prompt, caption, score, 1.0 - entropy_weight(caption.entropies, captioner.decoder.vocabulary), ()
                )
                for caption, score in zip(captions, scores[here].tolist(), strict=True)
            )
            choices.append(Choice(told, int(near[here].argmax()) if best else 0))
    return found
