"""The prompts on hard and on easy images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from captioner.comparison.compared import Compared

SURFACE = ("prompt", "bin", "images", "cider", "clip_score")


def surface(compared: Compared, bins: int) -> Iterator[dict]:
    """A row a prompt and bin of images, from the hard to the easy ones by CIDEr-D, the mean over prompts."""
    values = compared.values
    order = np.argsort(values["cider"].mean(axis=(0, 1)), kind="stable")
    for number, chosen in enumerate(np.array_split(order, min(bins, len(order))), start=1):
        for p, name in compared.named():
            means = {key: float(values[key][p][:, chosen].mean()) for key in ("cider", "clip_score")}
            yield {"prompt": name, "bin": number, "images": len(chosen), **means}


EXAMPLES = ("place", "image_id", "prompt", "caption", "cider")


def examples(compared: Compared) -> Iterator[dict]:
    """The captions after every prompt, of the first seed, for the best, the median and the worst image.

    By CIDEr-D, the mean over prompts of that seed's captions; ties by the order of the images.
    """
    scores, cider = compared.scores, compared.values["cider"][:, 0]
    order = np.argsort(-cider.mean(axis=0), kind="stable")
    for place, i in (("best", order[0]), ("median", order[len(order) // 2]), ("worst", order[-1])):
        for p, name in compared.named():
            yield {
                "place": place, "image_id": scores.images[i], "prompt": name, "caption": scores.captions[p, 0, i],
                "cider": float(cider[p, i]),
            }  # fmt: skip
