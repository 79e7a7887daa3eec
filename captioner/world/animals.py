"""Paints the animals, each within the box of its pen."""

from __future__ import annotations

import random

from captioner.world.palette import BLACK, GOLD, INK, TONES, WHITE, Tone
from captioner.world.pen import Pen, scallop, smooth

DOG_BODY = smooth(((-0.3, 0.01), (-0.4, 0.16), (-0.28, 0.4), (-0.1, 0.6), (0.02, 0.72), (0.22, 0.66), (0.25, 0.4),
                   (0.22, 0.12), (0.3, 0.01), (0.0, 0.02)), 3)  # fmt: skip
DOG_EAR = smooth(((-0.08, 0.93), (0.04, 0.9), (0.05, 0.74), (-0.03, 0.58), (-0.13, 0.62), (-0.14, 0.8)), 3)
DOG_HEAD = smooth(((-0.08, 0.82), (0.0, 0.95), (0.14, 0.985), (0.25, 0.9), (0.44, 0.84), (0.48, 0.75), (0.4, 0.67),
                   (0.2, 0.63), (0.0, 0.66)), 3)  # fmt: skip


def paint_dog(pen: Pen, tone: Tone, rng: random.Random) -> None:
    wag = rng.uniform(-0.03, 0.05)
    tail = ((-0.26, 0.06), (-0.4, 0.18), (-0.43, 0.34), (-0.47, 0.43 + wag), (-0.36, 0.4), (-0.28, 0.26))
    pen.polygon(tail, tone.base, tone.edge)
    pen.polygon(DOG_BODY, tone.base, tone.edge)
    pen.oval(-0.15, 0.17, 0.17, 0.155, tone.base, tone.dark)
    pen.stroke(((0.08, 0.04), (0.1, 0.34)), tone.dark, 0.03)
    pen.stroke(((-0.06, 0.61), (0.24, 0.6)), (214, 60, 70), 0.07)
    pen.polygon(DOG_HEAD, tone.base, tone.edge)
    pen.polygon(DOG_EAR, tone.dark, tone.edge)
    pen.disc(0.45, 0.795, 0.055, INK)
    pen.disc(0.19, 0.845, 0.06, WHITE)
    pen.disc(0.2, 0.845, 0.04, INK)


CAT_BODY = smooth(((-0.26, 0.01), (-0.31, 0.2), (-0.2, 0.46), (0.0, 0.56), (0.2, 0.46), (0.31, 0.2), (0.26, 0.01)), 3)
CAT_HEAD = smooth(((-0.34, 0.68), (-0.31, 0.82), (0.0, 0.88), (0.31, 0.82), (0.34, 0.68), (0.18, 0.53),
                   (-0.18, 0.53)), 3)  # fmt: skip
CAT_TAIL = smooth(((0.22, 0.05), (0.4, 0.08), (0.44, 0.22), (0.36, 0.32), (0.4, 0.44)), 3, closed=False)


def paint_cat(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.stroke(CAT_TAIL, tone.base, 0.1, tone.edge)
    pen.polygon(CAT_BODY, tone.base, tone.edge)
    pen.oval(0.0, 0.3, 0.13, 0.17, tone.light)
    pen.stroke(((0.0, 0.03), (0.0, 0.2)), tone.edge, 0.03)
    for side in (-1, 1):
        pen.polygon(((0.33 * side, 0.76), (0.3 * side, 0.97), (0.07 * side, 0.84)), tone.base, tone.edge)
        pen.polygon(((0.26 * side, 0.83), (0.26 * side, 0.91), (0.16 * side, 0.85)), (240, 160, 170))
    pen.polygon(CAT_HEAD, tone.base, tone.edge)
    for side in (-1, 1):
        pen.oval(0.15 * side, 0.72, 0.075, 0.055, (206, 226, 110), tone.edge)
        pen.oval(0.15 * side, 0.72, 0.03, 0.05, INK)
    pen.polygon(((-0.05, 0.65), (0.05, 0.65), (0.0, 0.61)), (236, 120, 140))


HORSE_BODY = smooth(((-0.36, 0.52), (-0.34, 0.64), (-0.2, 0.7), (0.0, 0.65), (0.12, 0.7), (0.2, 0.86), (0.29, 0.96),
                     (0.38, 0.92), (0.48, 0.76), (0.46, 0.69), (0.39, 0.7), (0.33, 0.76), (0.29, 0.62), (0.22, 0.46),
                     (0.1, 0.39), (-0.12, 0.38), (-0.3, 0.4)), 3)  # fmt: skip
HORSE_MANE = ((0.07, 0.68), (0.1, 0.8), (0.17, 0.93), (0.28, 0.98), (0.27, 0.9), (0.21, 0.8), (0.17, 0.68))
HORSE_TAIL = smooth(((-0.33, 0.64), (-0.42, 0.6), (-0.46, 0.4), (-0.47, 0.24), (-0.38, 0.28), (-0.36, 0.48)), 3)


def paint_horse(pen: Pen, tone: Tone, rng: random.Random) -> None:
    hair = {TONES["white"]: (150, 150, 164), BLACK: tone.light}.get(tone, tone.edge)
    sway = rng.uniform(-0.03, 0.03)
    for x in (-0.22, 0.14):
        pen.stroke(((x, 0.44), (x - sway, 0.02)), tone.dark, 0.075)
    pen.polygon(HORSE_TAIL, hair)
    for x in (-0.3, 0.21):
        leg = ((x - 0.06, 0.5), (x + 0.07, 0.48), (x + 0.04 + sway, 0.01), (x - 0.04 + sway, 0.01))
        pen.polygon(leg, tone.base, tone.edge)
        pen.box(x - 0.04 + sway, 0.01, x + 0.04 + sway, 0.055, INK)
    pen.polygon(((0.27, 0.92), (0.29, 0.99), (0.35, 0.92)), tone.base, tone.edge)
    pen.polygon(HORSE_BODY, tone.base, tone.edge)
    pen.polygon(HORSE_MANE, hair)
    for x in (-0.3, 0.21):
        pen.polygon(((x - 0.055, 0.52), (x + 0.06, 0.5), (x + 0.05, 0.36), (x - 0.045, 0.36)), tone.base)
    pen.disc(0.35, 0.86, 0.022, INK if tone != BLACK else WHITE)


COW_BODY = smooth(((-0.41, 0.4), (-0.43, 0.75), (-0.34, 0.89), (0.0, 0.86), (0.22, 0.9), (0.3, 0.75), (0.25, 0.42),
                   (0.0, 0.33), (-0.25, 0.34)), 3)  # fmt: skip
COW_PATCHES = (
    smooth(((-0.36, 0.8), (-0.2, 0.83), (-0.13, 0.66), (-0.24, 0.52), (-0.37, 0.6)), 3),
    smooth(((-0.02, 0.6), (0.1, 0.72), (0.2, 0.6), (0.12, 0.42), (0.0, 0.44)), 3),
)
COW_HEAD = smooth(((0.2, 0.86), (0.32, 0.93), (0.41, 0.86), (0.44, 0.62), (0.4, 0.5), (0.28, 0.5), (0.22, 0.64)), 3)


def paint_cow(pen: Pen, tone: Tone, rng: random.Random) -> None:
    spots = WHITE if tone != TONES["white"] else BLACK.base
    for x in (-0.24, 0.1):
        pen.box(x - 0.04, 0.02, x + 0.04, 0.42, tone.dark)
    pen.stroke(((-0.41, 0.8), (-0.46, 0.66), (-0.46, 0.4)), tone.edge, 0.028)
    pen.disc(-0.09, 0.33, 0.065, (246, 170, 180))
    for x in (-0.34, 0.2):
        pen.box(x - 0.05, 0.01, x + 0.05, 0.5, tone.base, tone.edge)
        pen.box(x - 0.05, 0.01, x + 0.05, 0.08, INK)
    pen.polygon(COW_BODY, tone.base, tone.edge)
    for patch in COW_PATCHES:
        pen.polygon(patch, spots)
    for x in (0.23, 0.4):
        pen.stroke(((x, 0.86), (x + (0.04 if x > 0.3 else -0.04), 0.985)), (236, 222, 186), 0.035, (140, 120, 90))
    pen.polygon(((0.22, 0.84), (0.11, 0.88), (0.13, 0.76), (0.22, 0.74)), tone.dark, tone.edge)
    pen.polygon(COW_HEAD, tone.base, tone.edge)
    pen.oval(0.36, 0.53, 0.105, 0.1, (246, 176, 182), tone.edge)
    pen.disc(0.35, 0.76, 0.025, INK if tone != BLACK else WHITE)


SHEEP_WOOL = scallop(-0.07, 0.6, 0.42, 0.38, 11, 0.2)
SHEEP_TOP = scallop(0.27, 0.83, 0.13, 0.13, 6, 0.2)


def paint_sheep(pen: Pen, tone: Tone, rng: random.Random) -> None:
    skin = (112, 108, 122) if tone == BLACK else (66, 58, 62)
    for x in (-0.28, -0.15, 0.03, 0.16):
        pen.box(x - 0.035, 0.01, x + 0.035, 0.4, skin)
    pen.polygon(SHEEP_WOOL, tone.base, tone.edge)
    pen.stroke(((-0.3, 0.46), (-0.2, 0.36), (-0.08, 0.36)), tone.dark, 0.035)
    pen.stroke(((-0.22, 0.72), (-0.12, 0.62), (-0.02, 0.66)), tone.dark, 0.035)
    pen.oval(0.2, 0.68, 0.09, 0.07, skin)
    pen.oval(0.35, 0.62, 0.13, 0.21, skin, tone.edge)
    pen.polygon(SHEEP_TOP, tone.base, tone.edge)
    pen.disc(0.38, 0.67, 0.03, WHITE)


BIRD_BODY = smooth(((-0.49, 0.34), (-0.25, 0.52), (-0.06, 0.7), (0.06, 0.92), (0.23, 0.985), (0.37, 0.88), (0.38, 0.66),
                    (0.3, 0.36), (0.1, 0.18), (-0.12, 0.22), (-0.28, 0.32)), 3)  # fmt: skip
BIRD_WING = smooth(((-0.36, 0.38), (-0.12, 0.62), (0.08, 0.64), (0.16, 0.48), (0.0, 0.34)), 3)
BIRD_SPREAD = smooth(((0.0, 0.58), (0.14, 0.78), (0.3, 0.96), (0.48, 0.84), (0.42, 0.62), (0.25, 0.4), (0.06, 0.26)), 3)
BIRD_PLUMES = smooth(((0.08, 0.4), (0.3, 0.7), (0.46, 0.8), (0.41, 0.63), (0.25, 0.42), (0.08, 0.28)), 3)


def paint_bird(pen: Pen, tone: Tone, rng: random.Random) -> None:
    beak = (240, 140, 30) if tone != TONES["red"] else GOLD
    for x in (0.02, 0.14):
        pen.stroke(((x, 0.24), (x + 0.02, 0.01)), (190, 110, 40), 0.04)
    pen.polygon(((0.34, 0.88), (0.495, 0.77), (0.35, 0.7)), beak, tone.edge)
    pen.polygon(BIRD_BODY, tone.base, tone.edge)
    pen.oval(0.21, 0.42, 0.12, 0.19, tone.light)
    pen.polygon(BIRD_WING, tone.dark, tone.edge)
    pen.disc(0.25, 0.82, 0.065, WHITE)
    pen.disc(0.27, 0.82, 0.038, INK)


def paint_flying_bird(pen: Pen, tone: Tone, rng: random.Random) -> None:
    lift = rng.uniform(0.85, 1.0)
    for side in (-1, 1):
        pen.polygon([(side * x, y * lift) for x, y in BIRD_SPREAD], tone.base, tone.edge)
        pen.polygon([(side * x, y * lift) for x, y in BIRD_PLUMES], tone.dark)
    pen.polygon(((-0.05, 0.3), (-0.11, 0.02), (0.11, 0.02), (0.05, 0.3)), tone.dark, tone.edge)
    pen.oval(0.0, 0.4, 0.11, 0.28, tone.base, tone.edge)
    pen.oval(0.0, 0.32, 0.065, 0.16, tone.light)
    pen.disc(0.0, 0.72, 0.095, tone.base, tone.edge)
    pen.polygon(((-0.04, 0.72), (0.04, 0.72), (0.0, 0.56)), (240, 140, 30) if tone != TONES["red"] else GOLD)
    for side in (-1, 1):
        pen.disc(0.045 * side, 0.77, 0.024, WHITE if tone == BLACK else INK)


ANIMALS = {
    "dog": paint_dog, "cat": paint_cat, "horse": paint_horse, "cow": paint_cow, "sheep": paint_sheep,
    "bird": paint_bird,
}  # fmt: skip
