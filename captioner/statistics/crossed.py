"""Scores of several prompts on one split, fully crossed: every prompt, seed and image has one caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from captioner.foundation.errors import InputError


@dataclass(frozen=True)
class Crossed:
    """Arrays [P, S, N] over prompts, seeds and images, by column; `rows` are places in the prompts' own tables."""

    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    images: tuple[int, ...]
    columns: Mapping[str, np.ndarray]
    captions: np.ndarray
    rows: np.ndarray

    def __getitem__(self, column: str) -> np.ndarray:
        return self.columns[column]


def cross(tables: Mapping[str, pd.DataFrame], split: str, columns: tuple[str, ...], arm: str | None = None) -> Crossed:
    """The split's rows of each prompt's table, of one `arm` where tables have several; the key is (seed, image_id).

    InputError where a prompt lacks a column, or has other seeds or images than the first prompt.
    """
    parts = {name: _part(name, table, split, columns, arm) for name, table in tables.items()}
    first, one = next(iter(parts.items()))
    for name, part in parts.items():
        if list(part.index) != list(one.index):
            raise InputError(
                f"scores of the prompt {name!r}: other seeds or images of {split} than those of {first!r}; "
                "run `dvc repro`"
            )
    seeds, images = (tuple(one.index.unique(level).tolist()) for level in ("seed", "image_id"))
    if len(one) != len(seeds) * len(images):
        raise InputError(f"scores of the prompt {first!r}: not every seed has every image of {split}; run `dvc repro`")
    shape = (len(parts), len(seeds), len(images))

    def stacked(column: str) -> np.ndarray:
        return np.stack([part[column].to_numpy() for part in parts.values()]).reshape(shape)

    return Crossed(
        prompts=tuple(parts), seeds=seeds, images=images,
        columns={column: stacked(column).astype(np.float64) for column in columns},
        captions=stacked("caption"), rows=stacked("row"),
    )  # fmt: skip


def _part(name: str, table: pd.DataFrame, split: str, columns: tuple[str, ...], arm: str | None) -> pd.DataFrame:
    """The split's rows of one prompt, sorted by seed and image."""
    lacking = {"split", "seed", "image_id", "caption", *columns, *(["arm"] if arm else [])} - set(table)
    if lacking:
        raise InputError(f"scores of the prompt {name!r}: no column {', '.join(sorted(lacking))}; run `dvc repro`")
    part = table.assign(row=np.arange(len(table)))
    if arm:
        part = part[part["arm"] == arm]
    part = part[part["split"] == split].set_index(["seed", "image_id"]).sort_index()
    if part.index.has_duplicates:
        raise InputError(f"scores of the prompt {name!r}: several captions of one image and seed; run `dvc repro`")
    return part
