"""Stage `caption`: greedy captions after the headline prompt, by every arm and every control that the decoder words;
about half a minute on `scenes`.

Arms: `linear` (the study's own, the map of every seed, on val, test and novel), `finetuned` (GPT-2 trained too), `mlp`
and `transformer` (ClipCap's mapping networks), `empty` (a linear map trained with the empty prompt only) and `random`
(an untrained projection, what the original study reported). Controls that see no image, one caption for all: `zero`
(a prefix of zeros), `mean` (the prefix of the mean training image) and `none` (no prefix at all).
"""

import json

import torch

from captioner.captions import Record, write_records
from captioner.checkpoints import Parts
from captioner.config.caption import CaptionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoder import Decoder
from captioner.embeddings import Embeddings
from captioner.generation import caption_all
from captioner.mappers import Mapper
from captioner.projection import Projection, untrained
from captioner.runtime import prepare
from captioner.vocabulary import Vocabulary
from stages import settings


def main() -> None:
    seed = settings.shared("seed")
    prompt = settings.shared("prompt")
    config = settings.section("caption", CaptionConfig)
    device = prepare(settings.section("runtime", RuntimeConfig), seed)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    embeddings = Embeddings.load(settings.source("embeddings"))
    frozen = Decoder.load(settings.source("decoder"), device, config.dtype)
    tuned = Decoder.load(settings.source("finetuned"), device, config.dtype)
    vocabulary = Vocabulary.load(settings.source("decoder"))
    projections = settings.source("projections")
    maps = [Projection.load(projections / f"{n}.safetensors", device) for n in range(len(list(projections.iterdir())))]
    headline, shape = maps[0], maps[0].shape
    arms = [("linear", number, frozen, projection) for number, projection in enumerate(maps)]
    arms += [
        ("finetuned", 0, tuned, Projection.load(settings.source("finetuned") / "projection.safetensors", device)),
        ("mlp", 0, frozen, Mapper.load(settings.source("mappers", "mlp.safetensors"), device)),
        ("transformer", 0, frozen, Mapper.load(settings.source("mappers", "transformer.safetensors"), device)),
        ("empty", 0, frozen, Projection.load(settings.source("mappers", "empty.safetensors"), device)),
        ("random", 0, frozen, untrained(shape, seed).to(device)),
    ]
    folder = settings.checkpoint_folder("caption")
    sizes = (config.max_new_tokens, config.batch_size)
    records = []
    for arm, number, decoder, mapping in arms:
        names = ("val", "test", "novel") if arm == "linear" else ("test", "novel")
        places = [(name, key) for name in names for key in splits[name]]
        with torch.inference_mode():
            prefix = mapping(embeddings.of([key for _, key in places]).to(device))
        parts = Parts(folder / f"{arm}-{number}")
        captions = caption_all(decoder, vocabulary, prefix, prompt, *sizes, f"{arm}, seed {number + 1}", parts)
        records += [Record(arm, *place, told, number) for place, told in zip(places, captions, strict=True)]
    with torch.inference_mode():
        blind = {
            "zero": torch.zeros(1, shape.prefix_length, shape.width, device=device),
            "mean": headline(embeddings.of(splits["train"]).mean(dim=0, keepdim=True).to(device)),
            "none": nothing(frozen, vocabulary.prompt(prompt)),
        }
    for arm, prefix in blind.items():
        (told,) = caption_all(frozen, vocabulary, prefix, prompt, *sizes, arm)
        records += [Record(arm, name, key, told) for name in ("test", "novel") for key in splits[name]]
    with settings.target("arms") as path:
        write_records(path, records)
    settings.forget("caption")


def nothing(decoder: Decoder, prompt: list[int]) -> torch.Tensor:
    """No prefix [1, 0, W]; before an empty prompt, as a model needs a start, the token that begins a text [1, 1, W]."""
    start = decoder.model.config.bos_token_id
    ids = [] if prompt else [decoder.stop if start is None else start]
    return decoder.table(torch.tensor([ids], dtype=torch.long, device=decoder.device)).float()


if __name__ == "__main__":
    settings.run(main)
