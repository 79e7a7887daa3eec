"""Where the things of a `Scene` stand: `layout` places each in a box of its own.

Places and sizes are fractions of the picture's side, y growing downwards.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from captioner.world.scene import FLYING, INDOOR, Group, Scene

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
