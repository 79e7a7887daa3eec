"""Paints what one rides in or on, each within the box of its pen."""

from __future__ import annotations

import random

from captioner.world.palette import GLASS, GOLD, INK, STEEL, TONES, WHITE, WOOD, Colour, Tone
from captioner.world.pen import Pen, smooth


def _wheel(pen: Pen, x: float, r: float, hub: Colour = (200, 204, 212)) -> None:
    """A tyre that stands on the ground."""
    pen.disc(x, r * pen.aspect, r, INK)
    pen.disc(x, r * pen.aspect, r * 0.48, hub)


CAR_BODY = smooth(((-0.47, 0.2), (-0.49, 0.34), (-0.48, 0.52), (-0.33, 0.6), (-0.22, 0.92), (-0.1, 0.98), (0.1, 0.98),
                   (0.2, 0.9), (0.31, 0.6), (0.46, 0.52), (0.49, 0.36), (0.47, 0.2)), 3, closed=False)  # fmt: skip


def paint_car(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.polygon(CAR_BODY, tone.base, tone.edge)
    pen.box(-0.47, 0.21, 0.47, 0.31, tone.dark)
    pen.polygon(((-0.26, 0.6), (-0.17, 0.87), (-0.02, 0.87), (-0.02, 0.6)), GLASS, tone.edge)
    pen.polygon(((0.03, 0.6), (0.03, 0.87), (0.13, 0.87), (0.24, 0.6)), GLASS, tone.edge)
    pen.stroke(((-0.45, 0.5), (0.4, 0.5)), tone.light, 0.022)
    pen.disc(0.455, 0.42, 0.035, GOLD)
    _wheel(pen, -0.27, 0.115)
    _wheel(pen, 0.28, 0.115)


def paint_bus(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.plate(-0.49, 0.13, 0.49, 0.99, 0.05, tone.base, tone.edge)
    pen.box(-0.47, 0.15, 0.47, 0.25, tone.dark)
    pen.box(-0.47, 0.44, 0.47, 0.49, WHITE if tone != TONES["white"] else STEEL)
    for i in range(4):
        pen.box(-0.43 + i * 0.175, 0.56, -0.30 + i * 0.175, 0.86, GLASS, tone.edge)
    pen.box(0.29, 0.2, 0.43, 0.86, GLASS, tone.edge)
    _wheel(pen, -0.28, 0.09)
    _wheel(pen, 0.19, 0.09)


def paint_truck(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.box(-0.46, 0.14, 0.44, 0.26, INK)
    pen.polygon(((0.15, 0.2), (0.15, 0.78), (0.33, 0.78), (0.42, 0.5), (0.49, 0.46), (0.49, 0.2)), tone.base, tone.edge)
    pen.polygon(((0.21, 0.5), (0.21, 0.7), (0.31, 0.7), (0.38, 0.5)), GLASS, tone.edge)
    pen.box(-0.49, 0.24, 0.11, 0.985, tone.base, tone.edge)
    pen.box(-0.47, 0.26, 0.095, 0.36, tone.dark)
    for x in (-0.34, -0.19, -0.04):
        pen.stroke(((x, 0.36), (x, 0.94)), tone.dark, 0.016)
    pen.disc(0.47, 0.34, 0.025, GOLD)
    for x in (-0.33, -0.12, 0.32):
        _wheel(pen, x, 0.095)


def paint_bicycle(pen: Pen, tone: Tone, rng: random.Random) -> None:
    hub = 0.225 * pen.aspect
    for x in (-0.27, 0.27):
        pen.ring(x, hub, 0.225, 0.045, INK)
        pen.disc(x, hub, 0.03, INK)
    frame = ((-0.27, hub), (-0.12, 0.7), (0.17, 0.72), (-0.03, 0.33), (-0.27, hub))
    pen.stroke(frame, tone.base, 0.055, tone.edge)
    pen.stroke(((-0.03, 0.33), (-0.14, 0.82)), tone.base, 0.05)
    pen.stroke(((0.27, hub), (0.15, 0.86)), tone.base, 0.055, tone.edge)
    pen.stroke(((0.1, 0.93), (0.16, 0.9), (0.26, 0.94)), INK, 0.045)
    pen.stroke(((-0.23, 0.86), (-0.07, 0.86)), INK, 0.06)
    pen.disc(-0.03, 0.33, 0.045, STEEL)


def paint_boat(pen: Pen, tone: Tone, rng: random.Random) -> None:
    sail = (252, 244, 224)
    pen.stroke(((0.02, 0.2), (0.02, 0.98)), WOOD, 0.03, (80, 50, 34))
    pen.polygon(((-0.02, 0.96), (-0.02, 0.32), (-0.44, 0.32)), sail, (140, 122, 104))
    pen.polygon(((-0.02, 0.62), (-0.02, 0.47), (-0.34, 0.47), (-0.25, 0.62)), tone.base)
    pen.polygon(((0.03, 0.985), (0.03, 0.88), (0.17, 0.93)), tone.base, tone.edge)
    pen.polygon(((-0.48, 0.27), (-0.36, 0.01), (0.3, 0.01), (0.495, 0.29)), tone.base, tone.edge)
    pen.polygon(((-0.41, 0.11), (-0.36, 0.02), (0.3, 0.02), (0.37, 0.11)), tone.dark)
    pen.stroke(((-0.45, 0.22), (0.44, 0.23)), tone.light if tone != TONES["white"] else (70, 120, 190), 0.025)


VEHICLES = {
    "car": paint_car, "bus": paint_bus, "truck": paint_truck, "bicycle": paint_bicycle, "boat": paint_boat,
}  # fmt: skip
