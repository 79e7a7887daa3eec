"""Pictures and prompts from strangers: what is let in, and what is refused before anything is done with it."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Sequence

from PIL import Image, UnidentifiedImageError

from captioner.foundation.errors import InputError
from captioner.photographs.images import decode
from captioner.web.protection import Refused

MOST_BYTES = 8 * 1024 * 1024  # of a picture's file
MOST_PIXELS = 25_000_000  # of a picture, before it is decoded
MOST_SIDE = 16_384  # pixels
MOST_RATIO = 100  # of the sides: a model's preprocessing makes the short one R pixels, and the long one R x ratio
MOST_PROMPTS = 8
MOST_CHARACTERS = 300  # of a prompt
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
}
UNSTATED = {"", "application/octet-stream"}
_TAG = re.compile(r"<[A-Za-z/!?]")


def upload_picture(content: bytes, declared: str, name: str) -> Image.Image:
    """The picture in an upload as RGB, upright, the first frame of an animation.

    `declared` is its stated MIME type, `name` its stated file name, which is only looked at. Refused: 400 without a
    whole picture or with a name like a path, 413 for too large a one, 415 for another format or another type than
    stated.
    """
    if any(each in name for each in "/\\\0") or name in (".", "..") or not name.isprintable():
        raise Refused(400, "the file's name must be a plain name, without a path or control characters")
    if not content:
        raise Refused(400, "no picture: the file is empty")
    if len(content) > MOST_BYTES:
        raise Refused(413, f"the file has more than {MOST_BYTES // 1024 // 1024} MB; send a smaller one")
    stated = declared.split(";")[0].strip().lower()
    stated = ALIASES.get(stated, stated)
    if stated not in (UNSTATED | set(TYPES.values())):
        raise Refused(415, f"{stated[:60]} is not read here; send a picture in JPEG, PNG, WEBP, GIF or BMP")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the sizes are looked at below
            with Image.open(io.BytesIO(content), formats=tuple(TYPES)) as image:
                kind, (width, height) = image.format, image.size
    except Image.DecompressionBombError as error:
        raise Refused(
            413, f"the picture has more than {MOST_PIXELS // 1_000_000} million pixels; scale it down"
        ) from error
    except UnidentifiedImageError as error:
        raise Refused(
            415, "this is no picture in a format that is read here; send JPEG, PNG, WEBP, GIF or BMP"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise Refused(400, "the picture is damaged; send another file") from error
    kind = "JPEG" if kind == "MPO" else kind  # several JPEGs in one file, as some telephones write them
    if stated not in UNSTATED and TYPES.get(kind or "") != stated:
        raise Refused(415, f"the file is stated to be {stated}, but it is {kind}; name it for what it is")
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise Refused(
            413,
            f"the picture has {width} x {height} pixels, more than {MOST_PIXELS // 1_000_000} million; scale it down",
        )
    if min(width, height) < 1:
        raise Refused(400, "the picture has no pixels")
    if max(width, height) > MOST_RATIO * min(width, height):
        raise Refused(413, f"the picture has {width} x {height} pixels, far longer than wide; crop it")
    try:
        return decode(content, "the picture", tuple(TYPES))
    except InputError as error:
        raise Refused(400, "the picture is damaged; send another file") from error


def upload_prompts(texts: Sequence[str]) -> list[str]:
    """The distinct prompts of a request, without white space at their ends.

    Refused with 400: too many, too long, control characters (of direction too), or markup.
    """
    if len(texts) > MOST_PROMPTS:
        raise Refused(400, f"{len(texts)} prompts; at most {MOST_PROMPTS} go together")
    prompts = []
    for text in texts:
        text = text.strip()
        if len(text) > MOST_CHARACTERS:
            raise Refused(400, f"a prompt of {len(text):,} characters; at most {MOST_CHARACTERS} are allowed")
        if any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") or directs(each) for each in text):
            raise Refused(400, "a prompt holds control characters; it has to be one line of plain text")
        if _TAG.search(text):
            raise Refused(400, "a prompt holds markup; it has to be plain text")
        prompts.append(text)
    return list(dict.fromkeys(prompts))


def directs(character: str) -> bool:
    """Whether this character changes the direction of the text around it."""
    return unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
