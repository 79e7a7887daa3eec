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
BLOCK = 8192  # images held against them at a time


@torch.inference_mode()
def nearest(
    images: torch.Tensor,
    texts: Sequence[str],
    encoder: Encoder,
    parts: Parts,
    chunk: int = CHUNK,
    block: int = BLOCK,
) -> list[int]:
    """For each image embedding [N, D] the place of the text with the highest cosine, the first of equal ones.

    `parts` keeps what is done, a chunk of texts each. The cosines are taken on the encoder's device, `block` x `chunk`
    of them at a time, so that memory does not grow with the texts, and with the images by one embedding each. It is a
    matter of one product of matrices; what takes time is the embedding of the texts, which no index would save.
    """
    best = torch.full((len(images),), -torch.inf)
    place = torch.zeros(len(images), dtype=torch.long)
    done = 0

    def take(part: dict[str, torch.Tensor]) -> None:
        better = part["best"] > best  # an equal one stands later, so it does not count
        best[better], place[better] = part["best"][better], part["place"][better]

    for part in parts.load():
        take(part)
        done += chunk
    with tqdm(
        total=len(texts), initial=min(done, len(texts)), desc="retrieve", unit=" captions", mininterval=1.0
    ) as progress:
        for at in range(done, len(texts), chunk):
            some = texts[at : at + chunk]
            vectors = encoder.encode_texts(some).to(encoder.device)
            found = [(rows.to(encoder.device) @ vectors.T).max(dim=1) for rows in images.split(block)]
            values, places = (
                torch.cat([getattr(each, name) for each in found]).cpu() for name in ("values", "indices")
            )
            part = {"best": values, "place": places + at}
            take(part)
            parts.add(part)
            progress.update(len(some))
    return place.tolist()
