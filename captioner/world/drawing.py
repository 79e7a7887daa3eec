"""Paints a `Scene` as a flat picture-book illustration: sky, setting, then the things from back to front."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from captioner.world.animals import ANIMALS, paint_flying_bird
from captioner.world.landscapes import LANDSCAPES
from captioner.world.layout import ON_LEDGE, Placed, layout
from captioner.world.palette import TONES, Tone
from captioner.world.pen import Pen
from captioner.world.rooms import ROOMS, paint_ledge
from captioner.world.scene import INDOOR, Scene
from captioner.world.sky import LIGHTS, paint_sky
from captioner.world.things import THINGS
from captioner.world.vehicles import VEHICLES

SUPERSAMPLING = 2
Painter = Callable[[Pen, Tone, random.Random], None]  # stays within its box but for half an outline
KIND_PAINTERS: dict[str, Painter] = VEHICLES | ANIMALS | THINGS
SETTING_PAINTERS: dict[str, Callable[[Pen, random.Random], None]] = LANDSCAPES | ROOMS


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
        paint_sky(Pen(canvas, whole), rng, scene.sky, 0.4)
    SETTING_PAINTERS[scene.setting](back, rng)
    held = scene.relation == "on"
    if scene.setting in INDOOR and any(
        group.kind in ON_LEDGE and not (held and i == 1) for i, group in enumerate(scene.groups)
    ):
        paint_ledge(back)
    for thing in things:
        if not (thing.flying or (held and thing.group == 1)):
            x, y = thing.x * side, thing.base * side
            rx, ry = 0.52 * thing.width * side, max(0.012, 0.045 * thing.width) * side
            glaze.ellipse((x - rx, y - ry, x + rx, y + ry), (30, 30, 60, 70))
        group = scene.groups[thing.group]
        painter = paint_flying_bird if thing.flying and group.kind == "bird" else KIND_PAINTERS[group.kind]
        painter(Pen(canvas, thing), TONES[group.colour], rng)
    return image.reduce(SUPERSAMPLING)
