"""Outputs appear whole or not at all."""

import errno
import os

import pytest

from captioner.foundation.atomic import replacing
from captioner.foundation.errors import InputError


@pytest.fixture(params=["file", "folder"])
def kind(request):
    return request.param


def put(path, kind, content):
    if kind == "folder":
        path.mkdir()
        path = path / "inside.txt"
    path.write_text(content)


def found(path):
    return (path / "inside.txt").read_text() if path.is_dir() else path.read_text()


@pytest.mark.parametrize(
    ("before", "kind"), [("", "file"), ("file", "file"), ("folder", "file"), ("", "folder"), ("folder", "folder")]
)
def test_a_block_that_ends_well_replaces_what_was_there(tmp_path, before, kind):
    path = tmp_path / "new" / "target.json"
    path.parent.mkdir()
    if before:
        put(path, before, "old")
    with replacing(path) as partial:
        assert partial.suffix == ".json" and partial.parent == path.parent and not partial.exists()
        put(partial, kind, "new")
        assert not before or found(path) == "old"
    assert found(path) == "new" and [*path.parent.iterdir()] == [path]


def test_parents_are_made(tmp_path):
    with replacing(tmp_path / "a" / "b" / "c.txt") as partial:
        partial.write_text("x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError(errno.EACCES, "no")])
def test_an_error_leaves_the_old_output_and_nothing_else(tmp_path, kind, error):
    path = tmp_path / "target"
    put(path, kind, "old")
    with pytest.raises(type(error)) as caught, replacing(path) as partial:
        put(partial, kind, "half")
        raise error
    assert caught.value is error
    assert found(path) == "old" and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_in_words(tmp_path, kind, number):
    path = tmp_path / "target.csv"
    with pytest.raises(InputError, match=r"target\.csv: the disk is full"), replacing(path) as partial:
        put(partial, kind, "half")
        raise OSError(number, os.strerror(number))
    assert [*tmp_path.iterdir()] == []


def test_a_block_that_writes_nothing_leaves_the_old_file(tmp_path):
    path = tmp_path / "target"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert path.read_text() == "old"


def test_a_library_that_tells_of_a_full_disk_in_its_own_way(tmp_path):
    """safetensors raises an error of its own, whose text alone says why."""

    class SomeError(Exception):
        pass

    with (
        pytest.raises(InputError, match=r"model\.safetensors: the disk is full"),
        replacing(tmp_path / "model.safetensors"),
    ):
        raise SomeError("I/O error: No space left on device (os error 28)")
    with pytest.raises(SomeError), replacing(tmp_path / "model.safetensors"):
        raise SomeError("something else")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path, kind):
    with replacing(tmp_path / "result.csv") as partial:
        left = partial
        partial.write_text("whole")
    if kind == "folder":
        left.mkdir()
        (left / "half").touch()
    else:
        left.write_text("half")
    with replacing(tmp_path / "result.csv") as partial:
        assert not partial.exists()
        partial.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["result.csv"]
    assert (tmp_path / "result.csv").read_text() == "new"
