"""Pretrained backbones: fetched or found, loaded safely, written in the form that every stage loads, and tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from captioner.config.decoder import GgufDecoder, PackagedDecoder, PretrainedDecoder
from captioner.config.encoder import OpenAIEncoder, TransformersEncoder
from captioner.decoders.tokens import IGNORED, batch
from captioner.decoders.vocabulary import Vocabulary
from captioner.downloads import hub
from captioner.downloads.download import Remote, fetch
from captioner.encoders.encoder import UNFIT, Encoder, build_clip, save_clip
from captioner.encoders.origin import Origin, folder_digest
from captioner.foundation.errors import InputError
from captioner.pretrained import openai_weights

if TYPE_CHECKING:
    from captioner.decoders.decoder import Decoder

CPU = torch.device("cpu")


def openai_file(config: OpenAIEncoder, parameter: str) -> Path:
    """The weights file of one of OpenAI's models: the given copy, or the download into openai-clip's own cache."""
    if config.file:
        return Path(config.file)
    url, sha256 = openai_weights.published()[config.name]
    cure = f"set {parameter}.file to the absolute path of a local copy"
    return fetch(Remote(url, None, f"sha256:{sha256}"), openai_weights.cached(config.name), cure)


def pretrained_encoder(config: OpenAIEncoder | TransformersEncoder, folder: Path, parameter: str) -> None:
    """Write the encoder that this section names to `folder`, for `captioner.encoders.encoder.load_encoder`.

    InputError, naming the `parameter` (the section), where its weights are missing, unsafe or of another kind.
    """
    if isinstance(config, OpenAIEncoder):
        state, origin = openai_weights.read_state(
            openai_file(config, parameter), config.name, config.trust_archive, parameter
        )
        try:
            model = build_clip(state)
        except UNFIT as error:
            raise InputError(
                f"{config.file}: the state dict of no CLIP that openai-clip can build ({error})"
            ) from error
        save_clip(model, folder, origin.name, origin.vouched, origin.sha256)
        return
    from captioner.encoders.transformers_encoder import TransformersModel

    source, vouched = hub.fetch(config.name, config.revision, parameter)
    TransformersModel.load(source, CPU).save(folder)
    Origin("transformers", hub.title(config.name), folder_digest(source), vouched).write(folder)


def pretrained_decoder(config: PretrainedDecoder | GgufDecoder | PackagedDecoder, folder: Path, parameter: str) -> None:
    """Write the decoder that this section names to `folder`, for `Decoder.load` and `Vocabulary.load`.

    InputError where it is missing, of a kind that cannot be used, or has no fast tokeniser that fits it.
    """
    if not isinstance(config, PretrainedDecoder):
        from captioner.pretrained.gguf_files import gguf_decoder

        gguf_decoder(config, folder, parameter)
        return
    from captioner.decoders.decoder import Decoder

    from transformers import AutoTokenizer  # isort: skip

    source, vouched = hub.fetch(config.name, config.revision, parameter)
    decoder = Decoder.load(source, CPU)
    decoder.model.save_pretrained(folder)
    try:
        AutoTokenizer.from_pretrained(source, local_files_only=True, trust_remote_code=False).save_pretrained(folder)
    except Exception as error:  # transformers, and what it reads with, make errors of any kind of a damaged folder
        raise InputError(f"{source}: no tokeniser that transformers can load ({error})") from error
    size = Vocabulary.load(folder).tokenizer.get_vocab_size()
    rows = decoder.table.num_embeddings
    if size > rows:
        raise InputError(
            f"{source}: the tokeniser has {size} tokens, the model's table {rows} rows; they do not belong together"
        )
    Origin("causal", hub.title(config.name), folder_digest(source), vouched).write(folder)


def recall_at_1(
    encoder: Encoder, load: Callable[[int], Image.Image], ids: Sequence[int], captions: Sequence[str], batch_size: int
) -> float:
    """The share of images that rank their own caption first among all these captions, ties broken by order."""
    images = encoder.embed(load, ids, batch_size, workers=1, label="try the encoder")
    texts = encoder.encode_texts(captions)
    return (images @ texts.T).argmax(dim=1).eq(torch.arange(len(images))).float().mean().item()


@torch.inference_mode()
def caption_loss(decoder: Decoder, vocabulary: Vocabulary, captions: Sequence[str], batch_size: int = 64) -> float:
    """Nats a token of captions without any image, the first token given."""
    total, count = 0.0, 0
    encoded = [np.array(ids) for ids in vocabulary.encode(captions) if len(ids) > 1]
    for at in range(0, len(encoded), batch_size):
        inputs, labels = batch(encoded[at : at + batch_size], decoder.stop, stop_token=False)  # [B, T], [B, T + 1]
        logits = decoder.logits(decoder.hidden(decoder.table(inputs.to(decoder.device))))  # [B, T, V]
        wanted = labels[:, 1:].to(decoder.device)  # the token after each input; the last is padding
        loss = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED, reduction="sum")
        total, count = total + loss.item(), count + int((wanted != IGNORED).sum())
    return total / count if count else math.nan


def knows_nothing(recall: float, images: int, loss: float, vocabulary: int) -> bool:
    """Whether the encoder finds captions at chance, or the decoder predicts them no better than a uniform guess.

    At chance: no more hits than 99.9 % of the binomial distribution with probability 1 / images. A study with such
    backbones (random weights, or ones of another world) is a trial of the code and no result.
    """
    from scipy.stats import binom

    by_chance = binom.ppf(0.999, images, 1 / images)
    return bool(recall * images <= by_chance or not loss < math.log(vocabulary))
