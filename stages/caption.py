"""Stage `caption`: greedy captions after the headline prompt, by every arm and every control that the decoder words;
about half a minute on `scenes`.

Arms: `linear` (the study's own, the map of every seed, on val, test and novel), `finetuned` (GPT-2 trained too), `mlp`
and `transformer` (ClipCap's mapping networks), `empty` (a linear map trained with the empty prompt only) and `random`
(an untrained projection, what the original study reported). Controls that see no image, one caption for all: `zero`
(a prefix of zeros), `mean` (the prefix of the mean training image) and `none` (no prefix at all).
"""

import torch

from captioner.bridge.base import Bridge
from captioner.bridge.files import load_bridge
from captioner.bridge.linear import untrained
from captioner.captioning.captions import Record, write_records
from captioner.captioning.loading import load_decoder
from captioner.decoders.autoregressive import Autoregressive
from captioner.foundation.checkpoints import Parts
from stages import settings
from stages.study.captioning import Captioning

SPLITS = ("test", "novel")


def main() -> None:
    study = Captioning.open(settings.shared("prompt"))
    seeds = study.seeds()
    records = []
    for number, path in enumerate(seeds):
        records += study.by_bridge("linear", number, path, ("val", *SPLITS))
    headline = load_bridge(seeds[0], study.device)
    folder = settings.source("finetuned")
    tuned = load_decoder(folder, study.device, study.config.dtype)
    records += others(study, "finetuned", tuned, load_bridge(folder / "projection.safetensors", study.device))
    records += study.by_bridge("mlp", 0, settings.source("mappers", "mlp.safetensors"), SPLITS)
    records += study.by_bridge("transformer", 0, settings.source("mappers", "transformer.safetensors"), SPLITS)
    records += study.by_bridge("empty", 0, settings.source("mappers", "empty.safetensors"), SPLITS)
    start = untrained(headline.shape, settings.shared("seed")).to(study.device)
    records += others(study, "random", study.decoder, start)
    for arm, prefix in blind(study, headline).items():
        (told,) = study.caption(prefix, arm, study.decoder)
        records += [one for name in SPLITS for one in study.worded(arm, 0, name, [told] * len(study.splits[name]))]
    with settings.target("arms") as path:
        write_records(path, records)
    settings.forget("caption")
    settings.prune("captions")


@torch.inference_mode()
def others(study: Captioning, arm: str, decoder: Autoregressive, bridge: Bridge) -> list[Record]:
    """The captions of test and novel by another decoder, or by a bridge that was not saved."""
    records = []
    for name in SPLITS:
        prefix = bridge(study.embeddings.of(study.splits[name]).to(study.device))
        kept = Parts(settings.checkpoint_folder("caption") / f"{arm}-{name}")
        records += study.worded(arm, 0, name, study.caption(prefix, f"{arm}, {name}", decoder, kept))
    return records


@torch.inference_mode()
def blind(study: Captioning, headline: Bridge) -> dict[str, torch.Tensor]:
    """Prefixes [1, k, W] that see no image."""
    shape = headline.shape
    return {
        "zero": torch.zeros(1, shape.prefix_length, shape.width, device=study.device),
        "mean": headline(study.embeddings.of(study.splits["train"]).mean(dim=0, keepdim=True).to(study.device)),
        "none": nothing(study.decoder, study.vocabulary.prompt(study.prompt)),
    }


def nothing(decoder: Autoregressive, prompt: list[int]) -> torch.Tensor:
    """No prefix [1, 0, W]; before an empty prompt, as a model needs a start, the token that begins a text [1, 1, W]."""
    ids = [] if prompt else [decoder.start]
    return decoder.table(torch.tensor([ids], dtype=torch.long, device=decoder.device)).float()


if __name__ == "__main__":
    settings.run(main)
