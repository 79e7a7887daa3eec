"""The frozen CLIP behind one interface, whatever class it is of: images and texts to embeddings of one space."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from captioner.encoders.feeding import Pictures, batches, workers_beside
from captioner.encoders.openai_clip import CLIP, as_bytes, build_model, normalised, preprocessed, tokenise
from captioner.encoders.origin import Origin, file_digest
from captioner.foundation.checkpoints import Parts
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import autocast

WEIGHTS = "model.safetensors"
UNFIT = (KeyError, RuntimeError, ValueError, AssertionError, IndexError, TypeError, AttributeError, ZeroDivisionError)


class Encoder(ABC):
    """A CLIP-like model in evaluation mode, without gradients, with the preprocessing that belongs to it.

    `dtype` is the precision of its matrix products; embeddings leave it in float32.
    """

    device: torch.device
    dtype: str
    context: int  # the longest text, in tokens

    @property
    @abstractmethod
    def width(self) -> int:
        """Dimensions of an embedding."""

    @abstractmethod
    def preprocess(self, image: Image.Image) -> torch.Tensor:
        """A picture of any mode as the model takes it, float32 [3, R, R]."""

    @property
    def ready(self) -> Callable[[Image.Image], torch.Tensor]:
        """What a worker makes of a picture, without the model: `scaled` goes on with a batch of it."""
        return self.preprocess

    def scaled(self, batch: torch.Tensor) -> torch.Tensor:
        """What `ready` has made of B pictures as the model takes them, float32 [B, 3, R, R]."""
        return batch

    @abstractmethod
    def image_features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Preprocessed images [B, 3, R, R] on the device to features [B, D] of any norm."""

    @abstractmethod
    def text_tokens(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids [N, T], a text beyond the context cut at its end, and how many positions of each row count."""

    @abstractmethod
    def text_features(self, tokens: torch.Tensor) -> torch.Tensor:
        """Token ids [B, T] on the device to features [B, D] of any norm."""

    @torch.inference_mode()
    def encode_images(self, pixels: torch.Tensor) -> torch.Tensor:
        """Preprocessed images [B, 3, R, R] to unit-norm embeddings [B, D], float32."""
        with autocast(self.device, self.dtype):
            features = self.image_features(pixels.to(self.device)).float()  # [B, D]
        return features / features.norm(dim=-1, keepdim=True)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str], batch_size: int = 256) -> torch.Tensor:
        """Texts to unit-norm embeddings [N, D], float32; a text beyond the model's context is cut at its end."""
        distinct = list(dict.fromkeys(texts))
        tokens, lengths = self.text_tokens(distinct)  # [U, T], [U]
        order = lengths.argsort(stable=True)
        features = torch.empty(len(distinct), self.width)
        for rows in order.split(batch_size):
            batch = tokens[rows, : int(lengths[rows].max())].to(self.device)
            with autocast(self.device, self.dtype):
                features[rows] = self.text_features(batch).float().cpu()
        features = features / features.norm(dim=-1, keepdim=True)  # [U, D]
        position = {text: index for index, text in enumerate(distinct)}
        return features[torch.tensor([position[text] for text in texts])]

    def embed(
        self,
        load: Callable[[int], Image.Image],
        ids: Sequence[int],
        batch_size: int,
        parts: Parts | None = None,
        workers: int | None = None,
        label: str = "embed",
    ) -> torch.Tensor:
        """Embeddings [N, D] of the pictures that `load` gives for `ids`, each loaded, preprocessed and encoded once.

        `workers` processes prepare the next batches while the model runs (by default as many as the cores allow, 0:
        none); `parts` keeps what is done, so that an interrupted run goes on there.
        """
        features = list(parts.load()) if parts else []
        done = sum(map(len, features))
        workers = workers_beside(self.device) if workers is None else workers
        with tqdm(total=len(ids), initial=done, desc=label, unit=" images", mininterval=1.0) as progress:
            for batch in batches(Pictures(load, self.ready, ids[done:]), batch_size, workers, self.device):
                pixels = self.scaled(batch.to(self.device, non_blocking=True))
                features.append(self.encode_images(pixels).cpu())
                if parts:
                    parts.add(features[-1])
                progress.update(len(batch))
        return torch.cat(features)


def encode_text(model: CLIP, tokens: torch.Tensor) -> torch.Tensor:
    """`model.encode_text` for tokens [B, L] cropped to the batch's longest text: the same embeddings [B, D], fewer
    positions.
    """
    length = tokens.shape[1]
    hidden = model.token_embedding(tokens) + model.positional_embedding[:length]
    hidden = hidden.permute(1, 0, 2)  # [L, B, W]
    for block in model.transformer.resblocks:
        mask, block.attn_mask = block.attn_mask, block.attn_mask[:length, :length]
        hidden = block(hidden)
        block.attn_mask = mask
    hidden = model.ln_final(hidden.permute(1, 0, 2))
    return hidden[torch.arange(len(tokens)), tokens.argmax(dim=-1)] @ model.text_projection


class ClipEncoder(Encoder):
    """openai-clip's own class, a ViT or a ResNet."""

    def __init__(self, model: CLIP, device: torch.device, dtype: str = "float32") -> None:
        self.model = model.float().eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
        self.device, self.dtype = device, dtype
        self.context = model.context_length

    @property
    def width(self) -> int:
        return self.model.text_projection.shape[1]

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        return preprocessed(image, self.model.visual.input_resolution)

    @property
    def ready(self) -> Callable[[Image.Image], torch.Tensor]:
        return partial(as_bytes, resolution=self.model.visual.input_resolution)

    def scaled(self, batch: torch.Tensor) -> torch.Tensor:
        return normalised(batch)

    def image_features(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model.encode_image(pixels.to(memory_format=torch.channels_last))

    def text_tokens(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = tokenise(texts, self.context, truncate=True)
        return tokens, tokens.argmax(dim=-1) + 1

    def text_features(self, tokens: torch.Tensor) -> torch.Tensor:
        return encode_text(self.model, tokens)


def build_clip(state: dict[str, torch.Tensor]) -> CLIP:
    """openai-clip's model of this state dict, in float32 and without rounding: `build_model` alone halves it.

    One of `UNFIT` where these are not the weights of such a model.
    """
    model = build_model(dict(state)).float()
    own = model.state_dict()
    model.load_state_dict({name: state[name].float() for name in own})
    return model.eval()


def save_clip(model: CLIP, folder: Path, name: str, vouched: str, sha256: str | None = None) -> None:
    """Write openai-clip's model as a folder: its state dict in safetensors, without rounding, and its origin.

    `sha256` is that of the file that the weights came in, by default of the one written here. A tensor that half
    precision holds exactly, as in OpenAI's own files, is written in half.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    halves = {name: tensor.half() for name, tensor in state.items() if tensor.is_floating_point()}
    exact = {name: half for name, half in halves.items() if torch.equal(half.to(state[name].dtype), state[name])}
    save_file({name: exact.get(name, tensor).contiguous() for name, tensor in state.items()}, folder / WEIGHTS)
    Origin("clip", name, sha256 or file_digest(folder / WEIGHTS), vouched).write(folder)


def load_encoder(folder: Path, device: torch.device, dtype: str = "float32") -> Encoder:
    """The encoder of a folder that stage `backbones` or `judge` wrote; InputError where it is missing or damaged."""
    if Origin.read(folder).kind == "transformers":
        from captioner.encoders.transformers_encoder import TransformersModel

        return TransformersModel.load(folder, device, dtype)
    path = folder / WEIGHTS
    if not os.path.isfile(path):
        raise InputError(f"{path}: no weights here; make them again with `dvc repro`")
    try:
        return ClipEncoder(build_clip(load_file(path)), device, dtype)
    except (*UNFIT, OSError, SafetensorError) as error:
        raise InputError(f"{path}: not the weights of a CLIP model ({error})") from error
