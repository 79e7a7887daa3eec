"""The one maker of captions: what is made after a prompt is kept, and taken up by another stage that asks for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch

from captioner.bridge.files import load_bridge
from captioner.captioning.captions import Record
from captioner.captioning.generation import caption_all
from captioner.captioning.graphs import Graphs
from captioner.captioning.loading import load_decoder
from captioner.config.caption import CaptionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoders.autoregressive import Autoregressive
from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from stages import settings
from stages.study.splits import splits


@dataclass(frozen=True)
class Captioning:
    """One prompt, and what a caption after it takes beside the bridge."""

    prompt: str
    runtime: RuntimeConfig
    config: CaptionConfig
    device: torch.device
    splits: dict[str, list[int]]
    embeddings: Embeddings
    folder: Path
    decoder: Autoregressive
    vocabulary: Vocabulary

    @classmethod
    def open(cls, prompt: str) -> Captioning:
        """Everything loaded."""
        runtime, config = settings.section("runtime", RuntimeConfig), settings.section("caption", CaptionConfig)
        device = prepare(runtime, settings.shared("seed"))
        folder = settings.source("decoder")
        return cls(
            prompt, runtime, config, device, splits(), Embeddings.load(settings.source("embeddings")), folder,
            load_decoder(folder, device, config.dtype), Vocabulary.load(folder),
        )  # fmt: skip

    def seeds(self) -> list[Path]:
        """The study's own maps, one a seed."""
        folder = settings.source("projections")
        return [folder / f"{number}.safetensors" for number in range(len(list(folder.iterdir())))]

    def by_bridge(self, arm: str, number: int, path: Path, names: tuple[str, ...]) -> list[Record]:
        """The captions of these splits by the saved bridge; those of a split that is done are not made again."""
        records = []
        for name in names:
            keys = self.splits[name]
            kept = settings.store(
                "captions", path, self.folder, settings.source("embeddings"), keys, self.prompt, asdict(self.config),
                asdict(self.runtime),
            )  # fmt: skip
            parts, label = Parts(kept), f"{arm}, seed {number + 1}, {name}"
            prefix = self.prefix(path, keys)
            records += self.worded(arm, number, name, self.caption(prefix, label, self.decoder, parts))
        return records

    @torch.inference_mode()
    def prefix(self, path: Path, keys: list[int]) -> torch.Tensor:
        """What the saved bridge makes of these images, [N, k, W]."""
        return load_bridge(path, self.device)(self.embeddings.of(keys).to(self.device))

    def caption(self, prefix: torch.Tensor, label: str, decoder: Autoregressive, parts: Parts | None = None) -> list:
        """Captions of prefixes [N, k, W] by this decoder."""
        sizes = (self.config.max_new_tokens, self.config.batch_size)
        graphs = graphs_of(decoder) if self.config.graphs else None
        return caption_all(decoder, self.vocabulary, prefix, self.prompt, *sizes, label, parts, graphs)

    def worded(self, arm: str, number: int, name: str, captions: list) -> list[Record]:
        """The captions of a split, each with where it belongs."""
        return [Record(arm, name, key, told, number) for key, told in zip(self.splits[name], captions, strict=True)]


@cache
def graphs_of(decoder: Autoregressive) -> Graphs:
    """The captured steps of a decoder, kept for the process."""
    return Graphs(decoder)
