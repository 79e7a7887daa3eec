"""Paints a `Scene` as a flat picture-book illustration: `layout` says where things stand, `draw` paints them.

Places and sizes are fractions of the picture's side, y growing downwards. Inside a thing, a `Pen` maps local units:
x in [-0.5, 0.5] across it (facing right), y in [0, 1] up from its foot.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from PIL import Image, ImageDraw

from captioner.world import FLYING, INDOOR, Group, Scene

Colour = tuple[int, int, int]
Point = tuple[float, float]

SUPERSAMPLING = 2
MARGIN = 0.025  # free at the picture's left, right and top
SIZE_FACTORS = {"small": 0.68, "medium": 1.0, "large": 1.4}
EXTENTS = {  # width and height of a medium thing
    "car": (0.37, 0.195), "bus": (0.39, 0.235), "truck": (0.39, 0.245), "bicycle": (0.34, 0.225), "dog": (0.235, 0.28),
    "cat": (0.215, 0.27), "horse": (0.34, 0.34), "cow": (0.36, 0.26), "sheep": (0.29, 0.235), "bird": (0.225, 0.2),
    "tree": (0.33, 0.47), "house": (0.37, 0.38), "umbrella": (0.38, 0.4), "kite": (0.24, 0.4), "ball": (0.195, 0.195),
    "boat": (0.37, 0.36), "chair": (0.235, 0.345), "table": (0.39, 0.245), "lamp": (0.22, 0.37), "sofa": (0.39, 0.235),
    "cup": (0.225, 0.175), "apple": (0.19, 0.2), "book": (0.25, 0.17), "vase": (0.2, 0.31),
}  # fmt: skip
WINGS_SPREAD = (0.3, 0.17)
SUPPORTS = {  # where a thing stands on a carrier: x and y in the carrier's units, and the most of its width it may take
    "table": (0.0, 0.93, 0.75),
    "chair": (0.1, 0.50, 0.8),
    "sofa": (0.0, 0.45, 0.5),
    "car": (-0.03, 0.98, 0.60),
    "house": (0.0, 0.97, 0.55),
    "horse": (-0.16, 0.68, 0.60),
    "cow": (-0.10, 0.87, 0.60),
    "boat": (0.24, 0.24, 0.50),
}
SHELTERED = {  # what is free under a shelter, in its units: x of the middle, height, width
    "table": (0.0, 0.80, 0.74),
    "tree": (0.22, 0.50, 0.85),
    "umbrella": (0.20, 0.60, 0.80),
}
ON_ROAD = ("car", "bus", "truck", "bicycle")
ON_LEDGE = ("cup", "apple", "book", "vase")
LEDGE = 0.875  # top of the shelf along the lower edge of a room, where small things stand


class Placed(NamedTuple):
    """One thing's place: its group's number, x of its middle, y of its foot, its width and height (fractions)."""

    group: int
    x: float
    base: float
    width: float
    height: float
    mirrored: bool = False
    flying: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (self.x - self.width / 2, self.base - self.height, self.x + self.width / 2, self.base)

    def moved(self, x: float, base: float, scale: float = 1.0) -> Placed:
        """The same thing scaled about the origin, then shifted."""
        return self._replace(
            x=self.x * scale + x, base=self.base * scale + base, width=self.width * scale, height=self.height * scale
        )


def _items(index: int, group: Group, flying: bool, factor: float, rng: random.Random) -> list[Placed]:
    """The things of a group, not yet in a row: each about the origin, with its own jitter."""
    width, height = WINGS_SPREAD if flying and group.kind == "bird" else EXTENTS[group.kind]
    factor *= SIZE_FACTORS[group.size] * rng.uniform(0.94, 1.07)
    mirrored = rng.random() < 0.5
    items = []
    for _ in range(group.count):
        scale = factor * rng.uniform(0.97, 1.03)
        turned = mirrored ^ (rng.random() < 0.2)
        items.append(Placed(index, 0.0, rng.uniform(-0.012, 0.012), width * scale, height * scale, turned, flying))
    return items


def _row(items: list[Placed], step: float) -> list[Placed]:
    """The things side by side about x = 0, `step` of a width from one to the next."""
    pitch = step * sum(item.width for item in items) / len(items)
    return [item._replace(x=(i - (len(items) - 1) / 2) * pitch) for i, item in enumerate(items)]


def _span(items: list[Placed]) -> tuple[float, float, float]:
    """Left, right and top of some things."""
    boxes = [item.box for item in items]
    return min(box[0] for box in boxes), max(box[2] for box in boxes), min(box[1] for box in boxes)


def _attached(relation: str, kind: str, first: list[Placed], second: list[Placed], sway: float) -> list[Placed]:
    """The second row where the relation ("on", "under", "above") puts it, seen from the first; sway in [-1, 1]."""
    left, right, top = _span(first)
    if relation == "above":
        middle = (left + right) / 2 + 0.2 * sway * (right - left)
        return [item.moved(middle, top - 0.06) for item in second]
    holder, thing = first[0], second[0]
    side = -1 if holder.mirrored else 1
    if relation == "on":
        x, y, width = SUPPORTS[kind]
        scale = min(1.0, width * holder.width / thing.width)
        x += 0.16 * sway if kind in ("table", "sofa") else 0.0
    else:
        x, y, width = SHELTERED[kind]
        scale = min(1.0, width * holder.width / thing.width, y * holder.height / thing.height)
        x, y = x + 0.04 * sway, -0.02 / holder.height
    x, y = holder.x + side * x * holder.width, holder.base - y * holder.height
    return [thing.moved(0, 0, scale)._replace(x=x, base=y)]


def _foot(kind: str, setting: str, back: bool, rng: random.Random) -> float:
    """Where a thing's foot is: in the air, on the road, at the shore, on the ledge or on the ground."""
    sway = rng.random()
    if kind in FLYING:
        return 0.48 + 0.14 * sway
    if kind == "boat":
        return 0.73 + 0.03 * sway
    if setting == "street":
        return (0.74 if back else 0.79) + 0.02 * sway if kind in ON_ROAD else (0.87 if back else 0.91) + 0.03 * sway
    if setting in INDOOR:
        if kind in ON_LEDGE:
            return 0.92 + 0.03 * sway
        return (0.77 if back else 0.83) + 0.03 * sway
    return (0.74 if back else 0.87) + 0.05 * sway


def layout(scene: Scene, rng: random.Random) -> list[Placed]:
    """Where each thing of the scene stands, in painting order (back to front); all boxes lie inside the picture.

    Groups stand side by side from left to right; what is "on", "under" or "above" the first shares its column. Rows
    close up, then everything shrinks, where the picture is too narrow. Neighbours' boxes overlap by a tenth at most.
    """
    relation, groups = scene.relation, scene.groups
    holds = relation in ("on", "under")
    factors = ({"on": 1.12, "under": 1.25}.get(relation, 1.0), 1.0, 0.9)
    rows = []
    for i, group in enumerate(groups):
        flying = group.kind in FLYING or (i == 1 and relation == "above")
        rows.append(_items(i, group, flying, factors[i], rng))
    sway = rng.uniform(-1, 1)
    third_first = rng.random() < 0.5
    feet = [_foot(group.kind, scene.setting, i == 2, rng) for i, group in enumerate(groups)]
    weights = [rng.uniform(0.3, 1.0) for _ in range(len(groups) + 1)]

    for step, lap in ((1.08, -0.02), (0.98, 0.0), (0.92, 0.01)):
        lined = [_row(items, step) for items in rows]
        columns = [(lined[0], feet[0])]
        if relation in ("left", "right"):
            columns.insert(0 if relation == "left" else 1, (lined[1], feet[1]))
        elif relation:
            columns = [(lined[0] + _attached(relation, groups[0].kind, lined[0], lined[1], sway), feet[0])]
        if len(groups) > 2:
            columns.insert(0 if third_first else len(columns), (lined[2], feet[2]))
        fitted = []
        for items, foot in columns:
            scale = min(1.0, (foot - MARGIN) / -_span(items)[2])
            fitted.append(([item.moved(0, 0, scale) for item in items], foot))
        spans = [_span(items) for items, _ in fitted]
        total = sum(right - left for left, right, _ in spans) - lap * (len(spans) - 1)
        if total <= 1 - 2 * MARGIN:
            break

    shrink = min(1.0, (1 - 2 * MARGIN) / total)
    spare = max(0.0, 1 - 2 * MARGIN - total)
    weights = weights[: len(fitted) + 1]
    share = spare / sum(weights)
    x = MARGIN + share * weights[0]
    depths = []
    for (items, foot), (left, right, _), weight in zip(fitted, spans, weights[1:], strict=True):
        placed = [item.moved(x - left * shrink, foot, shrink) for item in items]
        depths.append((foot, placed))
        x += (right - left - lap) * shrink + share * weight
    depths.sort(key=lambda column: column[0])
    things = [thing for _, column in depths for thing in column]
    return things if holds else sorted(things, key=lambda thing: thing.base)


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


class Pen:
    """Paints in the units of one box of the canvas: x in [-0.5, 0.5], y in [0, 1] upwards, mirrored at will.

    Lengths called `r` or `thick` are fractions of the box's width. `edge` is the outline's colour, None for no outline;
    `tint` is a colour and a share of it to mix into every fill.
    """

    __slots__ = ("aspect", "base", "canvas", "hair", "height", "sx", "tint", "width", "x")

    def __init__(self, canvas: ImageDraw.ImageDraw, box: Placed, tint: tuple[Colour, float] | None = None):
        side = canvas.im.size[0]
        self.canvas, self.tint = canvas, tint
        self.x, self.base = box.x * side, box.base * side
        self.width, self.height = box.width * side, box.height * side
        self.sx = -self.width if box.mirrored else self.width
        self.aspect = self.width / self.height
        self.hair = max(1, round(side / 110))

    def _map(self, points: Sequence[Point]) -> list[Point]:
        x0, y0, sx, sy = self.x, self.base, self.sx, self.height
        return [(x0 + x * sx, y0 - y * sy) for x, y in points]

    def _fill(self, colour: Colour) -> Colour:
        return mix(colour, *self.tint) if self.tint else colour

    def polygon(self, points: Sequence[Point], fill: Colour, edge: Colour | None = None) -> None:
        """A filled polygon."""
        mapped = self._map(points)
        self.canvas.polygon(mapped, self._fill(fill))
        if edge:
            mapped.append(mapped[0])
            self.canvas.line(mapped, edge, self.hair)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, edge: Colour | None = None) -> None:
        """A rectangle between two corners, x0 < x1 and y0 < y1."""
        left, right = self.x + x0 * self.sx, self.x + x1 * self.sx
        if left > right:
            left, right = right, left
        corners = (left, self.base - y1 * self.height, right, self.base - y0 * self.height)
        self.canvas.rectangle(corners, self._fill(fill), edge, self.hair if edge else 0)

    def plate(
        self, x0: float, y0: float, x1: float, y1: float, r: float, fill: Colour, edge: Colour | None = None
    ) -> None:
        """A rectangle with its corners cut by r."""
        s, mid = r * self.aspect, 0.3
        m, n = r * mid, s * mid
        self.polygon(
            ((x0, y0 + s), (x0, y1 - s), (x0 + m, y1 - n), (x0 + r, y1), (x1 - r, y1), (x1 - m, y1 - n), (x1, y1 - s),
             (x1, y0 + s), (x1 - m, y0 + n), (x1 - r, y0), (x0 + r, y0), (x0 + m, y0 + n)),
            fill, edge,
        )  # fmt: skip

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour | None, edge: Colour | None = None) -> None:
        """An ellipse about (x, y)."""
        x, y, rx, ry = self.x + x * self.sx, self.base - y * self.height, rx * self.width, ry * self.height
        fill = self._fill(fill) if fill else None
        self.canvas.ellipse((x - rx, y - ry, x + rx, y + ry), fill, edge, self.hair if edge else 0)

    def disc(self, x: float, y: float, r: float, fill: Colour, edge: Colour | None = None) -> None:
        """A circle about (x, y)."""
        self.oval(x, y, r, r * self.aspect, fill, edge)

    def ring(self, x: float, y: float, r: float, thick: float, fill: Colour) -> None:
        """A circle's rim, `thick` inwards from r."""
        x, y, r = self.x + x * self.sx, self.base - y * self.height, r * self.width
        self.canvas.ellipse((x - r, y - r, x + r, y + r), None, fill, max(1, round(thick * self.width)))

    def stroke(self, points: Sequence[Point], fill: Colour, thick: float, edge: Colour | None = None) -> None:
        """An open line through the points."""
        mapped = self._map(points)
        width = max(1, round(thick * self.width))
        joint = "curve" if len(points) > 2 and width > 4 else None
        if edge:
            self.canvas.line(mapped, edge, width + 2 * self.hair - 1, joint)
        self.canvas.line(mapped, self._fill(fill), width, joint)

    def wheel(self, x: float, r: float, hub: Colour = (200, 204, 212)) -> None:
        """A tyre that stands on the ground."""
        self.disc(x, r * self.aspect, r, INK)
        self.disc(x, r * self.aspect, r * 0.48, hub)


def smooth(points: Sequence[Point], steps: int = 4, closed: bool = True) -> tuple[Point, ...]:
    """A Catmull-Rom curve through the points, as a polygon or an open line."""
    count = len(points)
    curve = []
    for i in range(count if closed else count - 1):
        if closed:
            p, q, r, s = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        else:
            p, q, r, s = (points[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2))
        for j in range(steps):
            t = j / steps
            curve.append(tuple(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - 3 * c + d - a) * t**3)
                for a, b, c, d in zip(p, q, r, s, strict=True)
            ))  # fmt: skip
    return tuple(curve) if closed else (*curve, tuple(points[-1]))


def scallop(x: float, y: float, rx: float, ry: float, bumps: int, depth: float) -> tuple[Point, ...]:
    """A cloud-like outline: an ellipse with round bumps, nowhere beyond rx and ry."""
    turns = [(i / (6 * bumps), 1 - depth + depth * abs(math.sin(math.pi * i / 6))) for i in range(6 * bumps)]
    return tuple((x + rx * k * math.cos(math.tau * t), y + ry * k * math.sin(math.tau * t)) for t, k in turns)


CAR_BODY = smooth(((-0.47, 0.2), (-0.49, 0.34), (-0.48, 0.52), (-0.33, 0.6), (-0.22, 0.92), (-0.1, 0.98), (0.1, 0.98),
                   (0.2, 0.9), (0.31, 0.6), (0.46, 0.52), (0.49, 0.36), (0.47, 0.2)), 3, closed=False)  # fmt: skip


def paint_car(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.polygon(CAR_BODY, tone.base, tone.edge)
    pen.box(-0.47, 0.21, 0.47, 0.31, tone.dark)
    pen.polygon(((-0.26, 0.6), (-0.17, 0.87), (-0.02, 0.87), (-0.02, 0.6)), GLASS, tone.edge)
    pen.polygon(((0.03, 0.6), (0.03, 0.87), (0.13, 0.87), (0.24, 0.6)), GLASS, tone.edge)
    pen.stroke(((-0.45, 0.5), (0.4, 0.5)), tone.light, 0.022)
    pen.disc(0.455, 0.42, 0.035, GOLD)
    pen.wheel(-0.27, 0.115)
    pen.wheel(0.28, 0.115)


def paint_bus(pen: Pen, tone: Tone, rng: random.Random) -> None:
    pen.plate(-0.49, 0.13, 0.49, 0.99, 0.05, tone.base, tone.edge)
    pen.box(-0.47, 0.15, 0.47, 0.25, tone.dark)
    pen.box(-0.47, 0.44, 0.47, 0.49, WHITE if tone != TONES["white"] else STEEL)
    for i in range(4):
        pen.box(-0.43 + i * 0.175, 0.56, -0.30 + i * 0.175, 0.86, GLASS, tone.edge)
    pen.box(0.29, 0.2, 0.43, 0.86, GLASS, tone.edge)
    pen.wheel(-0.28, 0.09)
    pen.wheel(0.19, 0.09)


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
        pen.wheel(x, 0.095)


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


def paint_boat(pen: Pen, tone: Tone, rng: random.Random) -> None:
    sail = (252, 244, 224)
    pen.stroke(((0.02, 0.2), (0.02, 0.98)), WOOD, 0.03, (80, 50, 34))
    pen.polygon(((-0.02, 0.96), (-0.02, 0.32), (-0.44, 0.32)), sail, (140, 122, 104))
    pen.polygon(((-0.02, 0.62), (-0.02, 0.47), (-0.34, 0.47), (-0.25, 0.62)), tone.base)
    pen.polygon(((0.03, 0.985), (0.03, 0.88), (0.17, 0.93)), tone.base, tone.edge)
    pen.polygon(((-0.48, 0.27), (-0.36, 0.01), (0.3, 0.01), (0.495, 0.29)), tone.base, tone.edge)
    pen.polygon(((-0.41, 0.11), (-0.36, 0.02), (0.3, 0.02), (0.37, 0.11)), tone.dark)
    pen.stroke(((-0.45, 0.22), (0.44, 0.23)), tone.light if tone != TONES["white"] else (70, 120, 190), 0.025)


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


Painter = Callable[[Pen, Tone, random.Random], None]  # stays within its box but for half an outline
KIND_PAINTERS: dict[str, Painter] = {
    "car": paint_car, "bus": paint_bus, "truck": paint_truck, "bicycle": paint_bicycle, "dog": paint_dog,
    "cat": paint_cat, "horse": paint_horse, "cow": paint_cow, "sheep": paint_sheep, "bird": paint_bird,
    "tree": paint_tree, "house": paint_house, "umbrella": paint_umbrella, "kite": paint_kite, "ball": paint_ball,
    "boat": paint_boat, "chair": paint_chair, "table": paint_table, "lamp": paint_lamp, "sofa": paint_sofa,
    "cup": paint_cup, "apple": paint_apple, "book": paint_book, "vase": paint_vase,
}  # fmt: skip


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


def _sky(pen: Pen, rng: random.Random, sky: str, horizon: float) -> None:
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


SETTING_PAINTERS: dict[str, Callable[[Pen, random.Random], None]] = {
    "street": back_street, "park": back_park, "beach": back_beach, "farm": back_farm, "lake": back_lake,
    "snow": back_snow, "kitchen": back_kitchen, "living room": back_living_room, "bedroom": back_bedroom,
}  # fmt: skip


def _ledge(pen: Pen) -> None:
    """The plain shelf in front, for what is too small to stand on a floor."""
    pen.box(-0.5, 0.0, 0.5, 1 - LEDGE, (232, 222, 206))
    pen.box(-0.5, 0.0, 0.5, 0.03, (198, 184, 164))
    pen.stroke(((-0.5, 1 - LEDGE), (0.5, 1 - LEDGE)), (186, 170, 150), 0.01)


def draw(scene: Scene, rng: random.Random, size: int) -> Image.Image:
    """The scene as a size x size RGB picture; the same scene and state of rng give the same bytes.

    KeyError for a kind, colour, size, setting or sky that the world does not have.
    """
    things = layout(scene, rng)
    side = size * SUPERSAMPLING
    image = Image.new("RGB", (side, side))
    canvas, glaze = ImageDraw.Draw(image), ImageDraw.Draw(image, "RGBA")
    whole = Placed(-1, 0.5, 1.0, 1.0, 1.0)
    back = Pen(canvas, whole, LIGHTS[scene.sky])
    if scene.sky:
        _sky(Pen(canvas, whole), rng, scene.sky, 0.4)
    SETTING_PAINTERS[scene.setting](back, rng)
    held = scene.relation == "on"
    if scene.setting in INDOOR and any(
        group.kind in ON_LEDGE and not (held and i == 1) for i, group in enumerate(scene.groups)
    ):
        _ledge(back)
    for thing in things:
        if not (thing.flying or (held and thing.group == 1)):
            x, y = thing.x * side, thing.base * side
            rx, ry = 0.52 * thing.width * side, max(0.012, 0.045 * thing.width) * side
            glaze.ellipse((x - rx, y - ry, x + rx, y + ry), (30, 30, 60, 70))
        group = scene.groups[thing.group]
        painter = paint_flying_bird if thing.flying and group.kind == "bird" else KIND_PAINTERS[group.kind]
        painter(Pen(canvas, thing), TONES[group.colour], rng)
    return image.reduce(SUPERSAMPLING)
