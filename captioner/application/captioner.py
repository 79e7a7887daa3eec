"""The whole captioner, from a picture and a prompt to a caption with what the model thought at every word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from captioner.application.portable import Portable
from captioner.application.project import Places, Project, Settings
from captioner.bridge.base import Bridge
from captioner.bridge.files import load_bridge
from captioner.captioning.captions import Caption
from captioner.captioning.generation import greedy_prompts, prompt_ids
from captioner.captioning.loading import load_decoder
from captioner.decoders.autoregressive import Autoregressive
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import Encoder, load_encoder
from captioner.encoders.origin import Origin
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import prepare
from captioner.scores.similarity import cosine_scores, entropy_weight


@dataclass(frozen=True)
class Likely:
    """A token that may stand at some place, with its probability; `stop` for the token that ends a caption."""

    text: str
    probability: float
    stop: bool


@dataclass(frozen=True)
class Step:
    """One generated token: the text that it adds, its probability, the entropy of its distribution divided by ln |V|,
    and the most likely tokens at its place.
    """

    text: str
    probability: float
    entropy: float
    likely: tuple[Likely, ...]


@dataclass(frozen=True)
class Described:
    """A caption after one prompt with its scores; `clip_score` is 100 x cosine, None where there was no picture."""

    prompt: str
    caption: Caption
    clip_score: float | None
    entropy: float  # mean over the generated tokens, divided by ln |V|
    # One a generated token; the last may be the stop token, which adds no text. None by a captioner that shows none.
    steps: tuple[Step, ...]

    @property
    def next_tokens(self) -> tuple[Likely, ...]:
        """The most likely tokens right after the prompt."""
        return self.steps[0].likely if self.steps else ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as the encoder [3, R, R] and the judge [3, S, S] take it."""

    encoder: torch.Tensor
    judge: torch.Tensor


class _Watch:
    """What `greedy` shows at each step, by row: the chosen tokens and the most likely ones."""

    def __init__(self, rows: int, top_k: int) -> None:
        self.top_k = top_k
        self.chosen: list[list[int]] = [[] for _ in range(rows)]
        self.likely: list[list[list[tuple[int, float]]]] = [[] for _ in range(rows)]

    def __call__(self, rows: torch.Tensor, tokens: torch.Tensor, logs: torch.Tensor) -> None:
        values, ids = logs.topk(min(self.top_k, logs.shape[1]), dim=-1)  # [rows, K]
        shown = (rows, tokens, ids, values.exp())
        for row, token, some, chances in zip(*(each.tolist() for each in shown), strict=True):
            self.chosen[row].append(token)
            self.likely[row].append(list(zip(some, chances, strict=True)))


class Captioner:
    """Encoder, projection, decoder and judge that belong together.

    InputError where their sizes do not fit one another.
    """

    def __init__(
        self,
        encoder: Encoder,
        projection: Bridge,
        decoder: Autoregressive,
        vocabulary: Vocabulary,
        judge: Encoder,
        settings: Settings,
    ) -> None:
        self.encoder, self.projection, self.decoder = encoder, projection, decoder
        self.vocabulary, self.judge, self.settings = vocabulary, judge, settings
        shape = projection.shape
        for part, has, wants in (("encoder", encoder.width, shape.embedding), ("decoder", decoder.width, shape.width)):
            if has != wants:
                raise InputError(
                    f"the projection was trained with another {part}: it wants {wants} dimensions, this one has {has}"
                )

    @classmethod
    def load(cls, places: Places, settings: Settings) -> Captioner:
        """The parts from where they lie; a judge that is the encoder itself is loaded once."""
        device = prepare(settings.runtime, settings.seed)
        projection = load_bridge(places.projection, device)
        decoder = load_decoder(places.decoder, device, settings.decoder_dtype)
        vocabulary = Vocabulary.load(places.decoder)
        encoder = load_encoder(places.encoder, device, settings.encoder_dtype)
        same = Origin.read(places.judge) == Origin.read(places.encoder)
        if same and settings.judge_dtype == settings.encoder_dtype:
            judge = encoder
        else:
            judge = load_encoder(places.judge, device, settings.judge_dtype)
        return cls(encoder, projection, decoder, vocabulary, judge, settings)

    @classmethod
    def of_project(cls, folder: Path) -> Captioner:
        """The models that `dvc repro` left in this project."""
        project = Project(folder)
        return cls.load(project.places, project.settings)

    @classmethod
    def of_portable(cls, folder: Path, **given: Path) -> Captioner:
        """An exported model; `given` are folders of backbones (encoder, decoder, judge) that it does not hold."""
        portable = Portable.read(folder)
        return cls.load(portable.places(**given), portable.settings)

    def check_prompt(self, prompt: str) -> None:
        """InputError where this prompt leaves no room for a caption."""
        length = self.projection.shape.prefix_length
        prompt_ids(prompt, self.vocabulary, self.decoder, length, self.settings.max_new_tokens)

    def prepare(self, picture: Image.Image) -> Prepared:
        """An RGB picture as the models take it."""
        pixels = self.encoder.preprocess(picture)
        return Prepared(pixels, pixels if self.judge is self.encoder else self.judge.preprocess(picture))

    def caption(
        self, pictures: Sequence[Image.Image | Prepared | None], prompts: Sequence[str], top_k: int = 0
    ) -> list[list[Described]]:
        """For each picture a caption after each prompt, in one batch; None stands for no picture, a prefix of zeros,
        which shows what the prompt alone would say. `top_k` likely tokens come with each step.
        """
        ready = [self.prepare(picture) if isinstance(picture, Image.Image) else picture for picture in pictures]
        made = iter(self.describe([(picture, prompt) for picture in ready for prompt in prompts], top_k))
        return [[next(made) for _ in prompts] for _ in ready]

    @torch.inference_mode()
    def describe(self, wanted: Sequence[tuple[Prepared | None, str]], top_k: int = 0) -> list[Described]:
        """A caption for each pair of picture and prompt; pictures that want the same prompts in one batch."""
        pictures = list(dict.fromkeys(picture for picture, _ in wanted if picture is not None))
        place = {picture: row for row, picture in enumerate(pictures)}
        shape = self.projection.shape
        nothing = torch.zeros(1, shape.prefix_length, shape.width, device=self.decoder.device)
        prefixes = nothing  # the last row is that of no picture
        judged = torch.zeros(0, self.judge.width)
        if pictures:
            features = self.encoder.encode_images(torch.stack([picture.encoder for picture in pictures]))  # [B, D]
            prefixes = torch.cat([self.projection(features), nothing])  # [B + 1, k, W]
            other = self.judge is not self.encoder
            judged = self.judge.encode_images(torch.stack([each.judge for each in pictures])) if other else features
            judged = judged.cpu()
        rows = [len(pictures) if picture is None else place[picture] for picture, _ in wanted]
        found: dict[tuple[int, str], Described] = {}
        together: dict[tuple[int, ...], list[str]] = {}  # the prompts that are wanted of the same rows
        for prompt in dict.fromkeys(prompt for _, prompt in wanted):
            here = {row for row, (_, other) in zip(rows, wanted, strict=True) if other == prompt}
            together.setdefault(tuple(sorted(here)), []).append(prompt)
        for here, prompts in together.items():
            watch = _Watch(len(here) * len(prompts), top_k)
            several = greedy_prompts(
                self.decoder, self.vocabulary, prefixes[list(here)], prompts, self.settings.max_new_tokens, watch
            )
            seen = [row for row in here if row < len(pictures)]
            texts = [caption.text for captions in several for caption in captions[: len(seen)]]
            told = self.judge.encode_texts(texts) if texts else judged
            scores = cosine_scores(judged[seen * len(prompts)].numpy(), told.numpy()).tolist()
            for number, (prompt, captions) in enumerate(zip(prompts, several, strict=True)):
                for index, (row, caption) in enumerate(zip(here, captions, strict=True)):
                    at = number * len(here) + index
                    steps = _steps(self.vocabulary, self.decoder, prompt, caption, watch.chosen[at], watch.likely[at])
                    entropy = 1.0 - entropy_weight(caption.entropies, self.decoder.vocabulary)
                    score = scores[number * len(seen) + index] if row < len(pictures) else None
                    found[row, prompt] = Described(prompt, caption, score, entropy, steps)
        return [found[row, prompt] for row, (_, prompt) in zip(rows, wanted, strict=True)]


def _steps(
    vocabulary: Vocabulary,
    decoder: Autoregressive,
    prompt: str,
    caption: Caption,
    chosen: list[int],
    likely: list[list[tuple[int, float]]],
) -> tuple[Step, ...]:
    """The generated tokens; their texts follow the prompt's as they stand, spaces included."""
    before, stop = vocabulary.prompt(prompt), decoder.stop
    chosen, likely = (several[: len(caption.entropies)] for several in (chosen, likely))
    pieces = vocabulary.pieces(before, chosen[: caption.tokens])
    pieces += [""] * (len(chosen) - len(pieces))
    steps = []
    for at, (piece, log, entropy, some) in enumerate(
        zip(pieces, caption.log_probabilities, caption.entropies, likely, strict=True)
    ):
        context = [*before, *chosen[:at]]
        told = tuple(
            Likely("" if token == stop else vocabulary.pieces(context, [token])[0], chance, token == stop)
            for token, chance in some
        )
        spread = 1.0 - entropy_weight([entropy], decoder.vocabulary)
        steps.append(Step(piece, float(torch.tensor(log).exp()), spread, told))
    return tuple(steps)
