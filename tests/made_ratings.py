"""Rating studies and answers for the tests. All of them are marked as simulated, in every row."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from captioner.rating import items
from captioner.rating.items import Sizes
from captioner.rating.pictures import shown
from captioner.rating.store import RatingStore
from captioner.rating.table import Rating

THINGS = (
    "dog",
    "cat",
    "horse",
    "lamp",
    "table",
    "boat",
    "kite",
    "house",
    "tree",
    "cow",
    "bus",
    "chair",
    "cup",
    "sheep",
)
COLOURS = ("red", "green", "blue", "white")
SIMULATED = "simulated"


def picture(number: int) -> bytes:
    """A small PNG."""
    written = io.BytesIO()
    Image.new("RGB", (24, 16), (number * 37 % 256, 90, 160)).save(written, "PNG")
    return written.getvalue()


def captions(images: int, systems: tuple[str, ...] = ("a", "b", "c")) -> tuple[dict, dict]:
    """Captions by system and image, and references; `a` and `b` write the same of every fifth image."""
    rng = random.Random("captions")
    made: dict[str, dict[str, str]] = {system: {} for system in systems}
    references = {}
    for number in range(images):
        image, thing = f"{number}.png", THINGS[number % len(THINGS)]
        references[image] = [f"a {colour} {thing} number{number}" for colour in rng.sample(COLOURS, 2)]
        for system in systems:
            word = "a" if number % 5 == 0 and system == "b" else system
            made[system][image] = f"{thing} by {word} of {number}"
    return made, references


def study(path: Path, raters: int, sizes: Sizes, images: int = 12, seed: int = 1) -> RatingStore:
    """A study of simulated raters."""
    made, references = captions(images)
    chosen = items.chosen_images(made, references, images, seed)
    asked = items.questions(made, chosen, "pair", 3 * sizes.pairs, seed)
    asked += items.questions(made, chosen, "scale", 3 * sizes.scales, seed)
    asked += items.attention_checks(references, chosen, seed)
    contents = [(image, *shown(picture(at), image)) for at, image in enumerate(chosen)]
    store = RatingStore.create(path, asked, contents, sizes, seed, SIMULATED)
    store.add_raters(raters)
    return store


def simulated(
    strengths: Mapping[str, float],
    raters: int,
    images: int,
    pairs: int,
    seed: int,
    tie: float = 0.5,
    scales: int = 0,
    spread: float = 0.0,
    behaviour: Mapping[str, str] | None = None,
) -> list[Rating]:
    """Answers of raters that follow Davidson's model with these log strengths, with five attention checks each.

    `spread`: standard deviation of what an image adds to a system's strength; `behaviour`: by rater `random` or `left`.
    """
    rng = np.random.default_rng(seed)
    systems = sorted(strengths)
    own = {(system, image): strengths[system] + spread * rng.normal() for system in systems for image in range(images)}
    found = []

    def add(rater: int, kind: str, role: str, image: int, left: str, right: str, answer: str) -> None:
        fast = (behaviour or {}).get(f"rater {rater}") is not None
        texts = [f"{name} of {image}" if name else "" for name in (left, right)]
        position = sum(rating.rater == f"rater {rater}" for rating in found)
        found.append(
            Rating("made", SIMULATED, f"rater {rater}", position, kind, role, f"{image}.png", left, right, *texts,
                   answer, int(rng.integers(200, 400) if fast else rng.integers(2000, 6000)), "2026-01-01T00:00:00Z", 0)
        )  # fmt: skip

    for rater in range(raters):
        how = (behaviour or {}).get(f"rater {rater}")
        for _ in range(pairs):
            image = int(rng.integers(images))
            left, right = rng.choice(systems, 2, replace=False)
            one, other = np.exp(own[left, image]), np.exp(own[right, image])
            chances = np.array([one, other, tie * np.sqrt(one * other)])
            answer = ("left", "right", "tie")[rng.choice(3, p=chances / chances.sum())]
            if how:
                answer = "left" if how == "left" else ("left", "right", "tie")[rng.integers(3)]
            add(rater, "pair", "rating", image, str(left), str(right), answer)
        for _ in range(scales):
            image, system = int(rng.integers(images)), str(rng.choice(systems))
            value = int(np.clip(np.rint(3 + own[system, image] + 0.5 * rng.normal()), 1, 5))
            add(rater, "scale", "rating", image, system, "", str(rng.integers(1, 6) if how else value))
        for number in range(5):
            sides = ("own", "foreign") if rng.random() < 0.5 else ("foreign", "own")
            right_answer = "left" if sides[0] == "own" else "right"
            answer = "left" if how == "left" else ("left", "right", "tie")[rng.integers(3)] if how else right_answer
            add(rater, "pair", "check", number, *sides, answer)
    return found
