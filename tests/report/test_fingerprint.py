"""Hashes of files and folders; versions of pinned packages."""

import hashlib

import pytest

from captioner.report.fingerprint import fingerprint, versions


def test_a_file_and_a_folder(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.txt").write_text("x")
    (tmp_path / "a.txt").write_text("y")
    digest = {text: hashlib.sha256(text.encode()).hexdigest() for text in "xy"}
    assert fingerprint(tmp_path / "a.txt") == digest["y"]
    told = f"a.txt {digest['y']}\nb/c.txt {digest['x']}\n"
    before = fingerprint(tmp_path)
    assert before == hashlib.sha256(told.encode()).hexdigest()
    (tmp_path / "b" / "c.txt").rename(tmp_path / "b" / "d.txt")
    assert fingerprint(tmp_path) != before


def test_versions():
    assert versions("# pins\na==1.2\nb==3\n", ("b",)) == {"b": "3"}
    with pytest.raises(KeyError):
        versions("a==1.2\n", ("c",))
