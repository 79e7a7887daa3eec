"""Paints the settings indoors, and the ledge in front of them."""

from __future__ import annotations

import random
from itertools import pairwise

from captioner.world.layout import LEDGE
from captioner.world.palette import WHITE, Colour, mix
from captioner.world.pen import Pen


def _window(pen: Pen, x: float, y: float, half: float) -> None:
    pen.box(x - half, y, x + half, y + 0.26, (186, 218, 236), (250, 248, 240))
    pen.oval(x, y + 0.03, half - 0.01, 0.025, (176, 208, 160))
    pen.stroke(((x, y), (x, y + 0.26)), (250, 248, 240), 0.016)
    pen.stroke(((x - half, y + 0.14), (x + half, y + 0.14)), (250, 248, 240), 0.016)
    pen.box(x - half - 0.02, y - 0.025, x + half + 0.02, y, (236, 230, 218))


def _planks(pen: Pen, top: float, fill: Colour, seam: Colour) -> None:
    """A wooden floor up to the wall."""
    pen.box(-0.5, 0.0, 0.5, top, fill)
    for y in (top * 0.28, top * 0.56, top * 0.8):
        pen.stroke(((-0.5, y), (0.5, y)), seam, 0.009)


def back_kitchen(pen: Pen, rng: random.Random) -> None:
    top, shift = rng.uniform(0.30, 0.34), rng.uniform(-0.06, 0.06)
    wall = rng.choice(((222, 234, 228), (228, 234, 222), (218, 232, 236)))
    pen.box(-0.5, 0.3, 0.5, 1.0, wall)
    seam = mix(wall, (150, 170, 170), 0.3)
    for i in range(6):
        pen.stroke(((-0.5, 0.52 + i * 0.085), (0.5, 0.52 + i * 0.085)), seam, 0.008)
    for i in range(9):
        pen.stroke(((i * 0.12 - 0.47 + shift, 0.5), (i * 0.12 - 0.47 + shift, 1.0)), seam, 0.008)
    _window(pen, rng.uniform(-0.28, 0.28), 0.66, 0.13)
    pen.box(-0.5, top, 0.5, 0.5, (176, 200, 188))
    for i in range(-2, 3):
        pen.box(i * 0.24 - 0.105 + shift, top + 0.03, i * 0.24 + 0.105 + shift, 0.475, (196, 216, 204))
        pen.stroke(((i * 0.24 - 0.03 + shift, 0.445), (i * 0.24 + 0.03 + shift, 0.445)), (160, 166, 164), 0.012)
    pen.box(-0.5, 0.49, 0.5, 0.53, (190, 172, 150))
    pen.box(-0.5, 0.0, 0.5, top, (232, 228, 218))
    rows = (top, top * 0.74, top * 0.42, 0.0)
    for row, (far, near) in enumerate(pairwise(rows)):
        wide, deep = 0.13 + 0.04 * row, 0.145 + 0.04 * row
        for i in range(-3 + row % 2, 4, 2):
            tile = ((i * wide, far), ((i + 1) * wide, far), ((i + 1) * deep, near), (i * deep, near))
            pen.polygon(tile, (206, 214, 208))


def back_living_room(pen: Pen, rng: random.Random) -> None:
    top = rng.uniform(0.30, 0.34)
    wall = rng.choice(((244, 222, 190), (240, 226, 184), (246, 216, 194)))
    pen.box(-0.5, 0.3, 0.5, 1.0, wall)
    stripe = mix(wall, (220, 180, 130), 0.22)
    for i in range(7):
        pen.box(i * 0.15 - 0.49, 0.3, i * 0.15 - 0.43, 1.0, stripe)
    x = rng.uniform(-0.3, 0.3)
    pen.box(x - 0.14, 0.68, x + 0.14, 0.9, (160, 124, 92))
    pen.box(x - 0.115, 0.705, x + 0.115, 0.875, (206, 222, 222))
    peaks = ((x - 0.115, 0.705), (x - 0.05, 0.8), (x + 0.02, 0.74), (x + 0.07, 0.79), (x + 0.115, 0.705))
    pen.polygon(peaks, (168, 190, 176))
    _planks(pen, top, (206, 166, 122), (184, 144, 102))
    pen.box(-0.5, top, 0.5, top + 0.03, (250, 244, 230))
    pen.oval(rng.uniform(-0.05, 0.05), 0.13, 0.44, 0.1, (214, 190, 180))
    pen.oval(0.0, 0.13, 0.37, 0.075, (226, 208, 196))


def back_bedroom(pen: Pen, rng: random.Random) -> None:
    top, side = rng.uniform(0.30, 0.34), rng.choice((-1, 1))
    wall = rng.choice(((206, 204, 232), (214, 204, 228), (200, 208, 234)))
    pen.box(-0.5, 0.3, 0.5, 1.0, wall)
    dot = mix(wall, WHITE, 0.45)
    for row in range(5):
        for i in range(6):
            pen.disc(i * 0.19 - 0.46 + 0.095 * (row % 2), 0.42 + row * 0.13, 0.012, dot)
    x = -side * rng.uniform(0.2, 0.28)
    _window(pen, x, 0.64, 0.13)
    for edge in (-1, 1):
        curtain = ((0.2, 0.94), (0.05, 0.94), (0.1, 0.74), (0.13, 0.58), (0.2, 0.58))
        pen.polygon([(x + edge * along, y) for along, y in curtain], (232, 190, 204))
    pen.box(x - 0.22, 0.93, x + 0.22, 0.95, (172, 146, 128))
    _planks(pen, top, (222, 206, 190), (204, 188, 172))
    inner, outer = sorted((side * 0.1, side * 0.5))
    pen.plate(inner, top - 0.06, outer, 0.58, 0.03, (196, 176, 160))
    pen.plate(inner + 0.03, 0.42, outer - 0.03, 0.5, 0.03, (244, 240, 240))
    pen.plate(inner - 0.02, top - 0.08, outer + 0.02, 0.44, 0.03, (190, 206, 222))
    pen.box(inner - 0.02, 0.37, outer + 0.02, 0.405, (214, 226, 236))


def paint_ledge(pen: Pen) -> None:
    """The plain shelf in front, for what is too small to stand on a floor."""
    pen.box(-0.5, 0.0, 0.5, 1 - LEDGE, (232, 222, 206))
    pen.box(-0.5, 0.0, 0.5, 0.03, (198, 184, 164))
    pen.stroke(((-0.5, 1 - LEDGE), (0.5, 1 - LEDGE)), (186, 170, 150), 0.01)


ROOMS = {
    "kitchen": back_kitchen, "living room": back_living_room, "bedroom": back_bedroom,
}  # fmt: skip
