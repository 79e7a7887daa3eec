"""Images behind one reader, be it a folder or an uncompressed tar archive, and the manifest that lists them."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from captioner.foundation.errors import InputError

MOST_PIXELS = 80_000_000  # of a picture, before it is decoded
MOST_RATIO = 100  # of its sides: a model's preprocessing makes the short one R pixels, and the long one R x ratio
SIXTEEN_BITS = 65_535
BACKGROUND = "white"  # of what is transparent
UNDRAWN = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}  # formats that Pillow leaves to other programs, or cannot draw


@dataclass(frozen=True)
class ManifestRow:
    """One image: `location` is the folder or archive that holds `file_name`; `sha256` is of the file's bytes."""

    image_id: int
    source_set: str
    location: str
    file_name: str
    size: int  # bytes
    sha256: str


class ImageReader:
    """Bytes and pictures by file name from a folder or a tar archive; InputError where either is missing or damaged."""

    def __init__(self, location: Path) -> None:
        self.location = location
        self._spans: dict[str, tuple[int, int]] | None = None
        if os.path.isfile(location):
            try:
                with tarfile.open(location, "r:") as archive:
                    self._spans = {member.name: (member.offset_data, member.size) for member in archive}
            except (tarfile.TarError, OSError) as error:
                raise InputError(f"{location}: not an uncompressed tar archive ({error})") from error
            self._file = location.open("rb")
        elif not os.path.isdir(location):
            raise InputError(f"{location}: no such folder or archive of images")

    def __getstate__(self) -> Path:
        """For a worker process: an archive is opened there again."""
        return self.location

    def __setstate__(self, location: Path) -> None:
        self.__init__(location)

    def read(self, name: str) -> bytes:
        """The bytes of one image file."""
        if self._spans is None:
            return read_picture(self.location / name)
        if name not in self._spans:
            raise InputError(f"{self.location}: holds no image {name}, though the annotations list it")
        offset, size = self._spans[name]
        return os.pread(self._file.fileno(), size, offset)  # without a shared position: safe in threads

    def open(self, name: str) -> Image.Image:
        """One picture, upright (its EXIF orientation applied), in the file's own mode."""
        return decode(self.read(name), f"{self.location}: {name}")


def read_picture(path: Path) -> bytes:
    """The bytes of one image file; InputError where it is missing, cannot be read, or no file can have its name."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such image, though the captions list it") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:  # a zero byte, half a character
        raise InputError(f"{str(path)!r}: no name that a file can have ({error})") from error


def picture_suffixes() -> set[str]:
    """The endings of the files that Pillow can read, in lower case, each with its dot."""
    formats = Image.registered_extensions()
    return {suffix for suffix, kind in formats.items() if kind == "MPO" or (kind in Image.OPEN and kind not in UNDRAWN)}


def drawn_formats() -> tuple[str, ...]:
    """Pillow's names of the formats that it draws by itself, without handing a foreign file to another program."""
    Image.init()
    return tuple(kind for kind in Image.ID if kind not in UNDRAWN)


def decode(
    content: bytes, name: str, formats: Sequence[str] | None = None, background: str = BACKGROUND
) -> Image.Image:
    """The picture in these bytes, upright and opaque, with 8 bits a channel; InputError, with `name`, where it is not a
    whole picture, or too large or too narrow to be worked on.

    A mode that is so already stays, since CLIP's own preprocessing resizes before it converts to RGB; for others see
    `in_eight_bits`. `formats`: Pillow's names of the only ones to try, by default those that it draws by itself.
    """
    if not content:
        raise InputError(f"{name}: an empty file (0 bytes); replace the file")
    try:
        image = Image.open(io.BytesIO(content), formats=formats or drawn_formats())
        _check_size(image.size, name)
        image.load()
        return in_eight_bits(ImageOps.exif_transpose(image), name, background)
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{name}: damaged or no picture (of no known format); replace the file") from error
    except Exception as error:  # of damaged bytes, Pillow's readers make errors of any kind
        told = str(error) or type(error).__name__
        raise InputError(f"{name}: damaged or no picture ({told}); replace the file") from error


def _check_size(size: tuple[int, int], name: str) -> None:
    """InputError for a picture without pixels, with more than MOST_PIXELS, or with sides beyond MOST_RATIO."""
    short, long = sorted(size)
    if short < 1:
        raise InputError(f"{name}: damaged or no picture (no pixels); replace the file")
    if short * long > MOST_PIXELS:
        raise InputError(f"{name}: {size[0]} x {size[1]} pixels, more than {MOST_PIXELS:,}; scale it down")
    if long > MOST_RATIO * short:
        raise InputError(f"{name}: {size[0]} x {size[1]} pixels, more than {MOST_RATIO} times as long as wide; crop it")


def in_eight_bits(image: Image.Image, name: str, background: str = BACKGROUND) -> Image.Image:
    """The picture in a mode that converts to RGB as it looks, where its own does not.

    What is transparent shows `background` (a name or a code of Pillow's `ImageColor`), by default white, as paper does;
    integers of 16 bits are scaled to 8, numbers from 0 to 1 to 0 to 255. InputError, with `name`, for other numbers,
    whose range says nothing of black and white.
    """
    if image.mode == "F":
        values = np.asarray(image)
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise InputError(f"{name}: holds numbers outside of 0 to 1; save it with 8 or 16 bits a channel")
        return Image.fromarray(np.rint(values * 255).astype(np.uint8))
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > SIXTEEN_BITS:
            raise InputError(f"{name}: holds integers of more than 16 bits; save it with 8 or 16 bits a channel")
        return Image.fromarray(np.rint(values / (SIXTEEN_BITS / 255)).astype(np.uint8))
    if image.has_transparency_data:
        whole = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", whole.size, background), whole).convert("RGB")
    return image


def write_archive(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """An uncompressed tar archive whose bytes depend on the files' names and contents alone."""
    with tarfile.open(path, "w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def manifest_rows(location: Path, source_set: str, files: dict[int, str]) -> list[ManifestRow]:
    """The manifest of one archive that was just written (id -> file name), each file read once."""
    reader = ImageReader(location)
    contents = ((key, name, reader.read(name)) for key, name in files.items())
    return [
        ManifestRow(key, source_set, location.as_posix(), name, len(content), hashlib.sha256(content).hexdigest())
        for key, name, content in contents
    ]


def write_manifest(path: Path, rows: Iterable[ManifestRow]) -> None:
    """The manifest as CSV with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(ManifestRow)])
        writer.writerows(astuple(row) for row in rows)


def read_manifest(path: Path) -> dict[int, ManifestRow]:
    """The manifest by image id."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            ManifestRow(**{**row, "image_id": int(row["image_id"]), "size": int(row["size"])})
            for row in csv.DictReader(file)
        ]
    return {row.image_id: row for row in rows}


class ManifestReader:
    """Pictures by image id; each file's bytes are held against the manifest's hash."""

    def __init__(self, manifest: dict[int, ManifestRow]) -> None:
        self.manifest = manifest
        self._readers: dict[str, ImageReader] = {}

    def open(self, image_id: int) -> Image.Image:
        """One picture, upright; InputError where it is missing, damaged, or not the one that the manifest lists."""
        row = self.manifest[image_id]
        if row.location not in self._readers:
            self._readers[row.location] = ImageReader(Path(row.location))
        content = self._readers[row.location].read(row.file_name)
        name = f"{row.location}: {row.file_name}"
        if hashlib.sha256(content).hexdigest() != row.sha256:
            raise InputError(
                f"{name}: its bytes are not those that stage `data` saw; put the file back or run `dvc repro -f data`"
            )
        return decode(content, name)
