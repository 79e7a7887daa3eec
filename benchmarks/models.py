"""Models with random weights for the benchmarks, of the true sizes and of the study `scenes`: speed does not ask what a
model knows. Random weights hardly ever end a caption, so that each has as many tokens as the cap allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from captioner.bridge.base import Shape
from captioner.bridge.linear import Projection
from captioner.captioning.gpt2 import Gpt2
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import ClipEncoder
from captioner.encoders.openai_clip import CLIP

from transformers import GPT2Config, GPT2LMHeadModel  # isort: skip

PROMPTS = (
    "A detailed photo of", "This image shows", "A realistic image of", "An image of", "A picture that depicts", "",
    "A drawing of", "Stock prices fell sharply on Monday because",
)  # fmt: skip
CAP = 30


@dataclass(frozen=True)
class Size:
    """One size of encoder and decoder: openai-clip's arguments, those of GPT-2, and what is put through them."""

    clip: tuple
    gpt2: dict[str, int]
    prefix: int
    picture: tuple[int, int]  # pixels
    format: str  # of the pictures' files
    pictures: int
    captions: tuple[int, ...]  # batches tried on a CPU; on a GPU see GPU_CAPTIONS
    training: tuple[int, ...]


SIZES = {
    "miniature": Size(
        (128, 64, (1, 1, 1, 1), 16, None, 32, 49408, 128, 2, 2),
        {"n_embd": 128, "n_layer": 2, "n_head": 2, "n_positions": 128, "vocab_size": 640},
        16, (128, 128), "PNG", 512, (64, 256), (64,),
    ),
    "true": Size(
        (512, 224, 12, 768, 16, 77, 49408, 512, 8, 12), {},
        10, (640, 480), "JPEG", 12, (8, 32, 64), (8,),
    ),
}  # fmt: skip
GPU_CAPTIONS = (64, 256, 1024)
GPU_TRAINING = (32, 128, 512)
GPU_PICTURES = 4096


def vocabulary() -> Vocabulary:
    """A tokeniser that knows the prompts; ids beyond its own are no text."""
    return Vocabulary.train([text for text in PROMPTS for _ in range(50)], 400)


def gpt2(size: Size, stop: int) -> GPT2LMHeadModel:
    """A GPT-2 by transformers, small unless the size says otherwise."""
    torch.manual_seed(0)
    config = GPT2Config(**size.gpt2, eos_token_id=stop, bos_token_id=stop, pad_token_id=stop)
    return GPT2LMHeadModel(config).eval()


def ours(model: GPT2LMHeadModel, device: torch.device, dtype: str) -> Gpt2:
    """The same weights as captions are made with."""
    return Gpt2(model.config.to_dict(), model.state_dict(), device, dtype)


def encoder(size: Size, device: torch.device, dtype: str) -> ClipEncoder:
    """A CLIP behind the encoder's interface."""
    torch.manual_seed(0)
    return ClipEncoder(CLIP(*size.clip), device, dtype)


def bridge(size: Size, decoder: Decoder) -> Projection:
    """An untrained map into the decoder."""
    torch.manual_seed(0)
    return Projection(Shape(size.clip[0], size.prefix, decoder.width)).to(decoder.device)
