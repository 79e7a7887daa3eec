"""Pictures of every mode and format that Pillow knows: read as they look; and damaged in any way: one error."""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import pytest
import torch
from conftest import CPU
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from captioner.encoders.encoder import ClipEncoder
from captioner.foundation.errors import InputError
from captioner.photographs.images import decode, picture_suffixes
from captioner.web.uploads import Refused, upload_picture

import clip  # isort: skip

BLACK_OR_WHITE = np.random.default_rng(3).integers(0, 2, (14, 22), dtype=np.uint8) * 255
MODES = {  # the same picture in each mode
    "1": lambda grey: grey.convert("1"), "L": lambda grey: grey, "P": lambda grey: grey.convert("P"),
    "RGB": lambda grey: grey.convert("RGB"), "CMYK": lambda grey: grey.convert("RGB").convert("CMYK"),
    "YCbCr": lambda grey: grey.convert("YCbCr"), "LA": lambda grey: grey.convert("LA"),
    "RGBA": lambda grey: grey.convert("RGBA"), "PA": lambda grey: grey.convert("LA").convert("PA"),
    "HSV": lambda grey: grey.convert("RGB").convert("HSV"), "RGBX": lambda grey: grey.convert("RGBX"),
    "I;16": lambda grey: Image.fromarray(np.asarray(grey).astype(np.uint16) * 257),
    "I": lambda grey: Image.fromarray(np.asarray(grey).astype(np.int32) * 257),
    "F": lambda grey: Image.fromarray(np.asarray(grey).astype(np.float32) / 255),
}  # fmt: skip
LOSSLESS = {
    "PNG": {}, "BMP": {}, "TIFF": {}, "TGA": {}, "PPM": {}, "PCX": {}, "SGI": {}, "IM": {}, "DIB": {}, "QOI": {},
    "GIF": {}, "MSP": {}, "XBM": {}, "DDS": {}, "WEBP": {"lossless": True}, "JPEG2000": {"irreversible": False},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}  # fmt: skip


def saved(image: Image.Image, kind: str, **options: object) -> bytes | None:
    """The picture's file; None where the format does not hold this mode."""
    written = io.BytesIO()
    try:
        image.save(written, kind, **options)
    except (OSError, ValueError, KeyError, SystemError):
        return None
    return written.getvalue()


GREY = Image.fromarray(BLACK_OR_WHITE)
FILES = {(kind, mode): saved(MODES[mode](GREY), kind, **LOSSLESS[kind]) for kind, mode in product(LOSSLESS, MODES)}
CUT = set(product(("GIF", "WEBP", "AVIF"), ("I", "I;16", "F")))  # Pillow writes 8 bits there, cut and not scaled
HELD = {place: content for place, content in FILES.items() if content and place not in CUT}


def colours(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"))


def test_every_format_holds_some_mode_and_every_mode_is_held():
    assert {kind for kind, _ in HELD} == set(LOSSLESS)
    assert {mode for _, mode in HELD} >= set(MODES) - {"HSV", "PA", "RGBX"}  # which few files can hold


@pytest.mark.parametrize(("kind", "mode"), HELD)
def test_one_picture_in_every_mode_and_lossless_format_looks_the_same(kind, mode):
    found = colours(decode(HELD[kind, mode], "x"))
    assert found.shape == (14, 22, 3)
    assert np.abs(found.astype(int) - BLACK_OR_WHITE[..., None]).max() <= (1 if kind == "AVIF" else 0)


def test_one_picture_in_every_lossless_format_has_one_embedding_which_is_openai_clips(clip_model):
    """CLIP's own transform, which resizes before it converts, so that the mode counts."""
    encoder = ClipEncoder(clip_model, CPU)
    noise = Image.fromarray(np.random.default_rng(4).integers(0, 256, (40, 50, 3), dtype=np.uint8))
    own = clip.clip._transform(clip_model.visual.input_resolution)(noise)
    files = {kind: saved(noise, kind, **options) for kind, options in LOSSLESS.items() if kind not in ("GIF", "AVIF")}
    seen = {kind: encoder.preprocess(decode(content, kind)) for kind, content in files.items() if content}
    assert len(seen) >= 12 and all(torch.equal(pixels, own) for pixels in seen.values())


@pytest.mark.parametrize("suffix", sorted(picture_suffixes()))
def test_every_ending_that_a_folder_is_searched_for_is_of_a_file_that_is_read(suffix):
    kind = Image.registered_extensions()[suffix]
    files = [saved(MODES[mode](GREY.resize((32, 32))), kind) for mode in ("RGB", "L", "1") if kind in Image.SAVE]
    for content in filter(None, files):
        width, height = decode(content, suffix).size
        assert width == height >= 32  # icons come in sizes of their own


def test_of_an_animation_the_first_frame_counts_and_cmyk_is_read():
    frames = [Image.fromarray(np.full((9, 9, 3), value, np.uint8)) for value in (10, 200)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:], **LOSSLESS[kind])
        assert np.unique(colours(decode(content, kind))).tolist() == [10], kind
    cmyk = decode(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100), "x")
    assert np.abs(colours(cmyk).astype(int) - (255, 0, 0)).max() <= 3


@given(st.sampled_from(["white", "black", "#ff8000", "#102030"]), st.integers(0, 2**32 - 1))
def test_what_is_transparent_shows_the_background(background, seed):
    """By hand: colour x alpha + background x (1 - alpha), to the rounding of 8 bits; an opaque picture is itself."""
    drawn = np.random.default_rng(seed).integers(0, 256, (5, 6, 4), dtype=np.uint8)
    found = colours(decode(saved(Image.fromarray(drawn), "PNG"), "x", background=background))
    alpha = drawn[..., 3:] / 255
    behind = np.array(Image.new("RGB", (1, 1), background).getpixel((0, 0)))
    assert np.abs(found - (drawn[..., :3] * alpha + behind * (1 - alpha))).max() <= 1
    opaque = saved(Image.fromarray(drawn[..., :3]), "PNG")
    assert np.array_equal(colours(decode(opaque, "x", background=background)), drawn[..., :3])


OTHERS = [saved(MODES["RGB"](GREY), kind) for kind in ("JPEG", "ICO", "MPO", "SPIDER")]
SEEDS = [*HELD.values(), *filter(None, OTHERS)]
SPOILT = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A picture's file with some bytes changed, most near its start, and perhaps an end that is missing."""
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for share, byte in draw(SPOILT):
        content[int(share**2 * len(content))] = byte
    return bytes(content[: draw(st.one_of(st.none(), st.integers(0, len(content))))])


@pytest.mark.slow
@settings(max_examples=800)
@given(damaged())
def test_a_damaged_picture_is_a_picture_or_one_error(content):
    try:
        picture = decode(content, "some name")
    except InputError as error:
        assert str(error).startswith("some name: ")
    else:
        assert picture.convert("RGB").size == picture.size and min(picture.size) > 0
    try:
        upload_picture(content, "", "x")
    except Refused as error:
        assert error.status in (400, 413, 415)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_one_error(content):
    test_a_damaged_picture_is_a_picture_or_one_error.hypothesis.inner_test(content)
