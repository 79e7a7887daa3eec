"""A captioner of transformers for one's own pictures: without a project, and without a judge."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from captioner.application.captioner import Described
from captioner.config.captioners import CaptionerConfig
from captioner.config.runtime import RuntimeConfig
from captioner.downloads.hub import fetch
from captioner.foundation.runtime import prepare
from captioner.scores.similarity import entropy_weight
from captioner.vision_language import kinds
from captioner.vision_language.pretrained import Pretrained


class Unjudged:
    """What the commands ask a captioner for; no CLIP score and no likely tokens come with it."""

    def __init__(self, captioner: Pretrained, max_new_tokens: int) -> None:
        self.captioner, self.max_new_tokens = captioner, max_new_tokens

    @classmethod
    def load(cls, config: CaptionerConfig, runtime: RuntimeConfig, max_new_tokens: int) -> Unjudged:
        """A model on the hub or in a folder; InputError where it cannot be had or captions no pictures."""
        kinds.check(config.name, config.revision, config.template, "captioner")
        folder, _ = fetch(config.name, config.revision, "captioner")
        device = prepare(runtime, 0)
        return cls(Pretrained.load(folder, config.template, device, config.dtype), max_new_tokens)

    def check_prompt(self, prompt: str) -> None:
        """InputError where this prompt leaves no room for a caption, or no picture reaches the model."""
        self.captioner.check(prompt, self.max_new_tokens)

    def prepare(self, picture: Image.Image) -> Image.Image:
        """The picture itself: a model's processor takes pictures and prompt together."""
        return picture

    def caption(self, pictures: Sequence[Image.Image], prompts: Sequence[str], top_k: int = 0) -> list[list[Described]]:
        """For each picture a caption after each prompt, one prompt a batch; ValueError for any `top_k`."""
        if top_k:
            raise ValueError("this captioner shows no likely tokens")
        several = [self._described(pictures, prompt) for prompt in prompts if pictures]
        return [list(row) for row in zip(*several, strict=True)]

    def _described(self, pictures: Sequence[Image.Image], prompt: str) -> list[Described]:
        made = self.captioner.caption(pictures, prompt, self.max_new_tokens)
        size = self.captioner.vocabulary
        return [Described(prompt, one, None, 1.0 - entropy_weight(one.entropies, size), ()) for one in made]
