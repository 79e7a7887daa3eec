"""Ratings beside the study's own scores of the same captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from captioner.rating.items import TOGETHER
from captioner.rating.table import Rating
from captioner.rating.trust import Trust, accuracies, correlations

METRICS = (
    "cider", "rouge_l", "clip_s", "ref_clip_s", "clip_score", "clip_score_with_prompt", "weight", "tokens",
)  # fmt: skip


class StudyScores:
    """The scores of every prompt's captions, of the first trained map, by prompt and image."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """`tables` by prompt, as stage `score_prompt` writes them."""
        self.prompts = set(tables)
        self._rows: dict[tuple[str, str], dict] = {}
        for prompt, table in tables.items():
            own = table[(table["arm"] == "linear") & (table["seed"] == 0)]
            for row in own.to_dict("records"):
                self._rows[prompt, str(row["image_id"])] = row

    def of(self, systems: str, image: str, caption: str) -> dict | None:
        """The scores of a caption that one of these systems wrote; None where none of them writes it today."""
        for system in systems.split(TOGETHER):
            row = self._rows.get((system, image))
            if row is not None and row["caption"].strip() == caption:
                return row
        return None

    def current(self, ratings: Sequence[Rating]) -> float | None:
        """The share of the rated captions of this study's prompts that are still its captions; None without any."""
        known = []
        for rating in ratings:
            for systems, caption in ((rating.left, rating.left_caption), (rating.right, rating.right_caption)):
                if rating.role == "rating" and self.prompts & set(systems.split(TOGETHER)):
                    known.append(self.of(systems, rating.image, caption) is not None)
        return sum(known) / len(known) if known else None

    def trust(self, ratings: Sequence[Rating], confidence: float, seed: int) -> list[Trust]:
        """Every metric against the ratings of captions that are still the study's: Kendall's tau-b and tau-c with the
        ratings from 1 to 5, and in which share of the pairs without a tie it prefers the caption that was preferred.
        """
        found: list[Trust] = []
        counted = [rating for rating in ratings if rating.role == "rating"]
        scales = [(rating, self.of(rating.left, rating.image, rating.left_caption)) for rating in counted if
                  rating.kind == "scale"]  # fmt: skip
        scales = [(rating, row) for rating, row in scales if row is not None]
        if scales:
            values = {name: np.array([row[name] for _, row in scales], np.float64) for name in METRICS}
            people, images = np.array([float(r.answer) for r, _ in scales]), [rating.image for rating, _ in scales]
            found += correlations(values, people, images, "bc", confidence, seed)
        pairs = []
        for rating in counted:
            if rating.kind == "pair" and rating.answer != "tie":
                left = self.of(rating.left, rating.image, rating.left_caption)
                right = self.of(rating.right, rating.image, rating.right_caption)
                if left is not None and right is not None:
                    pairs.append((rating, left, right))
        if pairs:
            first, second = ({name: np.array([row[at][name] for row in pairs], np.float64) for name in METRICS}
                             for at in (1, 2))  # fmt: skip
            people = np.array([1 if rating.answer == "left" else -1 for rating, *_ in pairs])
            images = [rating.image for rating, *_ in pairs]
            found += accuracies(first, second, people, ["of pairs"] * len(pairs), images, confidence, seed)
        return found
