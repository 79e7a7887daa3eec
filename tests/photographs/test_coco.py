"""COCO's archives, made small here and served by a local server's stand-in: unpacked whole or not at all."""

from __future__ import annotations

import hashlib
import zipfile

import pytest

from captioner.downloads.download import Remote
from captioner.foundation.errors import InputError
from captioner.photographs import coco


def archive(path, members: dict[str, str]):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


@pytest.fixture
def fetched(monkeypatch, tmp_path):
    """`fetch` copies from a folder instead of a server and counts what it was asked for."""
    asked = []

    def fetch(remote, path, cure):
        asked.append(remote.url)
        path.write_bytes((tmp_path / "server" / remote.url.rpartition("/")[2]).read_bytes())
        return path

    (tmp_path / "server").mkdir()
    monkeypatch.setattr(coco, "fetch", fetch)
    return asked


REMOTES = {"annotations": Remote("http://x/a.zip", None, None), "val2017": Remote("http://x/v.zip", None, None)}


def serve(tmp_path, **members):
    for name, content in members.items():
        archive(tmp_path / "server" / f"{name}.zip", content)


def test_layout(fetched, tmp_path):
    serve(tmp_path, a={"annotations/captions_val2017.json": "{}"}, v={"val2017/1.jpg": "1", "val2017/2.jpg": "2"})
    folder = tmp_path / "coco"
    assert coco.missing(folder, REMOTES) == list(REMOTES.values())
    coco.prepare(folder, "", REMOTES)
    assert sorted(path.name for path in folder.iterdir()) == ["annotations", "val2017"]
    assert (folder / "val2017/2.jpg").read_text() == "2"
    coco.prepare(folder, "", REMOTES)
    assert len(fetched) == 2 and not coco.missing(folder, REMOTES)


@pytest.mark.parametrize("name", ["../out", "val2017/../../out", "other/1.jpg", "/val2017/1.jpg"])
def test_foreign_members(fetched, tmp_path, name):
    serve(tmp_path, a={"annotations/x": ""}, v={"val2017/1.jpg": "1", name: "evil"})
    with pytest.raises(InputError, match="does not belong there"):
        coco.prepare(tmp_path / "coco", "", REMOTES)
    assert not (tmp_path / "coco/val2017").exists() and not (tmp_path / "out").exists()


def test_a_link_is_refused(fetched, tmp_path):
    serve(tmp_path, a={"annotations/x": ""}, v={})
    with zipfile.ZipFile(tmp_path / "server/v.zip", "w") as file:
        link = zipfile.ZipInfo("val2017/1.jpg")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="does not belong there"):
        coco.prepare(tmp_path / "coco", "", REMOTES)


def test_damaged_archives(fetched, tmp_path):
    serve(tmp_path, a={"annotations/x": ""}, v={"val2017/1.jpg": "content " * 100})
    path = tmp_path / "server/v.zip"
    content = bytearray(path.read_bytes())
    for damage in (content[: len(content) // 2], content.replace(b"content content", b"content c0ntent", 1)):
        path.write_bytes(damage)
        with pytest.raises(InputError, match="no whole zip archive"):
            coco.prepare(tmp_path / "coco", "", REMOTES)
        assert not (tmp_path / "coco/val2017").exists()


def test_an_interrupted_unpacking_starts_anew_without_a_download(fetched, tmp_path, monkeypatch):
    serve(tmp_path, a={"annotations/x": ""}, v={"val2017/1.jpg": "1", "val2017/2.jpg": "2"})
    extract = zipfile.ZipFile.extract

    def interrupted(self, member, path):
        if member.filename == "val2017/2.jpg":
            raise KeyboardInterrupt
        return extract(self, member, path)

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "extract", interrupted)
        with pytest.raises(KeyboardInterrupt):
            coco.prepare(tmp_path / "coco", "", REMOTES)
    assert (tmp_path / "coco/v.zip").exists() and not (tmp_path / "coco/val2017").exists()
    coco.prepare(tmp_path / "coco", "", REMOTES)
    assert sorted(path.name for path in (tmp_path / "coco/val2017").iterdir()) == ["1.jpg", "2.jpg"]
    assert not (tmp_path / "coco/.val2017.partial").exists()


def test_the_published_archives_have_sizes_and_sums():
    assert set(coco.ARCHIVES) == {"annotations", "train2017", "val2017"}
    for remote in coco.ARCHIVES.values():
        kind, _, digest = remote.digest.partition(":")
        assert remote.size > 10**8 and len(digest) == 2 * hashlib.new(kind).digest_size
