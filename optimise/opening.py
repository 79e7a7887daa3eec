"""What the stages of the search open: the captioner as it was trained, and what its captions are held against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

from captioner.captioning.loading import load_decoder
from captioner.config.caption import CaptionConfig
from captioner.config.judge import JUDGES
from captioner.config.runtime import RuntimeConfig
from captioner.config.score import ScoreConfig
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import load_encoder
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.optimisation.subject import Standards, Subject, load_maps
from captioner.optimisation.trials import Trials
from captioner.photographs.annotations import read_captions
from captioner.scores.words import splitter
from stages import settings
from stages.study.splits import splits


def subject() -> Subject:
    """The study's captioner."""
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    config, folder = settings.section("caption", CaptionConfig), settings.source("decoder")
    return Subject(
        load_decoder(folder, device, config.dtype), Vocabulary.load(folder),
        load_maps(settings.source("projections"), device), Embeddings.load(settings.source("embeddings")), splits(),
        config.max_new_tokens, config.batch_size,
    )  # fmt: skip


def language() -> Decoder:
    """The decoder as transformers' own class, which tells likelihoods of texts and what it attends to."""
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    return Decoder.load(settings.source("decoder"), device)


def standards() -> Standards:
    """References, scenes and judge of the study."""
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    references = {
        **read_captions(settings.source("captions_train")).captions,
        **read_captions(settings.source("captions_test")).captions,
    }
    scenes = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    dtype = settings.section("judge", JUDGES).dtype
    words = splitter(settings.section("score", ScoreConfig).words)
    load = partial(load_encoder, settings.source("judge"), device, dtype)
    return Standards(references, scenes, Embeddings.load(settings.source("judged")), load, words)


def trials(study: Subject, weights: Mapping[str, float], batch_size: int, images: int | None = None) -> Trials:
    """Trials on val; what was measured before, by whatever search, is not measured again."""

    def kept(names: Sequence[str], instances: list) -> Parts:
        config = [
            asdict(settings.section("caption", CaptionConfig)),
            asdict(settings.section("runtime", RuntimeConfig)),
            asdict(settings.section("score", ScoreConfig)),
        ]
        files = [
            settings.source("projections"),
            settings.source("decoder"),
            settings.source("embeddings"),
            settings.source("captions_train"),
            settings.source("judge"),
        ]
        return Parts(settings.store("trials", *files, splits()["val"], config, list(names), instances))

    return study.trials(standards(), weights, batch_size, settings.shared("seed"), kept, images)
