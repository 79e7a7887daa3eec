"""Paints the settings outdoors: all that is behind the things and below the sky."""

from __future__ import annotations

import math
import random

from captioner.world.palette import WHITE, Colour
from captioner.world.pen import Pen


def _hills(pen: Pen, rng: random.Random, horizon: float, rise: float, fill: Colour) -> None:
    """A far, rolling skyline that ends at the horizon."""
    phase = rng.uniform(0, math.tau)
    ridge = [(k / 8 - 0.5, horizon + rise * (0.55 + 0.45 * math.sin(phase + 1.05 * k))) for k in range(9)]
    pen.polygon([(-0.5, horizon - 0.02), *ridge, (0.5, horizon - 0.02)], fill)


def _firs(pen: Pen, rng: random.Random, horizon: float, count: int, fill: Colour, snowy: bool = False) -> None:
    """Tiny far firs along the horizon."""
    for _ in range(count):
        x, tall = rng.uniform(-0.48, 0.48), rng.uniform(0.05, 0.085)
        pen.polygon(((x - 0.022, horizon), (x, horizon + tall), (x + 0.022, horizon)), fill)
        if snowy:
            cap = horizon + 0.6 * tall
            pen.polygon(((x - 0.009, cap), (x, horizon + tall), (x + 0.009, cap)), WHITE)


def _tufts(pen: Pen, rng: random.Random, horizon: float, count: int, fill: Colour) -> None:
    """Short strokes of grass on the ground."""
    for _ in range(count):
        x, y = rng.uniform(-0.47, 0.47), rng.uniform(0.02, horizon - 0.1)
        pen.stroke(((x - 0.016, y + 0.018), (x, y), (x + 0.014, y + 0.02)), fill, 0.008)


def back_street(pen: Pen, rng: random.Random) -> None:
    x = -0.52
    while x < 0.5:
        wide, tall = rng.uniform(0.1, 0.19), rng.uniform(0.54, 0.7)
        fill = rng.choice(((196, 186, 196), (206, 196, 190), (184, 190, 204), (212, 204, 200)))
        pen.box(x, 0.4, min(x + wide, 0.5), tall, fill)
        for y in (tall - 0.06, tall - 0.13):
            pen.stroke(((x + 0.03, y), (x + wide - 0.03, y)), (226, 226, 224), 0.018)
        x += wide
    pen.box(-0.5, 0.37, 0.5, 0.43, (204, 198, 190))
    pen.box(-0.5, 0.16, 0.5, 0.375, (142, 144, 154))
    shift = rng.uniform(-0.1, 0.1)
    for i in range(-2, 4):
        pen.box(i * 0.2 - 0.11 + shift, 0.28, i * 0.2 + shift, 0.298, (238, 234, 214))
    pen.box(-0.5, 0.14, 0.5, 0.165, (178, 172, 168))
    pen.box(-0.5, 0.0, 0.5, 0.145, (212, 206, 196))
    for i in range(-2, 3):
        pen.stroke(((i * 0.2 + shift, 0.14), (i * 0.24 + shift, 0.0)), (192, 186, 176), 0.008)


def back_park(pen: Pen, rng: random.Random) -> None:
    horizon = rng.uniform(0.42, 0.48)
    for i in range(6):
        pen.oval(i * 0.2 - 0.5, horizon, 0.13, rng.uniform(0.05, 0.1), (142, 182, 128))
    pen.box(-0.5, 0.0, 0.5, horizon, (178, 210, 136))
    pen.box(-0.5, 0.0, 0.5, horizon * 0.5, (168, 203, 126))
    lean = rng.choice((-1, 1)) * rng.uniform(0.5, 1.0)
    far, middle, near = lean * 0.1, lean * 0.06, lean * 0.3
    path = ((far - 0.02, horizon), (far + 0.03, horizon), (middle + 0.08, 0.3), (near + 0.2, 0.0), (near - 0.16, 0.0),
            (middle - 0.04, 0.3))  # fmt: skip
    pen.polygon(path, (232, 214, 176))
    _tufts(pen, rng, horizon, 6, (128, 174, 98))


def back_beach(pen: Pen, rng: random.Random) -> None:
    horizon, shore = rng.uniform(0.46, 0.54), rng.uniform(0.28, 0.31)
    pen.box(-0.5, 0.2, 0.5, horizon, (96, 182, 206))
    pen.box(-0.5, 0.2, 0.5, horizon - 0.07, (122, 200, 214))
    for _ in range(5):
        x, y = rng.uniform(-0.45, 0.4), rng.uniform(shore + 0.04, horizon - 0.03)
        pen.stroke(((x, y), (x + 0.08, y)), (204, 236, 238), 0.009)
    phase = rng.uniform(0, 6)
    wave = [(k / 8 - 0.5, shore + 0.012 * math.sin(phase + 1.4 * k)) for k in range(9)]
    pen.polygon([(-0.5, 0.0), *((x, y + 0.022) for x, y in wave), (0.5, 0.0)], (240, 248, 246))
    pen.polygon([(-0.5, 0.0), *wave, (0.5, 0.0)], (242, 222, 172))
    for _ in range(6):
        pen.disc(rng.uniform(-0.47, 0.47), rng.uniform(0.03, 0.24), 0.007, (218, 190, 138))


def back_farm(pen: Pen, rng: random.Random) -> None:
    horizon = rng.uniform(0.44, 0.5)
    _hills(pen, rng, horizon, 0.06, (172, 198, 150))
    x = rng.choice((-1, 1)) * rng.uniform(0.24, 0.4)
    pen.box(x - 0.05, horizon, x + 0.05, horizon + 0.05, (212, 164, 150))
    eaves, ridge = horizon + 0.05, horizon + 0.08
    pen.polygon(((x - 0.06, eaves), (x - 0.03, ridge), (x + 0.03, ridge), (x + 0.06, eaves)), (184, 150, 146))
    pen.box(-0.5, 0.0, 0.5, horizon, (222, 206, 132))
    vanish = rng.uniform(-0.15, 0.15)
    for i in range(-4, 5):
        pen.polygon(((vanish + i * 0.06, horizon), (i * 0.26 + 0.1, 0.1), (i * 0.26 - 0.03, 0.1)), (188, 186, 104))
    for y in (horizon - 0.075, horizon - 0.115):
        pen.stroke(((-0.5, y), (0.5, y)), (236, 226, 204), 0.014)
    for i in range(-3, 4):
        pen.box(i * 0.16 - 0.01, horizon - 0.14, i * 0.16 + 0.01, horizon - 0.045, (236, 226, 204))
    pen.box(-0.5, 0.0, 0.5, 0.22, (186, 204, 122))
    _tufts(pen, rng, 0.28, 4, (150, 174, 92))


def back_lake(pen: Pen, rng: random.Random) -> None:
    horizon, shore = rng.uniform(0.5, 0.56), rng.uniform(0.27, 0.3)
    _hills(pen, rng, horizon, 0.16, (168, 190, 200))
    _hills(pen, rng, horizon, 0.08, (136, 176, 156))
    pen.box(-0.5, 0.2, 0.5, horizon, (124, 170, 204))
    pen.box(-0.5, 0.2, 0.5, horizon - 0.1, (142, 186, 214))
    for _ in range(6):
        x, y = rng.uniform(-0.45, 0.35), rng.uniform(shore + 0.04, horizon - 0.02)
        pen.stroke(((x, y), (x + 0.11, y)), (186, 216, 230), 0.009)
    phase = rng.uniform(0, 6)
    bank = [(k / 8 - 0.5, shore + 0.015 * math.sin(phase + 1.1 * k)) for k in range(9)]
    pen.polygon([(-0.5, 0.0), *((x, y + 0.016) for x, y in bank), (0.5, 0.0)], (212, 196, 158))
    pen.polygon([(-0.5, 0.0), *((x, y - 0.02) for x, y in bank), (0.5, 0.0)], (164, 194, 132))
    _tufts(pen, rng, shore, 6, (122, 160, 100))


def back_snow(pen: Pen, rng: random.Random) -> None:
    horizon = rng.uniform(0.44, 0.5)
    _hills(pen, rng, horizon, 0.16, (208, 220, 234))
    _firs(pen, rng, horizon - 0.01, 8, (126, 158, 156), snowy=True)
    pen.box(-0.5, 0.0, 0.5, horizon, (230, 237, 245))
    _hills(pen, rng, 0.26, 0.1, (222, 231, 242))
    pen.box(-0.5, 0.0, 0.5, 0.245, (222, 231, 242))
    for _ in range(9):
        pen.disc(rng.uniform(-0.48, 0.48), rng.uniform(0.3, 0.97), 0.009, WHITE)


LANDSCAPES = {
    "street": back_street, "park": back_park, "beach": back_beach, "farm": back_farm, "lake": back_lake,
    "snow": back_snow,
}  # fmt: skip
