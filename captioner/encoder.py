"""The frozen CLIP: images and texts to unit-norm embeddings of one space, through openai-clip's own class."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from captioner import torchvision_ops  # noqa: F401  (before clip)
from captioner.errors import InputError

import clip  # isort: skip
from clip.clip import _transform  # isort: skip
from clip.model import CLIP, build_model  # isort: skip


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


class Encoder:
    """A CLIP model in evaluation mode, without gradients, with the preprocessing that belongs to it."""

    def __init__(self, model: CLIP, device: torch.device) -> None:
        self.model = model.float().eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
        self.device = device
        self.preprocess: Callable[[Image.Image], torch.Tensor] = _transform(model.visual.input_resolution)

    @property
    def width(self) -> int:
        """Dimensions of an embedding."""
        return self.model.text_projection.shape[1]

    @classmethod
    def load(cls, path: Path, device: torch.device) -> Encoder:
        """The model of a state dict in safetensors, built by `clip.model.build_model`; InputError for another file."""
        if not path.is_file():
            raise InputError(f"{path}: no such encoder file; run `dvc repro backbones`")
        try:
            model = build_model(load_file(path))
        except (KeyError, RuntimeError, ValueError, SafetensorError) as error:
            raise InputError(f"{path}: not the weights of a CLIP model ({error})") from error
        return cls(model, device)

    @torch.inference_mode()
    def encode_images(self, pixels: torch.Tensor) -> torch.Tensor:
        """Preprocessed images [B, 3, R, R] to unit-norm embeddings [B, D], float32."""
        pixels = pixels.to(self.device, memory_format=torch.channels_last)
        features = self.model.encode_image(pixels).float()  # [B, D]
        return features / features.norm(dim=-1, keepdim=True)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str], batch_size: int = 256) -> torch.Tensor:
        """Texts to unit-norm embeddings [N, D], float32; a text beyond the model's context is cut at its end."""
        distinct = list(dict.fromkeys(texts))
        tokens = clip.tokenize(distinct, context_length=self.model.context_length, truncate=True)  # [U, T]
        lengths = tokens.argmax(dim=-1) + 1
        order = lengths.argsort(stable=True)
        features = torch.empty(len(distinct), self.width)
        for rows in order.split(batch_size):
            batch = tokens[rows, : int(lengths[rows].max())].to(self.device)
            features[rows] = encode_text(self.model, batch).float().cpu()
        features = features / features.norm(dim=-1, keepdim=True)  # [U, D]
        position = {text: index for index, text in enumerate(distinct)}
        return features[torch.tensor([position[text] for text in texts])]

    def embed(
        self, load: Callable[[int], Image.Image], ids: Sequence[int], batch_size: int, workers: int = 2
    ) -> torch.Tensor:
        """Embeddings [N, D] of the pictures that `load` gives for `ids`, each loaded, preprocessed and encoded once.

        `workers` threads prepare the next batches while the model runs.
        """

        def prepared(batch: Sequence[int]) -> torch.Tensor:
            return torch.stack([self.preprocess(load(key)) for key in batch])  # [B, 3, R, R]

        batches = [ids[at : at + batch_size] for at in range(0, len(ids), batch_size)]
        features = []
        with (
            ThreadPoolExecutor(workers) as pool,
            tqdm(total=len(ids), desc="embed", unit=" images", mininterval=1.0) as progress,
        ):
            waiting = deque(pool.submit(prepared, batch) for batch in batches[:workers])
            for index, batch in enumerate(batches):
                pixels = waiting.popleft().result()
                if index + workers < len(batches):
                    waiting.append(pool.submit(prepared, batches[index + workers]))
                features.append(self.encode_images(pixels).cpu())
                progress.update(len(batch))
        return torch.cat(features)


def save_encoder(model: CLIP, path: Path) -> None:
    """Write the state dict in safetensors, in half precision where `build_model` would round it anyway.

    The file then gives the very same model whether it is built by `build_model` or loaded into the class.
    """
    clip.model.convert_weights(model)
    state = {name: tensor.detach().cpu().float().contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, path)
