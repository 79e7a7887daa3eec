"""Paints all that is neither a vehicle nor an animal, from tree to vase, each within the box of its pen."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from captioner.world.palette import GOLD, LEAF, TONES, WHITE, WOOD, Tone, mix
from captioner.world.pen import Pen, Point, scallop, smooth

TREE_CROWNS = (scallop(0.0, 0.69, 0.485, 0.305, 9, 0.16), scallop(0.0, 0.68, 0.44, 0.315, 8, 0.2))
TREE_LIGHTS = (scallop(-0.13, 0.78, 0.24, 0.15, 7, 0.2), scallop(-0.1, 0.79, 0.22, 0.14, 6, 0.22))
TREE_TRUNK = ((-0.13, 0.0), (-0.07, 0.12), (-0.07, 0.5), (0.07, 0.5), (0.07, 0.12), (0.13, 0.0))


def paint_tree(pen: Pen, tone: Tone, rng: random.Random) -> None:
    wood = TONES["brown"]
    form = rng.randrange(2)
    pen.polygon(TREE_TRUNK, wood.base, wood.edge)
    pen.stroke(((0.03, 0.08), (0.03, 0.4)), wood.dark, 0.05)
    pen.polygon(TREE_CROWNS[form], tone.base, tone.edge)
    pen.polygon(TREE_LIGHTS[form], mix(tone.base, (190, 220, 90), 0.35))
    for x, y in ((0.2, 0.58), (-0.2, 0.55), (0.28, 0.75)):
        pen.oval(x, y, 0.07, 0.03, tone.dark)


def paint_house(pen: Pen, tone: Tone, rng: random.Random) -> None:
    roof = (96, 84, 98) if tone != TONES["brown"] else (74, 66, 78)
    side = rng.choice((-1, 1))
    pen.box(0.2, 0.62, 0.31, 0.95, (168, 96, 78), (96, 50, 44))
    pen.box(-0.42, 0.0, 0.42, 0.56, tone.base, tone.edge)
    pen.box(-0.4, 0.47, 0.4, 0.54, tone.dark)
    pen.polygon(((-0.495, 0.52), (0.0, 0.985), (0.495, 0.52)), roof, (52, 44, 58))
    pen.disc(0.0, 0.69, 0.07, (255, 240, 190), (52, 44, 58))
    pen.box(-0.09 + 0.19 * side, 0.0, 0.09 + 0.19 * side, 0.36, WOOD, (70, 40, 26))
    for x in (-0.2 * side,) if rng.random() < 0.5 else (-0.28 * side, -0.06 * side):
        pen.box(x - 0.085, 0.18, x + 0.085, 0.4, (255, 240, 190), tone.edge)
        pen.stroke(((x, 0.18), (x, 0.4)), tone.edge, 0.014)


def _arc(x0: float, x1: float, y: float, dip: float, steps: int = 4) -> list[Point]:
    """A bow from x0 to x1, dip above y in its middle."""
    return [(x0 + (x1 - x0) * k / steps, y + dip * math.sin(math.pi * k / steps)) for k in range(steps + 1)]


DOME = [(0.49 * math.cos(math.pi * k / 12), 0.58 + 0.36 * math.sin(math.pi * k / 12)) for k in range(13)]
RIBS = (-0.49, -0.3, -0.1, 0.1, 0.3, 0.49)
SCALLOPS = [point for a, b in pairwise(RIBS) for point in _arc(a, b, 0.57, 0.045)]
CANOPY = tuple(DOME + SCALLOPS)


def _gore(inner: float, outer: float) -> tuple[Point, ...]:
    """One panel of the canopy, between two ribs (fractions of its half width)."""
    bows = [(0.49 * math.cos(math.asin(k / 4)), 0.57 + 0.36 * k / 4) for k in range(5)]
    down = [(x * inner, y) for x, y in bows[::-1]]
    return (*((x * outer, y) for x, y in bows), *down, *_arc(0.49 * inner, 0.49 * outer, 0.57, 0.045))


GORES = (_gore(0.2, 0.61), _gore(-0.61, -0.2))


def paint_umbrella(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.stroke(((0.0, 0.0), (0.0, 0.98)), (120, 84, 60), 0.045, (74, 48, 36))
    pen.polygon(CANOPY, tone.base, tone.edge)
    for gore in GORES:
        pen.polygon(gore, tone.light)
    pen.disc(0.0, 0.955, 0.03, (120, 84, 60))


KITE_TAIL = smooth(((0.0, 0.42), (0.1, 0.3), (-0.08, 0.2), (0.08, 0.1), (-0.02, 0.01)), 4, closed=False)


def paint_kite(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.stroke(KITE_TAIL, tone.edge, 0.03)
    for x, y in ((0.06, 0.3), (-0.03, 0.2), (0.05, 0.1)):
        bow = ((x - 0.14, y + 0.045), (x + 0.14, y - 0.045), (x + 0.14, y + 0.045), (x - 0.14, y - 0.045))
        pen.polygon(bow, tone.base, tone.edge)
    pen.polygon(((0.0, 0.985), (0.48, 0.74), (0.0, 0.4), (-0.48, 0.74)), tone.base, tone.edge)
    pen.polygon(((0.0, 0.96), (-0.44, 0.74), (0.0, 0.74)), tone.light)
    pen.polygon(((0.0, 0.74), (0.44, 0.74), (0.0, 0.43)), tone.light)
    pen.stroke(((0.0, 0.98), (0.0, 0.4)), tone.edge, 0.025)
    pen.stroke(((-0.48, 0.74), (0.48, 0.74)), tone.edge, 0.025)


def _rim(start: float, end: float) -> list[Point]:
    """A part of the ball's rim, angles in turns."""
    turns = [math.tau * (start + (end - start) * k / 5) for k in range(6)]
    return [(0.48 * math.cos(turn), 0.495 + 0.48 * math.sin(turn)) for turn in turns]


BALL_BAND = (
    *_rim(-0.035, 0.035),
    *_arc(0.47, -0.47, 0.6, -0.12, 8)[1:-1],
    *_rim(0.465, 0.535),
    *_arc(-0.47, 0.47, 0.39, -0.12, 8)[1:-1],
)


def paint_ball(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.oval(0.0, 0.495, 0.49, 0.49, tone.base, tone.edge)
    pen.polygon(BALL_BAND, WHITE)
    pen.oval(0.0, 0.495, 0.49, 0.49, None, tone.edge)
    pen.oval(-0.17, 0.76, 0.1, 0.07, tone.light)


def paint_chair(pen: Pen, tone: Tone, rng: random.Random) -> None:
    for x in (-0.25, 0.42):
        pen.box(x - 0.05, 0.08, x + 0.05, 0.5, tone.dark, tone.edge)
    pen.box(-0.44, 0.45, -0.3, 0.985, tone.base, tone.edge)
    pen.polygon(((-0.34, 0.94), (-0.02, 0.97), (-0.02, 0.6), (-0.34, 0.56)), tone.dark, tone.edge)
    pen.polygon(((-0.45, 0.46), (-0.2, 0.56), (0.48, 0.56), (0.36, 0.46)), tone.light, tone.edge)
    pen.box(-0.45, 0.38, 0.37, 0.46, tone.base, tone.edge)
    for x in (-0.39, 0.31):
        pen.box(x - 0.06, 0.0, x + 0.06, 0.4, tone.base, tone.edge)


def paint_table(pen: Pen, tone: Tone, rng: random.Random) -> None:
    for x in (-0.31, 0.31):
        pen.box(x - 0.03, 0.12, x + 0.03, 0.84, tone.dark, tone.edge)
    for x in (-0.42, 0.42):
        pen.box(x - 0.045, 0.0, x + 0.045, 0.84, tone.base, tone.edge)
    pen.box(-0.46, 0.72, 0.46, 0.82, tone.dark)
    pen.polygon(((-0.495, 0.87), (-0.4, 0.985), (0.4, 0.985), (0.495, 0.87)), tone.light, tone.edge)
    pen.box(-0.495, 0.79, 0.495, 0.87, tone.base, tone.edge)


def paint_lamp(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.stroke(((0.0, 0.06), (0.0, 0.6)), (122, 104, 92), 0.07, (70, 56, 52))
    pen.oval(0.0, 0.055, 0.27, 0.05, (122, 104, 92), (70, 56, 52))
    pen.oval(0.0, 0.57, 0.13, 0.06, (255, 248, 200))
    pen.polygon(((-0.28, 0.985), (0.28, 0.985), (0.485, 0.58), (-0.485, 0.58)), tone.base, tone.edge)
    pen.polygon(((-0.2, 0.95), (-0.06, 0.95), (-0.14, 0.62), (-0.36, 0.62)), tone.light)
    pen.polygon(((-0.45, 0.64), (-0.47, 0.595), (0.47, 0.595), (0.45, 0.64)), tone.dark)


def paint_sofa(pen: Pen, tone: Tone, rng: random.Random) -> None:
    for x in (-0.38, 0.38):
        pen.box(x - 0.03, 0.0, x + 0.03, 0.14, WOOD, (70, 40, 26))
    pen.plate(-0.43, 0.3, 0.43, 0.985, 0.07, tone.base, tone.edge)
    pen.stroke(((0.0, 0.5), (0.0, 0.93)), tone.edge, 0.014)
    pen.box(-0.36, 0.12, 0.36, 0.34, tone.dark, tone.edge)
    pen.plate(-0.36, 0.3, -0.004, 0.5, 0.03, mix(tone.base, tone.light, 0.5), tone.edge)
    pen.plate(0.004, 0.3, 0.36, 0.5, 0.03, mix(tone.base, tone.light, 0.5), tone.edge)
    for x in (-0.415, 0.415):
        pen.plate(x - 0.08, 0.1, x + 0.08, 0.68, 0.06, tone.base, tone.edge)


CUP_BODY = ((-0.46, 0.93), (-0.44, 0.5), (-0.4, 0.25), (-0.34, 0.1), (-0.22, 0.01), (0.08, 0.01), (0.2, 0.1),
            (0.26, 0.25), (0.3, 0.5), (0.32, 0.93))  # fmt: skip
CUP_SHADE = ((0.15, 0.85), (0.29, 0.85), (0.275, 0.5), (0.24, 0.25), (0.18, 0.1), (0.06, 0.04), (0.13, 0.3))


def paint_cup(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.ring(0.29, 0.56, 0.2, 0.09, tone.edge)
    pen.ring(0.29, 0.56, 0.18, 0.05, tone.base)
    pen.polygon(CUP_BODY, tone.base, tone.edge)
    pen.polygon(CUP_SHADE, tone.dark)
    pen.stroke(((-0.36, 0.72), (-0.31, 0.34)), tone.light, 0.06)
    pen.oval(-0.07, 0.9, 0.39, 0.09, tone.dark, tone.edge)
    pen.oval(-0.07, 0.885, 0.31, 0.055, (112, 66, 40))


APPLE_BODY = smooth(((0.0, 0.74), (0.2, 0.83), (0.42, 0.74), (0.49, 0.5), (0.38, 0.18), (0.18, 0.01), (0.0, 0.05),
                     (-0.18, 0.01), (-0.38, 0.18), (-0.49, 0.5), (-0.42, 0.74), (-0.2, 0.83)), 3)  # fmt: skip
APPLE_LEAF = smooth(((0.03, 0.84), (0.14, 0.95), (0.34, 0.97), (0.24, 0.84)), 3)


def paint_apple(pen: Pen, tone: Tone, rng: random.Random) -> None:
    leaf = LEAF if tone != TONES["green"] else (132, 190, 70)
    pen.polygon(APPLE_BODY, tone.base, tone.edge)
    pen.polygon(((0.47, 0.5), (0.37, 0.2), (0.18, 0.03), (0.0, 0.07), (0.22, 0.18), (0.36, 0.4)), tone.dark)
    pen.oval(-0.24, 0.58, 0.1, 0.13, tone.light)
    pen.stroke(((0.0, 0.7), (0.04, 0.96)), (96, 60, 36), 0.08)
    pen.polygon(APPLE_LEAF, leaf, (40, 84, 40))


def paint_book(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.polygon(
        ((-0.49, 0.02), (0.3, 0.02), (0.49, 0.38), (0.49, 0.58), (0.3, 0.3), (-0.47, 0.3)), tone.dark, tone.edge
    )
    pen.polygon(((-0.42, 0.1), (0.29, 0.1), (0.46, 0.42), (0.46, 0.58), (0.29, 0.32), (-0.42, 0.32)), (250, 244, 226))
    pen.stroke(((-0.42, 0.2), (0.3, 0.2), (0.46, 0.5)), (206, 196, 172), 0.016)
    pen.polygon(((-0.49, 0.3), (-0.22, 0.97), (0.495, 0.97), (0.3, 0.3)), tone.base, tone.edge)
    pen.polygon(((-0.43, 0.34), (-0.18, 0.94), (-0.1, 0.94), (-0.35, 0.34)), tone.dark)
    pen.polygon(((-0.08, 0.58), (0.0, 0.8), (0.29, 0.8), (0.21, 0.58)), tone.light)


VASE_BODY = smooth(((-0.22, 0.01), (-0.4, 0.14), (-0.43, 0.3), (-0.26, 0.46), (-0.2, 0.53), (-0.3, 0.6),
                    (0.3, 0.6), (0.2, 0.53), (0.26, 0.46), (0.43, 0.3), (0.4, 0.14), (0.22, 0.01)), 3)  # fmt: skip
VASE_SHADE = ((0.18, 0.46), (0.38, 0.32), (0.37, 0.15), (0.2, 0.03), (0.08, 0.03), (0.24, 0.16), (0.27, 0.3))


def paint_vase(pen: Pen, tone: Tone, rng: random.Random) -> None:
    petals = GOLD if tone != TONES["orange"] else WHITE
    lean = rng.uniform(-0.04, 0.04)
    for x, y in ((-0.28, 0.8), (0.02, 0.86), (0.3, 0.78)):
        pen.stroke(((x * 0.3, 0.58), (x + lean, y)), LEAF, 0.07)
    for x, y in ((-0.3, 0.79), (0.3, 0.78), (0.0, 0.87)):
        pen.disc(x + lean, y, 0.165, petals, (170, 120, 40))
        pen.disc(x + lean, y, 0.07, (206, 120, 40))
    pen.polygon(VASE_BODY, tone.base, tone.edge)
    pen.polygon(VASE_SHADE, tone.dark)
    pen.oval(-0.22, 0.3, 0.07, 0.09, tone.light)


THINGS = {
    "tree": paint_tree, "house": paint_house, "umbrella": paint_umbrella, "kite": paint_kite, "ball": paint_ball,
    "chair": paint_chair, "table": paint_table, "lamp": paint_lamp, "sofa": paint_sofa, "cup": paint_cup,
    "apple": paint_apple, "book": paint_book, "vase": paint_vase,
}  # fmt: skip
