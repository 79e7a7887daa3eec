"""CLIP-like models of transformers (CLIPModel, SiglipModel) behind the interface of `captioner.encoders.encoder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from captioner.encoders.encoder import Encoder
from captioner.foundation.errors import InputError

from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer, CLIPModel, SiglipModel  # isort: skip
from transformers.utils import logging  # isort: skip

logging.disable_progress_bar()
CLASSES = {"clip": CLIPModel, "siglip": SiglipModel}
LOCAL = {"local_files_only": True, "trust_remote_code": False}  # code in the folder is never run, and nobody is asked


class TransformersModel(Encoder):
    """A CLIPModel or SiglipModel with the image processor and the tokeniser of its folder."""

    def __init__(
        self, model: CLIPModel | SiglipModel, processor, tokenizer, device: torch.device, dtype: str = "float32"
    ) -> None:
        self.model = model.float().eval().requires_grad_(False).to(device)
        self.processor, self.tokenizer = processor, tokenizer
        self.device, self.dtype = device, dtype
        self.context = model.config.text_config.max_position_embeddings
        # CLIP reads its end token and is causal: what follows may be cut. SigLIP reads the last of a full row.
        self._padded = model.config.model_type == "siglip"

    @classmethod
    def load(cls, folder: Path, device: torch.device, dtype: str = "float32") -> TransformersModel:
        """The model of a folder in transformers' format; InputError where it is of another kind or damaged."""
        try:
            kind = AutoConfig.from_pretrained(folder, **LOCAL).model_type
            if kind not in CLASSES:
                raise InputError(
                    f"{folder}: an encoder of the kind {kind!r}; only {' and '.join(CLASSES)} are known here"
                )
            model, found = CLASSES[kind].from_pretrained(folder, output_loading_info=True, local_files_only=True)
            processor = AutoImageProcessor.from_pretrained(folder, backend="pil", **LOCAL)
            tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
        except InputError:
            raise
        except Exception as error:  # transformers, and what it reads with, make errors of any kind of a damaged folder
            raise InputError(f"{folder}: no CLIP-like model that transformers can load ({error})") from error
        if missing := sorted(found["missing_keys"]):
            raise InputError(f"{folder}: the model has no weights for {missing[0]} and {len(missing) - 1} others")
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
        given = self.tokenizer(
            list(texts), padding="max_length", max_length=self.context, truncation=True, return_tensors="pt",
            return_attention_mask=True,
        )  # fmt: skip
        tokens, mask = given["input_ids"], given["attention_mask"]
        if self._padded:
            return tokens, torch.full((len(tokens),), tokens.shape[1])
        return tokens, mask.sum(dim=-1)

    def text_features(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.model.get_text_features(input_ids=tokens).pooler_output


def processed(processor, image: Image.Image) -> torch.Tensor:
    """A picture as the processor's model takes it, float32 [3, R, R]."""
    return processor(images=image, return_tensors="pt")["pixel_values"][0]
