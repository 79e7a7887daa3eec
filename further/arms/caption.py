"""Stage `caption`: greedy captions of test and novel after the headline prompt, by every arm and seed whose captions
the study itself does not make; half a minute on `scenes`.
"""

import torch

from captioner.bridge.base import Bridge
from captioner.bridge.files import load_bridge, load_of_patches
from captioner.bridge.linear import untrained
from captioner.captioning.captions import Record, write_records
from captioner.captioning.loading import load_decoder
from captioner.decoders.autoregressive import Autoregressive
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from further.arms import parameters
from stages import settings
from stages.study.captioning import Captioning

SPLITS = ("test", "novel")


@torch.inference_mode()
def worded(
    study: Captioning, arm: str, number: int, bridge: Bridge, seen: Embeddings, decoder: Autoregressive
) -> list[Record]:
    """The captions of test and novel by this bridge from what it reads of an image."""
    records, folder = [], settings.checkpoint_folder("further_arms_caption") / f"{arm}-{number}"
    for name in SPLITS:
        prefix = bridge(seen.of(study.splits[name]).to(study.device))
        captions = study.caption(prefix, f"{arm}, seed {number + 1}, {name}", decoder, Parts(folder / name))
        records += study.worded(arm, number, name, captions)
    return records


def main() -> None:
    study, seed = Captioning.open(settings.shared("prompt")), settings.shared("seed")
    features = Embeddings.load(settings.source("further_arms_features"))
    maps, again = settings.source("further_arms_maps"), settings.source("further_arms_seeds")
    headline, *others = study.seeds()
    shape = load_bridge(headline, study.device).shape
    records = []
    for arm in parameters.bridges():
        for number in range(1 + len(others)):
            bridge = load_of_patches(maps / f"{arm}-{number}.safetensors", study.device)
            records += worded(study, arm, number, bridge, features, study.decoder)
    for number in range(1, 1 + len(others)):
        for arm in ("mlp", "transformer", "empty", "finetuned"):
            folder = again / f"{arm}-{number}"
            bridge = load_bridge(folder / "projection.safetensors", study.device)
            tuned = arm == "finetuned"
            decoder = load_decoder(folder, study.device, study.config.dtype) if tuned else study.decoder
            records += worded(study, arm, number, bridge, study.embeddings, decoder)
        start = untrained(shape, seed + number).to(study.device)
        records += worded(study, "random", number, start, study.embeddings, study.decoder)
    with settings.target("further_arms_captions") as path:
        write_records(path, records)
    settings.forget("further_arms_caption")


if __name__ == "__main__":
    settings.run(main)
