"""Pictures as a rating study holds them: in a format that every browser shows, of moderate size."""

from __future__ import annotations

import io

from PIL import Image

from captioner.photographs.images import decode

KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MOST_SIDE = 1600  # pixels
MOST_BYTES = 1024 * 1024


def shown(content: bytes, name: str) -> tuple[str, bytes]:
    """MIME type and bytes for a browser: the file itself where it is small and of such a format, else a JPEG, upright
    and scaled down. InputError, with `name`, for what is no whole picture.
    """
    picture = decode(content, name)
    with Image.open(io.BytesIO(content)) as file:
        kind, plain = file.format, not file.getexif() and getattr(file, "n_frames", 1) == 1
    if kind in KINDS and plain and max(picture.size) <= MOST_SIDE and len(content) <= MOST_BYTES:
        return KINDS[kind], content
    picture = picture.convert("RGB")
    picture.thumbnail((MOST_SIDE, MOST_SIDE))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=90)
    return KINDS["JPEG"], written.getvalue()
