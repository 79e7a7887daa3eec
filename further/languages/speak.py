"""Stage `speak`: test and novel captioned by every map after every prompt of every language; two minutes, two cores."""

from dataclasses import asdict
from functools import partial

import torch

from captioner.bridge.files import load_bridge
from captioner.captioning.generation import caption_all
from captioner.captioning.loading import load_decoder
from captioner.config.caption import CaptionConfig
from captioner.config.languages import SpokenConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.processes import side_by_side
from captioner.foundation.runtime import prepare
from further.languages.parameters import part, prompts
from stages import settings
from stages.study.splits import splits

SPLITS = ("test", "novel")


@torch.inference_mode()
def said(name: str, threads: int) -> list[dict]:
    """What the map of this name says after every prompt: texts in the order of the split's images."""
    runtime, config = settings.section("runtime", RuntimeConfig), settings.section("caption", CaptionConfig)
    device = prepare(runtime, settings.shared("seed"), threads)
    most, ids = part("spoken", SpokenConfig).max_new_tokens, splits()
    folder, path = settings.source("further_languages_decoder"), settings.source("further_languages_maps")
    decoder, vocabulary = load_decoder(folder, device, config.dtype), Vocabulary.load(folder)
    embeddings, bridge = (
        Embeddings.load(settings.source("embeddings")),
        load_bridge(path / f"{name}.safetensors", device),
    )
    texts = dict.fromkeys(text for several in prompts().values() for text in several)
    found = []
    for prompt in texts:
        for split in SPLITS:
            sources = (path / f"{name}.safetensors", folder, settings.source("embeddings"), ids[split])
            kept = settings.store("languages-said", *sources, prompt, most, asdict(config), asdict(runtime), threads)
            prefix = bridge(embeddings.of(ids[split]).to(device))
            label = f"map of {name}, {prompt or 'no prompt'}, {split}"
            told = caption_all(decoder, vocabulary, prefix, prompt, most, config.batch_size, label, Parts(kept))
            capped = sum(not caption.stopped for caption in told) / max(1, len(told))
            found.append(
                {"map": name, "prompt": prompt, "split": split, "capped": capped, "captions": [c.text for c in told]}
            )
    return found


def main() -> None:
    runtime = settings.section("runtime", RuntimeConfig)
    names = ["all", *prompts()]
    on_cpu = prepare(runtime, settings.shared("seed")).type == "cpu"
    processes = min(runtime.threads, len(names)) if on_cpu else 1
    jobs = [partial(said, name, max(1, runtime.threads // processes)) for name in names]
    with settings.target("further_languages_said") as path:
        settings.write_json(path, [record for several in side_by_side(jobs, processes) for record in several])
    settings.forget("languages-said")


if __name__ == "__main__":
    settings.run(main)
