"""Trains the miniature CLIP of the drawn world from scratch, with CLIP's symmetric contrastive loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image
from torch.nn import functional as F
from tqdm import tqdm

from captioner.config.encoder import TrainedEncoder
from captioner.encoders.encoder import encode_text
from captioner.encoders.openai_clip import CLIP, DEVIATION, MEAN, squared, tokenise
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.optimisation import by_length, scheduled_rate
from captioner.foundation.runtime import autocast
from captioner.miniatures.muon import MuonWithAdamW

VOCABULARY = 49408  # rows of openai-clip's token table
GROUPS = 4  # of like length, into which the texts of a batch are cut


def build(config: TrainedEncoder, vocabulary: int) -> CLIP:
    """An untrained CLIP with a ResNet of one block a stage and a small text transformer."""
    heads = config.text_width // 64
    return CLIP(
        config.embedding, config.resolution, (1, 1, 1, 1), config.width, None,
        config.context, vocabulary, config.text_width, heads, config.text_layers,
    )  # fmt: skip


def matrices(model: CLIP) -> list[str]:
    """The names of the weights that Muon trains: kernels, and the matrices of the text blocks.

    The pooling's are too large to orthogonalise at every step beside a model this small.
    """
    inside = ("visual.conv", "visual.layer", "transformer.resblocks")
    return [name for name, value in model.named_parameters() if value.ndim > 1 and name.startswith(inside)]


def contrastive_loss(model: CLIP, pixels: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """CLIP's loss for B matched images [B, 3, R, R] and texts [B, L]: mean cross-entropy of both directions, nats.

    Texts of like length, up to their end token (the largest), are embedded together, cut to the longest of them.
    """
    images = F.normalize(model.encode_image(pixels).float(), dim=-1)  # [B, D]
    lengths = tokens.argmax(dim=-1) + 1
    groups = by_length(lengths, GROUPS)
    told = torch.cat([encode_text(model, tokens[rows, : int(lengths[rows].max())]) for rows in groups])
    texts = F.normalize(told[torch.cat(groups).argsort()].float(), dim=-1)  # [B, D]
    logits = model.logit_scale.exp() * images @ texts.T  # [B, B]
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def small_picture(image: Image.Image, resolution: int) -> torch.Tensor:
    """The picture as openai-clip's preprocessing sees it before the scaling of values: uint8 [3, R, R]."""
    return torch.from_numpy(squared(image, resolution)).permute(2, 0, 1).contiguous()


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 images [B, 3, R, R] as openai-clip's preprocessing would scale them, float32."""
    mean, deviation = (torch.tensor(values, device=pixels.device).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (pixels.float() / 255 - mean) / deviation


def shifted(pixels: torch.Tensor, most: int, generator: torch.Generator) -> torch.Tensor:
    """The batch, moved by one random offset of at most `most` pixels each way; the border is repeated."""
    if not most:
        return pixels
    x, y = torch.randint(0, 2 * most + 1, (2,), generator=generator).tolist()
    padded = F.pad(pixels, (most,) * 4, mode="replicate")
    return padded[..., y : y + pixels.shape[-2], x : x + pixels.shape[-1]]


def train_encoder(
    config: TrainedEncoder,
    pixels: torch.Tensor,
    captions: Sequence[Sequence[str]],
    seed: int,
    dtype: str,
    checkpoints: Checkpoints,
    every: int = 100,
) -> tuple[CLIP, list[tuple[int, float]]]:
    """A CLIP trained on images [N, 3, R, R] (uint8) and their captions, and its loss at every `every`-th step.

    Each step takes a batch without repetition within an epoch and one caption of each image at random. Training runs
    on the token ids that occur (their order is kept, so the end token stays the largest) and the trained rows are set
    back into the full table. The state is saved every `every` steps; a training that goes on from there gives the
    same weights.
    """
    texts = sorted({text for several in captions for text in several})
    full = tokenise(texts, config.context)  # [U, T]
    ids = torch.unique(full)  # sorted, with the padding 0 first
    compact = torch.searchsorted(ids, full.long()).to(torch.int32)
    row = {text: index for index, text in enumerate(texts)}
    rows = torch.tensor([[row[text] for text in several] for several in captions])  # [N, R]

    torch.manual_seed(seed)
    model = build(config, len(ids)).to(memory_format=torch.channels_last)
    optimiser = MuonWithAdamW(model, matrices(model), config.learning_rate, config.weight_decay)
    losses: list[tuple[int, float]] = []
    start = 0
    if state := checkpoints.load():
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        start, losses = state["step"], [tuple(pair) for pair in state["losses"]]

    per_epoch = max(1, len(pixels) // config.batch_size)
    progress = tqdm(
        range(start, config.steps), "encoder", initial=start, total=config.steps, unit=" steps", mininterval=1.0
    )
    order = None
    for step in progress:
        epoch, place = divmod(step, per_epoch)
        if order is None or place == 0:
            order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + 500_000 + step)
        chosen = order[place * config.batch_size : (place + 1) * config.batch_size]
        which = torch.randint(0, rows.shape[1], (len(chosen),), generator=generator)
        told = rows[chosen, which]
        images = shifted(normalise(pixels[chosen]), config.crop, generator).to(memory_format=torch.channels_last)
        optimiser.set_rate(scheduled_rate(step, config.steps, config.learning_rate, config.warmup))
        with autocast(pixels.device, dtype):
            loss = contrastive_loss(model, images, compact[told])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=4.6052)  # 100, CLIP's own limit
        if (step + 1) % every == 0 or step + 1 == config.steps:
            losses.append((step + 1, round(loss.item(), 4)))
            progress.set_postfix(loss=losses[-1][1])
            checkpoints.save(
                {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1, "losses": losses}
            )
    return _with_full_table(config, model.eval(), ids), losses


def _with_full_table(config: TrainedEncoder, model: CLIP, ids: torch.Tensor) -> CLIP:
    whole = build(config, VOCABULARY).eval()
    state = model.state_dict()
    table = torch.zeros(VOCABULARY, config.text_width)
    table[ids.long()] = state["token_embedding.weight"]
    whole.load_state_dict({**state, "token_embedding.weight": table})
    return whole
