"""Paints the sky of each weather and hour, and says what light it throws on the land."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from captioner.world.palette import Colour, mix
from captioner.world.pen import Pen

LIGHTS: dict[str, tuple[Colour, float] | None] = {
    "": None,
    "clear": None,
    "cloudy": ((150, 160, 176), 0.16),
    "sunset": ((236, 140, 96), 0.22),
    "night": ((44, 56, 112), 0.52),
}


def _bands(*stops: Colour) -> tuple[Colour, ...]:
    """Five bands from each colour to the next."""
    return tuple(mix(a, b, k / 5) for a, b in pairwise(stops) for k in range(5))


SKY_BANDS = {
    "clear": _bands((132, 196, 236), (172, 218, 243), (222, 242, 247)),
    "cloudy": _bands((172, 187, 202), (194, 206, 216), (216, 224, 229)),
    "sunset": _bands((196, 118, 148), (244, 160, 122), (253, 218, 152)),
    "night": _bands((28, 36, 86), (46, 56, 114), (72, 86, 144)),
}
MOON = (  # a crescent about the origin: its outer rim, then its inner one
    *((0.068 * math.cos(0.25 * k), 0.068 * math.sin(0.25 * k)) for k in range(-8, 9)),
    *((0.045 * math.cos(math.pi * k / 10) - 0.028, 0.062 * math.sin(math.pi * k / 10)) for k in range(5, -6, -1)),
)


def _cloud(pen: Pen, x: float, y: float, r: float, fill: Colour) -> None:
    pen.oval(x, y, 1.9 * r, 0.6 * r, fill)
    pen.oval(x - 0.6 * r, y + 0.4 * r, 0.8 * r, 0.7 * r, fill)
    pen.oval(x + 0.5 * r, y + 0.5 * r, r, 0.9 * r, fill)


def paint_sky(pen: Pen, rng: random.Random, sky: str, horizon: float) -> None:
    """The sky down to the horizon, with what the weather and the hour put in it; untinted."""
    bands = SKY_BANDS[sky]
    step = (1 - horizon) / len(bands)
    for i, band in enumerate(bands):
        pen.box(-0.5, horizon - 0.01, 0.5, 1 - i * step, band)
    x, side = rng.uniform(0.22, 0.38), rng.choice((-1, 1))
    if sky == "clear":
        pen.disc(side * x, 0.87, 0.078, (252, 236, 170))
        pen.disc(side * x, 0.87, 0.06, (255, 216, 84))
        _cloud(pen, -side * x, rng.uniform(0.78, 0.9), 0.05, (240, 248, 252))
    elif sky == "cloudy":
        for place in (-0.34, 0.0, 0.33):
            y = rng.uniform(0.74, 0.92)
            _cloud(pen, place + rng.uniform(-0.06, 0.06), y, rng.uniform(0.06, 0.085), (236, 240, 244))
    elif sky == "sunset":
        pen.disc(side * x, 0.66, 0.1, (254, 222, 140))
        pen.disc(side * x, 0.66, 0.078, (255, 242, 188))
        for i in range(2):
            y = rng.uniform(0.78, 0.94)
            pen.oval(rng.uniform(-0.4, 0.4), y, 0.17, 0.013 + 0.004 * i, (214, 110, 128))
    else:
        pen.polygon([(side * x + dx, 0.87 + dy) for dx, dy in MOON], (250, 244, 206))
        for _ in range(7):
            pen.disc(rng.uniform(-0.47, 0.47), rng.uniform(horizon + 0.12, 0.97), 0.007, (244, 240, 206))
