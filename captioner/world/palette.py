"""The painter's colours: the tones of the world's colours, and what every picture shares."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

Colour = tuple[int, int, int]


class Tone(NamedTuple):
    """A colour with its shades: for the lit side, the shaded side and the outline."""

    base: Colour
    light: Colour
    dark: Colour
    edge: Colour


@cache
def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with a share in [0, 1] of the second."""
    a, b, c = (round(x + (y - x) * share) for x, y in zip(first, second, strict=True))
    return (a, b, c)


def _tone(base: Colour, edge: Colour | None = None, dark: Colour | None = None) -> Tone:
    shade = mix(base, (30, 16, 50), 0.26)
    return Tone(base, mix(base, (255, 255, 240), 0.24), dark or shade, edge or mix(base, (24, 12, 40), 0.55))


WHITE, INK, GLASS = (252, 252, 250), (42, 40, 50), (190, 224, 240)
WOOD, STEEL, GOLD, LEAF = (146, 96, 58), (128, 134, 146), (250, 204, 70), (74, 150, 72)
BLACK = Tone((46, 46, 56), (92, 94, 110), (70, 72, 86), (14, 14, 20))
TONES = {
    "red": _tone((224, 44, 44)),
    "orange": _tone((246, 132, 26)),
    "yellow": _tone((252, 212, 48), edge=(150, 104, 20), dark=(228, 170, 30)),
    "green": _tone((48, 154, 66)),
    "blue": _tone((40, 100, 214)),
    "purple": _tone((132, 62, 184)),
    "pink": _tone((250, 142, 190), edge=(160, 62, 112)),
    "brown": _tone((136, 82, 44)),
    "black": BLACK,
    "white": Tone((250, 250, 248), (255, 255, 255), (208, 214, 226), (104, 112, 134)),
    "": _tone((70, 150, 66)),
}
