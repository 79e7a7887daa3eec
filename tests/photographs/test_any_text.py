"""Annotations and tables of any content: read back as written, and of any damage one error."""

from __future__ import annotations

import codecs
import csv
import io
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from captioner.foundation.errors import InputError
from captioner.photographs.annotations import Captions, read_captions, write_captions
from captioner.photographs.photographs import by_karpathy, read_table

WRITTEN = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)  # what a file can hold
SAID = WRITTEN.filter(str.strip)
NAMES = SAID.filter(lambda name: "\0" not in name)
IDS = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
KEYS = st.sampled_from(["id", "image_id", "caption", "file_name", "cocoid", "split", "sentences"])
ROWS = st.lists(st.dictionaries(KEYS, SCALARS | st.sampled_from([1, 2, "a.jpg", "train", "A dog."]), max_size=6) | JSON)
DOCUMENTS = st.fixed_dictionaries({}, optional={"images": ROWS | JSON, "annotations": ROWS | JSON}) | JSON


@pytest.mark.slow
@given(st.dictionaries(IDS, st.tuples(NAMES, st.lists(SAID, min_size=1, max_size=3)), max_size=5))
def test_captions_are_read_back_as_they_were_written(tmp_path_factory, images):
    path = tmp_path_factory.getbasetemp() / "captions.json"
    files = {key: name for key, (name, _) in images.items()}
    captions = {key: [" ".join(text.split()) for text in texts] for key, (_, texts) in images.items()}
    write_captions(path, Captions(files, captions), "any")
    assert read_captions(path) == Captions(files, captions)


@pytest.mark.slow
@settings(max_examples=150)
@given(DOCUMENTS)
def test_any_json_is_annotations_or_one_error(tmp_path_factory, document):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    for left_out in (None, []):
        try:
            found = read_captions(path, left_out)
        except InputError as error:
            assert str(error).startswith(str(path))
        else:
            assert found.files.keys() == found.captions.keys() and all(found.captions.values())
    try:
        by_karpathy(path, {})
    except InputError as error:
        assert str(error).startswith(str(path))
    else:
        assert document["images"] in ([], {}, "")


@given(st.binary(max_size=200))
def test_any_bytes_are_annotations_or_one_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    for read in (read_captions, lambda path: by_karpathy(path, {})):
        try:
            read(path)
        except InputError as error:
            assert str(error).startswith(str(path))


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12).filter(str.strip)


@given(
    st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=6),
    st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_a_table_is_read_back_as_it_was_written(tmp_path_factory, rows, delimiter, encoding, end):
    folder, text = tmp_path_factory.getbasetemp(), io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([("caption", "image"), *((caption, name) for name, caption in rows)])
    (folder / "any.csv").write_bytes(text.getvalue().encode(encoding))
    found = read_table(folder / "any.csv", folder, None).captions
    wanted: dict[str, list[str]] = {}
    for name, caption in rows:
        wanted.setdefault(name.strip(), []).append(" ".join(caption.split()))
    assert {found.files[key]: texts for key, texts in found.captions.items()} == wanted


@given(st.sampled_from([b"", b"file,caption\n", b"image|comment\n", codecs.BOM_UTF16_LE]), st.binary(max_size=100))
@example(b"file,caption\n", b"\0,\0\n")
def test_any_bytes_are_a_table_or_one_error(tmp_path_factory, head, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(head + content)
    for left_out in (None, []):
        try:
            read_table(path, path.parent, left_out)
        except InputError as error:
            assert str(error).startswith(str(path))
