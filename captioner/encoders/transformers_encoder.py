"""CLIP-like models of transformers, of one language or many, behind the interface of `captioner.encoders.encoder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from captioner.encoders.encoder import Encoder
from captioner.foundation.errors import InputError

from transformers import (  # isort: skip
    AltCLIPModel, AutoConfig, AutoImageProcessor, AutoTokenizer, ChineseCLIPModel, CLIPModel, MetaClip2Model,
    PretrainedConfig, PreTrainedModel, SiglipModel,
)  # fmt: skip
from transformers.utils import logging  # isort: skip

logging.disable_progress_bar()
CLASSES = {
    "clip": CLIPModel, "siglip": SiglipModel, "metaclip_2": MetaClip2Model, "altclip": AltCLIPModel,
    "chinese_clip": ChineseCLIPModel,
}  # fmt: skip
BIDIRECTIONAL = {"altclip", "chinese_clip"}  # in their texts every token sees every other, so padding is masked
LOCAL = {"local_files_only": True, "trust_remote_code": False}  # code in the folder is never run, and nobody is asked


class TransformersModel(Encoder):
    """A model of one of `CLASSES` with the image processor and the tokeniser of its folder."""

    def __init__(
        self, model: PreTrainedModel, processor, tokenizer, device: torch.device, dtype: str = "float32"
    ) -> None:
        self.model = model.float().eval().requires_grad_(False).to(device)
        self.processor, self.tokenizer = processor, tokenizer
        self.device, self.dtype = device, dtype
        kind = model.config.model_type
        self.context = longest_text(kind, model.config.text_config, tokenizer)
        # CLIP and MetaCLIP 2 read their end token and are causal, AltCLIP and Chinese-CLIP read their first token: what
        # follows the end may be cut. SigLIP reads the last of a full row.
        self._padded, self._masked = kind == "siglip", kind in BIDIRECTIONAL

    @classmethod
    def load(cls, folder: Path, device: torch.device, dtype: str = "float32") -> TransformersModel:
        """The model of a folder in transformers' format; InputError where it is of another kind or damaged."""
        try:
            kind = AutoConfig.from_pretrained(folder, **LOCAL).model_type
            if kind not in CLASSES:
                raise InputError(f"{folder}: an encoder of the kind {kind!r}; only {', '.join(CLASSES)} are known here")
            model, found = CLASSES[kind].from_pretrained(folder, output_loading_info=True, local_files_only=True)
            processor = AutoImageProcessor.from_pretrained(folder, backend="pil", **LOCAL)
            tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
        except InputError:
            raise
        except Exception as error:  # transformers, and what it reads with, make errors of any kind of a damaged folder
            raise InputError(f"{folder}: no CLIP-like model that transformers can load ({error})") from error
        if missing := sorted(found["missing_keys"]):
            raise InputError(f"{folder}: the model has no weights for {missing[0]} and {len(missing) - 1} others")
        if problem := misfit(kind, model.config.text_config, tokenizer):
            raise InputError(f"{folder}: {problem}; take the tokeniser that was published with the model")
        return cls(model, processor, tokenizer, device, dtype)

    def save(self, folder: Path) -> None:
        """Write model, image processor and tokeniser as `save_pretrained` does."""
        self.model.save_pretrained(folder)
        self.processor.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    @property
    def width(self) -> int:
        config = self.model.config
        return getattr(config, "projection_dim", None) or config.text_config.projection_size

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        return processed(self.processor, image)

    @property
    def ready(self) -> Callable[[Image.Image], torch.Tensor]:
        return partial(processed, self.processor)

    def image_features(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model.get_image_features(pixel_values=pixels).pooler_output

    def text_tokens(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        side = {} if self._padded else {"padding_side": "right"}
        given = self.tokenizer(
            list(texts), padding="max_length", max_length=self.context, truncation=True, return_tensors="pt",
            return_attention_mask=True, **side,
        )  # fmt: skip
        tokens, mask = given["input_ids"], given["attention_mask"]
        if self._padded:
            return tokens, torch.full((len(tokens),), tokens.shape[1])
        return tokens, mask.sum(dim=-1)

    def text_features(self, tokens: torch.Tensor) -> torch.Tensor:
        mask = {"attention_mask": before_padding(tokens, self.tokenizer.pad_token_id)} if self._masked else {}
        return self.model.get_text_features(input_ids=tokens, **mask).pooler_output


def processed(processor, image: Image.Image) -> torch.Tensor:
    """A picture as the processor's model takes it, float32 [3, R, R]."""
    return processor(images=image, return_tensors="pt")["pixel_values"][0]


def before_padding(tokens: torch.Tensor, pad: int) -> torch.Tensor:
    """1 up to the last token of each row [B, T] that is no padding, 0 after it; a padding token that a text itself
    names stands before its end token and counts, as in the tokeniser's own mask.
    """
    return tokens.ne(pad).flip(1).cumsum(dim=1).flip(1).gt(0).long()


def longest_text(kind: str, text: PretrainedConfig, tokenizer) -> int:
    """The longest text that the model of this `text_config` takes, in tokens, start and end included.

    AltCLIP counts its positions from the padding token's id on, as XLM-R does, so that the first ones hold no token.
    The tokenisers of many languages may state less than the table of positions has.
    """
    positions = text.max_position_embeddings
    if kind == "altclip":
        positions -= text.pad_token_id + 1
    stated = getattr(tokenizer, "model_max_length", positions)
    return positions if kind in ("clip", "siglip") else min(positions, stated)


def misfit(kind: str, text: PretrainedConfig, tokenizer) -> str:
    """How the tokeniser contradicts what the model of this `text_config` relies on; "" where it does not."""
    if kind in ("clip", "siglip"):
        return ""
    if len(tokenizer) > text.vocab_size:
        return f"the tokeniser has {len(tokenizer)} tokens, the model's table {text.vocab_size} rows"
    if tokenizer.pad_token_id is None:
        return "the tokeniser has no padding token"
    if kind == "altclip" and tokenizer.pad_token_id != text.pad_token_id:
        return f"the padding token is {tokenizer.pad_token_id} to the tokeniser, {text.pad_token_id} to the model"
    if kind == "metaclip_2" and tokenizer.eos_token_id != text.eos_token_id:
        return f"the end token is {tokenizer.eos_token_id} to the tokeniser, {text.eos_token_id} to the model"
    return ""
