"""The nearest text to each image by CLIP, out of many: a captioner that only repeats (the CLIPRe baseline of MAGIC,
Su et al., 2022).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tqdm import tqdm

from captioner.encoders.encoder import Encoder
from captioner.foundation.checkpoints import Parts

CHUNK = 8192  # texts embedded at a time


def nearest(
    images: torch.Tensor, texts: Sequence[str], encoder: Encoder, parts: Parts, chunk: int = CHUNK
) -> list[int]:
    """For each image embedding [N, D] the place of the text with the highest cosine, the first of equal ones.

    `parts` keeps what is done, a chunk of texts each; no more than a chunk's embeddings are in memory.
    """
    done = list(parts.load())
    with tqdm(
        total=len(texts), initial=min(len(done) * chunk, len(texts)), desc="retrieve", unit=" captions", mininterval=1.0
    ) as progress:
        for at in range(len(done) * chunk, len(texts), chunk):
            some = texts[at : at + chunk]
            best, place = (images @ encoder.encode_texts(some).T).max(dim=1)
            done.append({"best": best, "place": place + at})
            parts.add(done[-1])
            progress.update(len(some))
    bests = torch.stack([part["best"] for part in done])  # [C, N]
    places = torch.stack([part["place"] for part in done])
    highest = bests.max(dim=0).values
    first = (bests == highest).int().argmax(dim=0)
    return places[first, torch.arange(len(images))].tolist()
