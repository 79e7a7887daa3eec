"""Small files in the formats of the published human judgements."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.io import savemat

TOKENS = {
    "1.jpg#0": "A dog runs .", "1.jpg#1": "A brown dog .", "2.jpg#0": "Two cats sleep .", "2.jpg#1": "Cats on a bike .",
    "3.jpg.1#0": "A man on a bike .", "3.jpg.1#1": "Someone rides .",
}  # fmt: skip


def flickr(folder: Path, expert: str = "", crowd: str = "", name: str = "Flickr8k.token.txt") -> Path:
    (folder / name).write_text("".join(f"{key}\t{text}\n" for key, text in TOKENS.items()), encoding="utf-8")
    (folder / "ExpertAnnotations.txt").write_text(expert, encoding="utf-8")
    (folder / "CrowdFlowerAnnotations.txt").write_text(crowd, encoding="utf-8")
    return folder


def composite(folder: Path) -> Path:
    """As the published files are: other columns before the picture's address, empty lines at the end."""
    flickr(folder)
    flickr(folder, name="results_20130124.token")
    rows = [
        "id;x;y;Input.image;c1;c2;c3;a1;a2;a3;z",
        '1;"a; b";2;http://a.b/Flicker8k/1.jpg;A cat .;A dog runs .;Two dogs;1;5;3;end',
        ";;;;;;;;;;",
    ]
    (folder / "8k_correctness.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    rows = [
        "id;Input.image;c1;c2;c3;c4;a1;a2;a3;a4",
        "1;https://a.b/COCO_val2014_000000000042.jpg;A bus;Buses;A car;A red bus;4;5;1;2",
    ]
    (folder / "coco_correctness.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    annotations = {"annotations": [{"image_id": 42, "caption": "A red bus"}, {"image_id": 42, "caption": "Bus stop"}]}
    (folder / "captions_val2014.json").write_text(json.dumps(annotations), encoding="utf-8")
    return folder


def cell(text: str) -> np.ndarray:
    """MATLAB's cell with a text in it."""
    made = np.empty((1, 1), object)
    made[0, 0] = text
    return made


def pascal(folder: Path, votes: list[int], category: tuple[int, ...] = (1, 4)) -> Path:
    """Two pairs; `votes` for the first caption of each."""
    texts = [("2008_1.jpg", "a dog", "a cat"), ("2008_2.jpg", "one bus", "two buses")]
    inputs = np.array([texts], dtype=[("image", object), ("a", object), ("b", object)])
    rows = [
        (cell(f"reference {vote % 7} of {image}"), cell(first), cell(second), 1.0 if vote < count else -1.0)
        for (image, first, second), count in zip(texts, votes, strict=True)
        for vote in range(48)
    ]
    triplets = np.array([rows], dtype=[("A", object), ("B", object), ("C", object), ("winner", object)])
    savemat(folder / "pair_pascal.mat", {"new_input": inputs, "category": np.array([category], float)})
    savemat(folder / "consensus_pascal.mat", {"triplets": triplets})
    return folder
