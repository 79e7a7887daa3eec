"""What the scoring of captions opens: the CLIP that judges, and a judge for each split."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from captioner.config.controls import ControlsConfig
from captioner.config.judge import JUDGES
from captioner.config.runtime import RuntimeConfig
from captioner.config.score import ScoreConfig
from captioner.encoders.encoder import Encoder, load_encoder
from captioner.evaluation.described import References
from captioner.evaluation.judge import Judge, judges
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.scores.words import splitter
from stages import settings
from stages.study.splits import splits


@dataclass(frozen=True)
class Scoring:
    """The CLIP that embeds captions, and what holds the captions of each split against its images and references."""

    splits: dict[str, list[int]]
    scorer: Encoder
    judges: dict[str, Judge]

    @classmethod
    def open(cls, names: Sequence[str], references: Mapping[int, Sequence[str]]) -> Scoring:
        """For the splits of these names, with the references of their images."""
        seed = settings.shared("seed")
        device = prepare(settings.section("runtime", RuntimeConfig), seed)
        scorer = load_encoder(settings.source("judge"), device, settings.section("judge", JUDGES).dtype)
        config = json.loads((settings.source("decoder") / "config.json").read_text(encoding="utf-8"))
        derangements = settings.validated(ControlsConfig, settings.shared("controls"), "controls").derangements
        ids = splits()
        made = judges(
            {name: ids[name] for name in names}, references, Embeddings.load(settings.source("judged")),
            References.load(settings.source("described")), config["vocab_size"], seed, derangements,
            splitter(settings.section("score", ScoreConfig).words),
        )  # fmt: skip
        return cls(ids, scorer, made)
