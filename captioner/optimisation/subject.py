"""What a search tries prompts on: a captioner that was trained, and what its captions are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from captioner.bridge.base import Bridge
from captioner.bridge.files import load_bridge
from captioner.captioning.captions import Caption
from captioner.captioning.generation import greedy, greedy_prompts
from captioner.decoders.autoregressive import Autoregressive
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import Encoder
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.errors import InputError
from captioner.optimisation.measures import Measures
from captioner.optimisation.trials import Trials, check_prompts, ordered_instances
from captioner.scores.metrics import Cider, Tokens
from captioner.scores.words import Words
from captioner.world.scene import Scene


def load_maps(folder: Path, device: torch.device) -> list[Bridge]:
    """A study's own maps, one a seed, from their folder; InputError where it holds none."""
    paths = sorted(folder.glob("*.safetensors"), key=lambda path: (len(path.stem), path.stem))
    if not paths:
        raise InputError(f"{folder}: no trained map from image to prefix here; run `dvc repro`")
    return [load_bridge(path, device) for path in paths]


@dataclass(frozen=True)
class Subject:
    """A frozen captioner with the map of every seed, and the embeddings of the images of every split by id."""

    decoder: Autoregressive
    vocabulary: Vocabulary
    maps: Sequence[Bridge]
    embeddings: Embeddings
    splits: Mapping[str, Sequence[int]]
    max_new_tokens: int
    batch_size: int

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.decoder.device

    def check(self, texts: Sequence[str]) -> None:
        """InputError where one of the prompts has more tokens than the decoder has room for."""
        room = self.decoder.positions - self.maps[0].shape.prefix_length - self.max_new_tokens
        check_prompts(texts, lambda text: len(self.vocabulary.prompt(text)), room)

    @torch.inference_mode()
    def prefixes(self, split: str) -> torch.Tensor:
        """The prefixes [S, N, k, W] of a split's images by every map."""
        embeddings = self.embeddings.of(self.splits[split]).to(self.device)
        return torch.stack([bridge(embeddings) for bridge in self.maps])

    @torch.inference_mode()
    def mean_prefix(self) -> torch.Tensor:
        """What the first map makes of the mean training image, [k, W]."""
        mean = self.embeddings.of(self.splits["train"]).mean(dim=0, keepdim=True)
        return self.maps[0](mean.to(self.device))[0]

    def words(self, prefix: torch.Tensor, prompts: Sequence[str]) -> list[list[Caption]]:
        """Greedy captions [P][n] of prefixes [n, k, W] after each of P prompts."""
        return greedy_prompts(self.decoder, self.vocabulary, prefix, prompts, self.max_new_tokens)

    def captions(self, split: str, prompt: str, progress: tqdm | None = None) -> list[list[Caption]]:
        """Captions [S][N] of a split's images after a prompt, by every map."""
        return [self.by(bridge, split, prompt, progress) for bridge in self.maps]

    @torch.inference_mode()
    def by(self, bridge: Bridge, split: str, prompt: str, progress: tqdm | None = None) -> list[Caption]:
        """Captions [N] of a split's images after a prompt, by one bridge."""
        made: list[Caption] = []
        for batch in self.embeddings.of(self.splits[split]).split(self.batch_size):
            made += self.words(bridge(batch.to(self.device)), [prompt])[0]
            if progress is not None:
                progress.update(len(batch))
        return made

    def chosen(self, prefix: torch.Tensor, prompt: str) -> list[list[int]]:
        """The token ids of the captions of prefixes [n, k, W] after a prompt, without the stop token."""
        found: list[list[int]] = [[] for _ in prefix]

        def watch(rows: torch.Tensor, tokens: torch.Tensor, _: torch.Tensor) -> None:
            for row, token in zip(rows.tolist(), tokens.tolist(), strict=True):
                found[row].append(token)

        captions = greedy(self.decoder, self.vocabulary, prefix, prompt, self.max_new_tokens, watch)
        return [ids[: caption.tokens] for ids, caption in zip(found, captions, strict=True)]

    def trials(
        self,
        standards: Standards,
        weights: Mapping[str, float],
        batch_size: int,
        seed: int,
        parts: Callable[[Sequence[str], list], Parts],
        images: int | None = None,
    ) -> Trials:
        """Trials on val, or on so many of its images, by the measures that `weights` weighs.

        `parts` gives the place where measures of these names on these instances are kept.
        """
        names, keys = list(weights), self.splits["val"]
        measures = standards.measures(keys)
        measures.check(names)
        order = ordered_instances(len(keys), len(self.maps), seed)
        order = order[np.isin(order[:, 0], order[:images, 0])]
        table, kept = partial(measures.table, names), parts(names, order.tolist())
        return Trials(self.words, table, list(weights.values()), self.prefixes("val"), order, batch_size, kept)


@dataclass(frozen=True)
class Standards:
    """References and scenes by image, and the embeddings of the judge, which `load` gives when it is asked for."""

    references: Mapping[int, Sequence[str]]
    scenes: Mapping[str, dict]
    judged: Embeddings
    load: Callable[[], Encoder]
    words: Words  # from a caption to its words

    @cached_property
    def judge(self) -> Encoder:
        """The CLIP that scores."""
        return self.load()

    def tokens(self, keys: Sequence[int]) -> list[list[Tokens]]:
        """The tokenised references of these images."""
        return [[self.words(text) for text in self.references[key]] for key in keys]

    def measures(self, keys: Sequence[int]) -> Measures:
        """The measures of captions of these images; the idf of CIDEr-D is that of their references."""
        drawn = [Scene.from_json(self.scenes[str(key)]) for key in keys if str(key) in self.scenes]
        return Measures(Cider(self.tokens(keys)), self.words, self.judge, self.judged.of(keys).numpy(), drawn)
