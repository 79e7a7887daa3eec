"""Folder and archive are one to the reader, and no damaged or altered file passes."""

import hashlib
import io
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from captioner.foundation.errors import InputError
from captioner.photographs.images import (
    ImageReader,
    ManifestReader,
    decode,
    manifest_rows,
    picture_suffixes,
    read_manifest,
    write_archive,
    write_manifest,
)


def encoded(seed=0, kind="PNG", size=(20, 12), **options):
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind, **options)
    return buffer.getvalue()


FILES = {"1.png": encoded(1), "2.jpg": encoded(2, "JPEG"), "deep/3.png": encoded(3)}


@pytest.fixture(params=["folder", "archive"])
def location(request, tmp_path):
    """The same three images in a folder or an archive."""
    return stored(tmp_path, request.param, FILES)


def stored(root, kind, files):
    path = root / ("images" if kind == "folder" else "images.tar")
    if kind == "archive":
        write_archive(path, files.items())
        return path
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def test_bytes_and_pictures_are_those_stored(location):
    reader = ImageReader(location)
    for name in ("deep/3.png", "1.png", "2.jpg", "1.png"):
        assert reader.read(name) == FILES[name]
        expected = np.asarray(Image.open(io.BytesIO(FILES[name])).convert("RGB"))
        assert np.array_equal(np.asarray(reader.open(name)), expected)


def test_archive_bytes_depend_on_names_and_contents_alone(tmp_path):
    for name in ("a.tar", "b.tar"):
        write_archive(tmp_path / name, iter(FILES.items()))
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert {m.name: archive.extractfile(m).read() for m in archive} == FILES
        assert {(m.mtime, m.uid, m.uname) for m in archive} == {(0, 0, "")}


def test_threads_may_share_a_reader(tmp_path):
    files = {f"{n}.png": encoded(n) for n in range(40)}
    reader = ImageReader(stored(tmp_path, "archive", files))
    names = [*files] * 20
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(reader.read, names)) == [files[name] for name in names]
    finally:
        sys.setswitchinterval(interval)


def test_missing_image_is_named(location):
    with pytest.raises(InputError, match=r"9\.png"):
        ImageReader(location).read("9.png")


def test_missing_location_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        ImageReader(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", [lambda tar: tar[:-7000], lambda tar: b"no archive at all", lambda tar: b""])
def test_damaged_archive_is_named(tmp_path, damage):
    path = stored(tmp_path, "archive", {"1.png": encoded(1, size=(90, 90))})
    path.write_bytes(damage(path.read_bytes()[: 512 + 90 * 90 * 3]))
    with pytest.raises(InputError, match=r"images\.tar"):
        ImageReader(path).open("1.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_truncated_picture_never_passes(kind):
    """Whatever is cut off: an error, or (where only a checksum is gone) the very same pixels."""
    whole = encoded(4, kind)
    picture = decode(whole, "some name")
    for length in range(0, len(whole), 7):
        try:
            cut = decode(whole[:length], "some name")
        except InputError as error:
            assert "some name" in str(error)
        else:
            assert length > 0.95 * len(whole) and cut.tobytes() == picture.tobytes()


@pytest.mark.parametrize("content", [b"", b"just text", b"%PDF-1.7", b"\x00" * 4000])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(InputError, match="some name"):
        decode(content, "some name")


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_applied(turn):
    """Against the definition: which edge of the stored picture is the upright one's top, and which its left."""
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = np.asarray(Image.open(io.BytesIO(encoded(5))))
    upright = {
        1: stored, 2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1], 5: stored.transpose(1, 0, 2),
        6: stored[::-1].transpose(1, 0, 2), 7: stored[::-1, ::-1].transpose(1, 0, 2),
        8: stored[:, ::-1].transpose(1, 0, 2),
    }[turn]  # fmt: skip
    assert np.array_equal(np.asarray(decode(encoded(5, exif=exif), "x")), upright)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_an_opaque_mode_is_kept(mode):  # for CLIP's own preprocessing
    buffer = io.BytesIO()
    Image.new(mode, (5, 4)).save(buffer, "TIFF")
    picture = decode(buffer.getvalue(), "x")
    assert (picture.mode, picture.size) == (mode, (5, 4))


def test_manifest_round_trip_and_reader(tmp_path, location):
    files = {30: "1.png", 10: "2.jpg", 20: "deep/3.png"}
    rows = manifest_rows(location, "val", files)
    assert [row.sha256 for row in rows] == [hashlib.sha256(FILES[name]).hexdigest() for name in files.values()]
    write_manifest(tmp_path / "manifest.csv", rows)
    manifest = read_manifest(tmp_path / "manifest.csv")
    assert list(manifest.items()) == [(row.image_id, row) for row in rows]
    reader = ManifestReader(manifest)
    for key, name in files.items():
        assert reader.open(key).tobytes() == decode(FILES[name], name).tobytes()


def test_a_manifest_names_what_is_missing(location):
    with pytest.raises(InputError, match=r"gone\.png"):
        manifest_rows(location, "test", {1: "1.png", 2: "gone.png"})


@pytest.mark.parametrize("kind", ["folder", "archive"])
@pytest.mark.parametrize("change", ["altered", "missing"])
def test_a_file_that_changed_after_the_manifest_is_named(tmp_path, kind, change):
    rows = manifest_rows(stored(tmp_path, kind, FILES), "val", {1: "1.png", 2: "2.jpg"})
    if kind == "folder":
        (tmp_path / "images" / "1.png").unlink()
    stored(tmp_path, kind, {"2.jpg": FILES["2.jpg"], **({"1.png": encoded(99)} if change == "altered" else {})})
    reader = ManifestReader({row.image_id: row for row in rows})
    with pytest.raises(InputError, match=r"1\.png"):
        reader.open(1)
    assert reader.open(2).size == (20, 12)


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def colours(picture):
    return np.asarray(picture.convert("RGB"))


NOISE = np.random.default_rng(5).integers(0, 256, (12, 20, 4), dtype=np.uint8)
FEW = np.random.default_rng(6).integers(0, 2, (12, 20), dtype=np.uint8)  # black and white
LOSSLESS = {
    "PNG": {}, "BMP": {}, "TIFF": {}, "TGA": {}, "PPM": {}, "PCX": {}, "SGI": {}, "IM": {}, "DIB": {}, "QOI": {},
    "WEBP": {"lossless": True}, "JPEG2000": {"irreversible": False},
}  # fmt: skip


@pytest.mark.parametrize("kind", LOSSLESS)
def test_one_picture_in_every_lossless_format_is_one_picture(kind):
    rgb = Image.fromarray(NOISE[..., :3])
    assert np.array_equal(colours(decode(saved(rgb, kind, **LOSSLESS[kind]), "x")), NOISE[..., :3])


def transparent(mode):
    """Black where it shows, wholly transparent where it does not."""
    alpha = Image.fromarray(FEW * 255)
    if mode in ("RGBA", "LA"):
        image = Image.new(mode, alpha.size, (0,) * len(mode))
        image.putalpha(alpha)
        return image, {}
    palette = Image.fromarray(FEW).convert("L") if mode != "RGB" else Image.fromarray(np.stack([FEW] * 3, axis=-1))
    if mode == "P":
        palette = Image.fromarray(1 - FEW, "P")
        palette.putpalette([0, 0, 0, 9, 9, 9])
        return palette, {"transparency": 1}
    colour = Image.fromarray(np.where(FEW, 0, 77).astype(np.uint8)).convert(mode)
    return colour, {"transparency": 77 if mode == "L" else (77, 77, 77)}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB"])
def test_what_is_transparent_shows_white(mode):
    image, options = transparent(mode)
    found = colours(decode(saved(image, "PNG", **options), "x"))
    assert np.array_equal(found, np.stack([np.where(FEW, 0, 255)] * 3, axis=-1))


def test_half_transparent_black_is_grey_and_an_opaque_picture_is_itself():
    half = Image.new("RGBA", (2, 2), (0, 0, 0, 128))
    assert np.array_equal(colours(decode(saved(half, "PNG"), "x")), np.full((2, 2, 3), 127))
    opaque = Image.fromarray(np.dstack([NOISE[..., :3], np.full((12, 20, 1), 255, np.uint8)]))
    assert np.array_equal(colours(decode(saved(opaque, "PNG"), "x")), NOISE[..., :3])


@pytest.mark.parametrize(("kind", "dtype"), [("PNG", "<u2"), ("TIFF", "<u2"), ("TIFF", ">u2"), ("TIFF", "<i4")])
def test_sixteen_bits_are_scaled_to_eight(kind, dtype):
    grey = NOISE[..., 0]
    image = Image.fromarray((grey.astype(np.int64) * 257).astype(dtype))
    assert np.array_equal(colours(decode(saved(image, kind), "x"))[..., 0], grey)


def test_numbers_from_0_to_1_are_scaled_and_others_refused():
    grey = NOISE[..., 1]
    image = Image.fromarray((grey / 255).astype(np.float32))
    assert np.array_equal(colours(decode(saved(image, "TIFF"), "x"))[..., 2], grey)
    for value in (1.5, -0.1, np.nan, np.inf):
        values = np.full((3, 3), 0.5, np.float32)
        values[1, 1] = value
        with pytest.raises(InputError, match=r"^x: holds numbers outside of 0 to 1"):
            decode(saved(Image.fromarray(values), "TIFF"), "x")
    for value in (-1, 70_000):
        with pytest.raises(InputError, match=r"^x: holds integers of more than 16 bits"):
            decode(saved(Image.fromarray(np.full((2, 2), value, np.int32)), "TIFF"), "x")


def test_the_endings_of_a_folder_are_those_that_pillow_reads():
    suffixes = picture_suffixes()
    assert {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif", ".mpo", ".jp2"} <= suffixes
    assert not {".mpg", ".eps", ".h5", ".txt", ".csv", ".pdf"} & suffixes
    for suffix in (".png", ".avif", ".jp2", ".tga", ".jfif"):
        buffer = io.BytesIO()
        Image.fromarray(NOISE[..., :3]).save(buffer, Image.registered_extensions()[suffix])
        assert decode(buffer.getvalue(), suffix).size == (20, 12)
