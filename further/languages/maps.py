"""Stage `maps`: a linear map from image to prefix for each language, learnt from its captions after its prompts, and
one for all, by the study's recipe; side by side, about three minutes on two cores.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from captioner.bridge.base import Shape
from captioner.bridge.files import bridge_bytes
from captioner.bridge.history import History, summary
from captioner.bridge.linear import Projection
from captioner.bridge.objective import Examples, Objective
from captioner.bridge.training import Schedule, train
from captioner.config.languages import MapsConfig
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.processes import side_by_side
from captioner.foundation.runtime import prepare
from captioner.languages.known import LANGUAGES
from captioner.languages.objective import Spoken
from captioner.languages.tokens import token_table
from further.languages.parameters import part, prompts
from stages import settings
from stages.study.splits import splits


def objectives(code: str, keys: Sequence[int], decoder: Decoder, vocabulary: Vocabulary, bridge: Projection) -> list:
    """The objectives of one language: one for each form in which captions follow its prompts."""
    told = json.loads(settings.source("further_languages_captions").read_text(encoding="utf-8"))
    stop_token, language = settings.section("projection", ProjectionConfig).stop_token, LANGUAGES[code]
    forms: dict[str, list[str]] = {}
    for prompt in prompts()[code]:
        forms.setdefault(language.governed(prompt), []).append(prompt)
    return [
        Objective(
            decoder, bridge, token_table({key: told[f"{code}/{form}"][str(key)] for key in keys}, vocabulary, language),
            dict(zip(several, several, strict=True)), vocabulary, stop_token,
        )
        for form, several in forms.items()
    ]  # fmt: skip


def learnt(codes: Sequence[str], name: str, threads: int) -> tuple[bytes, History]:
    """The map of these languages: its file and its training."""
    seed, runtime = settings.shared("seed"), settings.section("runtime", RuntimeConfig)
    device = prepare(runtime, seed, threads)
    recipe, ids = settings.section("projection", ProjectionConfig), splits()
    embeddings = Embeddings.load(settings.source("embeddings"))
    examples, validation = (Examples(ids[name], embeddings.of(ids[name])) for name in ("train", "val"))
    folder = settings.source("further_languages_decoder")
    decoder, vocabulary = Decoder.load(folder, device), Vocabulary.load(folder)
    torch.manual_seed(seed)
    bridge = Projection(Shape(examples.embeddings.shape[1], recipe.prefix_length, decoder.width)).to(device)
    bridge.start(examples.embeddings.to(device), recipe.standardise, recipe.prefix_norm * decoder.mean_norm)
    keys = [*ids["train"], *ids["val"]]
    objective = Spoken([part for code in codes for part in objectives(code, keys, decoder, vocabulary, bridge)])
    epochs = part("maps", MapsConfig).epochs
    schedule = Schedule(epochs, recipe.batch_size, recipe.learning_rate, recipe.warmup, recipe.weight_decay)
    sources = (Path(__file__), folder, settings.source("embeddings"), settings.source("further_languages_captions"))
    kept = settings.store("languages-maps", *sources, name, prompts(), epochs, asdict(recipe), asdict(runtime), seed)
    history = train(
        objective, bridge, examples, validation, schedule, seed, runtime.dtype, Checkpoints(kept), f"map of {name}"
    )
    return bridge_bytes(bridge), history


def main() -> None:
    codes, runtime = list(prompts()), settings.section("runtime", RuntimeConfig)
    on_cpu = prepare(runtime, settings.shared("seed")).type == "cpu"
    processes = min(runtime.threads, len(codes) + 1) if on_cpu else 1
    jobs = {"all": codes, **{code: [code] for code in codes}}  # the longest first
    each = [partial(learnt, spoken, name, max(1, runtime.threads // processes)) for name, spoken in jobs.items()]
    trained = dict(zip(jobs, side_by_side(each, processes), strict=True))
    with settings.target("further_languages_maps") as folder:
        folder.mkdir()
        for name, (content, _) in trained.items():
            (folder / f"{name}.safetensors").write_bytes(content)
    with settings.target("further_languages_maps_metrics") as path:
        settings.write_json(path, {name: summary(history, name) for name, (_, history) in trained.items()})
    settings.forget("languages-maps")


if __name__ == "__main__":
    settings.run(main)
