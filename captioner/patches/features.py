"""The features of every patch of a picture, from inside a frozen encoder, before it makes one embedding of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from captioner.encoders.encoder import ClipEncoder, Encoder
from captioner.encoders.feeding import Pictures, batches, workers_beside
from captioner.foundation.checkpoints import Parts
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import autocast

VITS = ("clip", "metaclip_2", "altclip", "chinese_clip")  # of transformers, whose picture is CLIP's ViT


@torch.inference_mode()
def patch_features(encoder: Encoder, pixels: torch.Tensor) -> torch.Tensor:
    """Preprocessed images [B, 3, R, R] to the features [B, P, F] of their patches in reading order, float32, of the
    norm that they have; InputError for an encoder whose inside is not known here.

    What the encoder's own pooling reads, where it reads every patch: the last feature map of openai-clip's ResNets, as
    LiMBeR takes it (Merullo et al., 2023), and SigLIP's last tokens, normed. CLIP's ViTs pool the class token alone, so
    that nothing trains what their last block makes of the other ones: here the tokens before that block, without the
    class token, as LLaVA takes them (Liu et al., 2023).
    """
    with autocast(encoder.device, encoder.dtype):
        return _inside(encoder)(pixels.to(encoder.device)).float()


def _inside(encoder: Encoder) -> Callable[[torch.Tensor], torch.Tensor]:
    """How this encoder's patch features [B, P, F] are made of images."""
    if isinstance(encoder, ClipEncoder):
        visual = encoder.model.visual
        if hasattr(visual, "attnpool"):
            return lambda pixels: entering(visual.attnpool, encoder, pixels).flatten(2).mT  # [B, F, H, W]
        last = visual.transformer.resblocks[-1]
        return lambda pixels: entering(last, encoder, pixels).transpose(0, 1)[:, 1:]  # [1 + P, B, F]
    kind = getattr(getattr(getattr(encoder, "model", None), "config", None), "model_type", type(encoder).__name__)
    if kind in VITS:
        tower = encoder.model.vision_model
        return lambda pixels: tower(pixel_values=pixels, output_hidden_states=True).hidden_states[-2][:, 1:]
    if kind == "siglip":
        return lambda pixels: encoder.model.vision_model(pixel_values=pixels).last_hidden_state
    raise InputError(
        f"the patch features of an encoder of the kind {kind!r} are not known here; take one of openai-clip, or a "
        f"model of transformers of the kind {', '.join(VITS)} or siglip"
    )


def entering(module: nn.Module, encoder: Encoder, pixels: torch.Tensor) -> torch.Tensor:
    """What reaches this module of the encoder when it embeds these images."""
    seen: list[torch.Tensor] = []
    hook = module.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        encoder.image_features(pixels)
    finally:
        hook.remove()
    return seen[-1]


def pooled_to(features: torch.Tensor, grid: int) -> torch.Tensor:
    """Patch features [B, P, F] averaged to a square grid of this many a side, [B, grid * grid, F]; 0 leaves them as
    they are.

    Where `grid` does not divide the patches' own side, neighbouring windows overlap by one. InputError where the
    patches are no square or have fewer a side.
    """
    if not grid:
        return features
    side = math.isqrt(features.shape[1])
    if side * side != features.shape[1] or grid > side:
        raise InputError(
            f"{features.shape[1]} patches cannot be averaged to a grid of {grid} x {grid}; set a grid of at most {side}"
        )
    square = features.mT.unflatten(2, (side, side))  # [B, F, H, W]
    return F.adaptive_avg_pool2d(square, grid).flatten(2).mT


def embed_patches(
    encoder: Encoder,
    load: Callable[[int], Image.Image],
    ids: Sequence[int],
    grid: int,
    batch_size: int,
    parts: Parts,
    workers: int | None = None,
) -> torch.Tensor:
    """Features [N, P, F] of the pictures that `load` gives for `ids`, averaged to the grid, each encoded once.

    As `Encoder.embed` does it: `parts` keeps what is done.
    """
    features = list(parts.load())
    done = sum(map(len, features))
    workers = workers_beside(encoder.device) if workers is None else workers
    with tqdm(total=len(ids), initial=done, desc="embed patches", unit=" images", mininterval=1.0) as progress:
        for batch in batches(Pictures(load, encoder.ready, ids[done:]), batch_size, workers, encoder.device):
            pixels = encoder.scaled(batch.to(encoder.device, non_blocking=True))
            features.append(pooled_to(patch_features(encoder, pixels), grid).contiguous().cpu())
            parts.add(features[-1])
            progress.update(len(batch))
    return torch.cat(features)
