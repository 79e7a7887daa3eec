"""The study's own captioner: a frozen encoder, a bridge, a frozen decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image

from captioner.bridge.base import Bridge
from captioner.captioning.captions import Caption
from captioner.captioning.generation import greedy
from captioner.decoders.autoregressive import Autoregressive
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import Encoder
from captioner.vision_language.base import Captioner


class Bridged(Captioner):
    """An encoder of width D, a bridge [B, D] to [B, k, W] and a decoder of width W behind the interface."""

    def __init__(self, encoder: Encoder, bridge: Bridge, decoder: Autoregressive, vocabulary: Vocabulary) -> None:
        self.encoder, self.bridge, self.decoder, self.words = encoder, bridge, decoder, vocabulary
        self.device = decoder.device

    @torch.inference_mode()
    def caption(self, pictures: Sequence[Image.Image], prompt: str, max_new_tokens: int) -> list[Caption]:
        pixels = torch.stack([self.encoder.preprocess(picture) for picture in pictures])  # [B, 3, R, R]
        prefix = self.bridge(self.encoder.encode_images(pixels).to(self.device))  # [B, k, W]
        return greedy(self.decoder, self.words, prefix, prompt, max_new_tokens)

    @property
    def vocabulary(self) -> int:
        return self.decoder.vocabulary
