"""A `Pen` for one box of the canvas, and curves for it to draw.

A pen maps local units: x in [-0.5, 0.5] across its box (facing right), y in [0, 1] up from its foot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import ImageDraw

from captioner.world.layout import Placed
from captioner.world.palette import Colour, mix

Point = tuple[float, float]


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
