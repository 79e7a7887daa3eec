"""openai-clip's model, tokeniser and preprocessing without its package's own import, which loads torchvision with the
whole of torch's compiler: two seconds, in every stage that embeds a picture or a text.

Model and tokeniser are openai-clip's files as installed. Its preprocessing is written out for Pillow's pictures; the
tests hold both it and `tokenise` against openai-clip's own, to the bit.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from PIL import Image

MEAN = (0.48145466, 0.4578275, 0.40821073)  # of openai-clip's preprocessing
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
CONTEXT = 77  # tokens of OpenAI's models
CLEAN = re.compile(
    r"[ -%'-~]*"
)  # printable ASCII but the ampersand: what the tokeniser's mending of texts leaves alone


def _module(name: str) -> ModuleType:
    """A module of the package `clip`, its package left alone."""
    own = f"captioner.encoders._openai_clip_{name}"
    if own not in sys.modules:
        folder = importlib.util.find_spec("clip").submodule_search_locations[0]
        spec = importlib.util.spec_from_file_location(own, Path(folder, f"{name}.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[own] = module
        spec.loader.exec_module(module)
    return sys.modules[own]


CLIP: type[torch.nn.Module] = _module("model").CLIP
build_model = _module("model").build_model


@cache
def _tokenizer():
    return _module("simple_tokenizer").SimpleTokenizer()


def tokenise(texts: Sequence[str], context: int = CONTEXT, truncate: bool = False) -> torch.Tensor:
    """Token ids [N, context] (int32) of texts, each between its start and its end token, zeros after it.

    A longer text is cut before its end token where `truncate` is set, else a RuntimeError.
    """
    coder = _tokenizer()
    first, last = coder.encoder["<|startoftext|>"], coder.encoder["<|endoftext|>"]
    rows = np.zeros((len(texts), context), dtype=np.int32)
    for row, text in zip(rows, texts, strict=True):
        ids = [first, *_encoded(text), last]
        if len(ids) > context:
            if not truncate:
                raise RuntimeError(f"Input {text} is too long for context length {context}")
            ids[context - 1 :] = [last]
        row[: len(ids)] = ids
    return torch.from_numpy(rows)


def _encoded(text: str) -> list[int]:
    """The tokeniser's `encode`, a word at a time where nothing of the text has to be mended: captions repeat words."""
    coder = _tokenizer()
    if not CLEAN.fullmatch(text):
        return coder.encode(text)
    return [token for word in coder.pat.findall(" ".join(text.split()).lower()) for token in _word(word)]


@lru_cache(maxsize=1 << 16)
def _word(word: str) -> tuple[int, ...]:
    return tuple(_tokenizer().encode(word))


def squared(image: Image.Image, resolution: int) -> np.ndarray:
    """The middle of a picture whose shorter side has this many pixels, in RGB: uint8 [R, R, 3]."""
    width, height = image.size
    short = min(width, height)
    size = tuple(resolution if side == short else int(resolution * side / short) for side in (width, height))
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (round((side - resolution) / 2.0) for side in size)
    return np.array(image.crop((left, top, left + resolution, top + resolution)).convert("RGB"))


def as_bytes(image: Image.Image, resolution: int) -> torch.Tensor:
    """`squared`, as a tensor."""
    return torch.from_numpy(squared(image, resolution))


def normalised(pixels: torch.Tensor) -> torch.Tensor:
    """Pictures of bytes [..., R, R, 3] as the models take them, float32 [..., 3, R, R]."""
    values = pixels.movedim(-1, -3).contiguous().float().div_(255)
    mean, deviation = (torch.tensor(each, device=pixels.device).view(-1, 1, 1) for each in (MEAN, DEVIATION))
    return values.sub_(mean).div_(deviation)


def preprocessed(image: Image.Image, resolution: int) -> torch.Tensor:
    """A picture of any mode as the models take it, float32 [3, R, R]."""
    return normalised(as_bytes(image, resolution))
