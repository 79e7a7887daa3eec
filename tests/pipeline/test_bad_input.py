"""Bad input, a line a case: what is given to whom, and the one error that comes of it. It names the file, the key or
the argument; nothing is written, changed or run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bad_input import (
    DEEP,
    LONG,
    POINTER,
    Act,
    Place,
    Spoil,
    Table,
    act,
    as_bytes,
    checked,
    coco,
    command,
    loop,
    put,
    raw,
    spoilt,
    tiff,
    unreadable,
)

from captioner.photographs.annotations import read_captions
from captioner.photographs.images import ImageReader
from captioner.photographs.photographs import by_karpathy, read_table
from captioner.web.uploads import upload_picture, upload_prompts
from tools.load import bomb, picture

CASES = Table()

# Pictures


def opened(content: bytes | Spoil | None, name: str = "x.png") -> Act:
    def prepare(at: Place) -> Path:
        if content is not None:
            at.file(name, content)
        return at.folder

    return act(prepare, lambda folder: ImageReader(folder).open(name))


PNG, JPEG = picture("PNG"), picture("JPEG")
CASES.add("picture", "x", opened, {
    "zero bytes": (b"", "0 bytes"),
    "cut": (PNG[:3000], "damaged or no picture"),
    "half of a JPEG": (JPEG[: len(JPEG) // 2], "truncated"),
    "a text": (b"no picture", "of no known format"),
    "a page for an error 404": (b"<!DOCTYPE html>", "of no known format"),
    "a pointer of git-lfs": (POINTER, "of no known format"),
    "a bomb": (bomb(60_000, 60_000), "exceeds limit"),
    "too many pixels": (bomb(12_000, 7_000), "12000 x 7000 pixels, more than 80,000,000"),
    "far longer than wide": (picture("PNG", (2001, 20)), "more than 100 times as long as wide"),
    "no pixels": (b"GIF89a" + bytes(30), "damaged or no picture"),
    "numbers beyond 1": (tiff(255.0), "outside of 0 to 1"),
    "NaN": (tiff(np.nan), "outside of 0 to 1"),
    "a program for Ghostscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "of no known format"),
    "DDS of an unknown kind": (spoilt("DDS", 80, 0), "Unknown pixel format"),
    "AVIF, damaged": (picture("AVIF")[:-200], "damaged or no picture"),
    "a folder": (Path.mkdir, "Is a directory"),
    "a link to itself": (loop, "Too many levels of symbolic links"),
    "unreadable": (unreadable, "cannot be read"),
    "missing": (None, "no such image"),
    "a zero byte in its name": (None, "x\0.png", "no name that a file can have"),
    "half a character in its name": (None, "x\ud800.png", "no name that a file can have"),
    "a name of 5,000 letters": (None, "x" * 5000, "File name too long"),
})  # fmt: skip

# Annotations and tables


def annotations(content: object) -> Act:
    return act(lambda at: at.file("x.json", as_bytes(content)), read_captions)


def karpathy(content: object) -> Act:
    return act(lambda at: at.file("x.json", as_bytes(content)), lambda path: by_karpathy(path, {}))


def tabled(content: bytes | Callable[[Path], object]) -> Act:
    return act(lambda at: at.file("x.csv", content), lambda path: read_table(path, path.parent, None))


TWICE = coco() | {"images": coco()["images"] * 2}, coco() | {"annotations": coco()["annotations"] * 2}
CASES.add("annotations", "x.json", annotations, {
    "no JSON": (b"{", "not JSON in UTF-8"),
    "empty": (b"", "not JSON in UTF-8"),
    "latin-1": ('{"images": "café"}'.encode("latin-1"), "not JSON in UTF-8"),
    "UTF-16": ("{}".encode("utf-16"), "not JSON in UTF-8"),
    "a pointer of git-lfs": (POINTER, "not JSON in UTF-8"),
    "nested too deep": (DEEP, "maximum recursion depth"),
    "a number too long": (b'{"images": [' + LONG + b"]}", "4300 digits"),
    "a folder": (Path.mkdir, "Is a directory"),
    "a link to itself": (loop, "Too many levels"),
    "missing": (lambda path: None, "no such annotations file"),
    "a list": ([], "no list `images`"),
    "no images": ({"annotations": []}, "no list `images`"),
    "no annotations": ({"images": []}, "no list `annotations`"),
    "images by id": ({"images": {"1": "1.jpg"}, "annotations": []}, "no list `images`"),
    "a text among the annotations": (coco() | {"annotations": ["A dog."]}, r"annotations\[0\] should have"),
    "an id that is text": (coco({"id": "1"}), r"images\[0\] should have id: int"),
    "an id that is true": (coco({"id": True}), r"images\[0\] should have id: int"),
    "an id that is NaN": (coco({"id": float("nan")}), r"images\[0\] should have id: int"),
    "an id beyond 64 bits": (coco({"id": 2**63}, {"image_id": 2**63}), "no integer of 64 bits"),
    "an image twice": (TWICE[0], "image id 1 stands 2 times"),
    "an annotation twice": (TWICE[1], "annotation id 1 stands 2 times"),
    "a stranger": (coco(None, {"image_id": 7}), "annotation 1 is of image 7, which is not listed"),
    "no captions": (coco() | {"annotations": []}, r"image 1 \(1.jpg\) has no caption"),
    "a blank caption": (coco(None, {"caption": " \n"}), r"annotation 1 \(image 1\) is an empty caption"),
    "a caption that is null": (coco(None, {"caption": None}), "caption: str"),
    "half a character": (coco(None, {"caption": "a \ud800"}), "half a character"),
    "a name with a zero byte": (coco({"file_name": "1\0.jpg"}), "no name that a file can have"),
    "a name with half a character": (coco({"file_name": "\ud800.jpg"}), "no name that a file can have"),
})  # fmt: skip
CASES.add("Karpathy's split", "x.json", karpathy, {
    "no JSON": (b"[", "not JSON"), "nested too deep": (DEEP, "recursion"), "a folder": (Path.mkdir, "Is a directory"),
    "a list": ([], "not Karpathy's"), "no split": ({"images": [{"cocoid": 1}]}, "not Karpathy's"),
    "an id that is text": ({"images": [{"cocoid": "1", "split": "val"}]}, "cocoid should be a number"),
    "no known split": ({"images": [{"cocoid": 1, "split": None}, {"cocoid": 2, "split": 3}]}, "unknown splits 3, None"),
    "a stranger": ({"images": [{"cocoid": 1, "split": "val"}]}, "in no annotations, the first with id 1"),
})  # fmt: skip
CASES.add("table", "x.csv", tabled, {
    "empty": (b"", "name the columns"), "other columns": (b"name,text\n1.jpg,A dog.\n", "name the columns"),
    "latin-1": ("file,caption\n1.jpg,café\n".encode("latin-1"), "no CSV in UTF-8"),
    "UTF-16, cut": ("file,caption\n".encode("utf-16")[:-1], "no CSV in UTF-8"),
    "an open quote": (b'file,caption\n1.jpg,"A dog.', "unexpected end of data"),
    "a cell of 200,000 letters": (b"file,caption\n1.jpg," + b"x" * 200_000, "field larger than field limit"),
    "no file": (b"file,caption\n,A dog.\n", "line 2: no file"),
    "no caption": (b"file,caption\n1.jpg\n", r"line 2 \(1.jpg\) has an empty caption"),
    "a folder": (Path.mkdir, "Is a directory"), "missing": (lambda path: None, "no such file"),
})  # fmt: skip

# Parameters

NAN, INFINITE = float("nan"), float("inf")
CASES.add("params.yaml", "params.yaml", checked, {
    "a text for a number": (put("1", "seed"), "seed: Input should be a valid integer"),
    "true for a number": (put(True, "seed"), "seed: Input should be a valid integer"),
    "a fraction for a number": (put(1.5, "seed"), "seed: Input should be a valid integer"),
    "NaN": (put(NAN, "compare", "confidence"), "compare.confidence: Input should be a finite number"),
    "infinity": (put(INFINITE, "scenes", "projection", "learning_rate"), "learning_rate: Input should be a finite"),
    "below the range": (put(0, "scenes", "caption", "max_new_tokens"), "greater than or equal to 1"),
    "beyond the range": (put(2**31, "seed"), "less than or equal to 2147483647"),
    "an unknown key": (put(1, "scenes", "embed", "sise"), "scenes.embed.sise: Unexpected"),
    "an unknown section": (put({}, "extra"), "extra: unknown"),
    "a missing section": (lambda params: params["scenes"].pop("embed"), "scenes.embed should hold"),
    "a missing key": (lambda params: params["scenes"]["embed"].pop("dtype"), "scenes.embed.dtype: "),
    "an unknown study": (put("cocoa", "study"), "'cocoa' is none of scenes, coco"),
    "a list of studies": (put(["coco"], "study"), "study: Input should be a valid string"),
    "a list of sources": (put(["drawn"], "scenes", "data", "source"), r"source: \['drawn'\] is none of"),
    "a map as a source": (put({}, "scenes", "data", "source"), "source: {} is none of"),
    "a list of prompts": (put(["A photo of"], "prompts"), "prompts: Input should be a valid dictionary"),
    "a short name that is none": (put("x", "prompts", "1st"), "prompts.1st: "),
    "a prompt too long": (put("word " * 500, "prompt"), "prompt: 500 tokens at least"),
    "a prompt that is a date": (None, raw("prompt", "2001-01-01"), "prompt: Input should be a valid string"),
    "a prompt with half a character": (None, raw("prompt", r'"a \ud800"'), "prompt: .*half a character"),
    "a prompt with control characters": (None, raw("prompt", r'"a \e[31m"'), "prompt: .*control characters"),
    "a day that is none": (None, raw("prompt", "2001-13-45"), "not valid YAML .month"),
    "a number too long": (None, raw("seed", LONG.decode()), "not valid YAML .*4300 digits"),
    "nested too deep": (None, raw("seed", "[" * 600), "not valid YAML .maximum recursion"),
    "foreign code": (None, raw("seed", "!!python/object/apply:os.mknod [executed]"), "not valid YAML"),
    "a tab": (None, lambda text: text + "\tx: 1\n", "not valid YAML"),
    "a key twice": (None, lambda text: text + "seed: 2\n", "duplicate key"),
    "two documents": (None, lambda text: text + "---\na: 1\n", "single document"),
    "no keys": (None, lambda text: "- 1\n", "should hold keys and values"),
    "empty": (None, lambda text: "", "should hold keys and values"),
    "latin-1": (None, lambda text: text.encode() + b"# \xe9\n", "not valid YAML"),
})  # fmt: skip

# Prompts, uploads, references and arguments


def prompted(*prompts: str) -> Act:
    return act(lambda at: at.captioner, lambda captioner: [captioner.check_prompt(prompt) for prompt in prompts])


def stated(*prompts: str) -> Act:
    return act(lambda at: prompts, upload_prompts)


def uploaded(content: bytes, kind: str = "", name: str = "x.png") -> Act:
    return act(lambda at: content, lambda content: upload_picture(content, kind, name))


CASES.add("prompt", "prompt", prompted, {
    "too long": ("word " * 500, "shorten it"), "half a character": ("a \udcff", "half a character"),
})  # fmt: skip
CASES.add("prompt of the page", "prompt", stated, {
    "too long": ("x" * 301, "301 characters; at most 300"), "too many": (*"abcdefghi", "9 prompts; at most 8"),
    "an escape": ("a\x1b[31m", "control characters"), "a zero byte": ("a\0b", "control characters"),
    "two lines": ("a\nb", "control characters"), "half a character": ("a\ud800", "control characters"),
    "a turn of direction": ("a\u202eb", "control characters"), "a new paragraph": ("a\u2029b", "control characters"),
    "markup": ("a <img src=x>", "markup"),
})  # fmt: skip
CASES.add("upload", "", uploaded, {
    "empty": (b"", "the file is empty"), "a text": (b"no picture", "no picture in a format that is read here"),
    "a bomb": (bomb(60_000, 60_000), "25 million pixels"), "many pixels": (bomb(6000, 6000), "6000 x 6000 pixels"),
    "far longer than wide": (picture("PNG", (2001, 20)), "far longer than wide"), "long": (bomb(20_000, 900),
    "20000 x"),
    "half a picture": (JPEG[: len(JPEG) // 2], "damaged"), "a TIFF": (tiff(0.5), "no picture in a format"),
    "another type": (PNG, "image/jpeg", "stated to be image/jpeg, but it is PNG"),
    "no picture's type": (PNG, "text/html", "text/html is not read here"),
    "too many bytes": (PNG + bytes(2**23), "more than 8 MB"), "a path": (PNG, "", "../x.png", "plain name"),
    "Windows's path": (PNG, "", "C:\\x.png", "plain name"), "a zero byte": (PNG, "", "x\0.png", "plain name"),
})  # fmt: skip

TOLD = {"a": ["A dog runs.", "A dog"], "b": ["Two cats"]}


def compared(references: object, candidates: object = TOLD | {"a": "a dog", "b": "cats"}, *options: str) -> Act:
    files = {"r.json": references, "c.json": candidates}
    return command("evaluate", "r.json", "c.json", "--no-java", *options, files=files)


CASES.add("references", "r.json", compared, {
    "no JSON": (b"{", "not JSON"), "nested too deep": (DEEP, "not JSON"), "a list": ([], "no references; they come as"),
    "a number": (5, "no references"), "none": ({}, "no image has a reference"),
    "a key twice": (b'{"a": ["x"], "a": ["y"]}', "the key 'a' stands twice"),
    "a number for texts": ({"a": 5}, "'a' should"),
    "half a character": ({"a": ["\ud800"]}, "half a character"),
    "COCO without captions": ({"images": []}, "annotation form"),
    "COCO, an image that is none": ({"images": [1], "annotations": []}, r"images\[0\] should have id"),
    "COCO, an image twice": ({"images": [{"id": 1}] * 2, "annotations": []}, "listed twice"),
    "COCO, a stranger": (coco(None, {"image_id": 2}), "which `images` does not list"),
    "COCO, no caption": (coco(None, {"caption": None}), r"annotations\[0\] should have"),
    "Karpathy's, no text": ({"images": [{"filename": "a", "sentences": [{}]}]}, r"images\[0\] should have sentences"),
    "Karpathy's, twice": ({"images": [{"filename": "a", "sentences": [{"raw": "x"}]}] * 2}, "listed twice"),
})  # fmt: skip
CASES.add("candidates", "c.json", lambda given: compared(TOLD, given), {
    "no JSON": (b"no", "not JSON"), "a number": (5, "no candidates; they come as"), "none": ([], "no captions"),
    "no captions": ({}, "no captions"), "two captions": ({"a": ["x", "y"]}, "more than one caption"),
    "null": ([{"image_id": "a", "caption": None}], r"\[0\] should have"),
    "true": ([{"image_id": True, "caption": "x"}], r"\[0\] should have"),
    "a stranger": ({"z": "x"}, "have no references"), "half a character": ({"a": "\ud800"}, "half a character"),
    "with and without an ending": ({"a": "x", "a.jpg": "y"}, "once with and once without an ending"),
})  # fmt: skip
IDF = {"format": "captioner-idf-1", "images": 2, "frequency": {}}


def with_idf(table: object) -> Act:
    files = {"r.json": TOLD, "c.json": {"a": "a dog"}, "idf.json": table}
    return command("evaluate", "r.json", "c.json", "--no-java", "--idf", "idf.json", files=files)


CASES.add("idf", "idf.json", with_idf, {
    "no JSON": (b"{", "not JSON"), "a list": ([], "not a table of idf"),
    "another format": ({"format": 2}, "not a table"),
    "no images": (IDF | {"images": 0}, "a number above 0"), "NaN": (IDF | {"images": float("nan")}, "a number above 0"),
    "more than there are": (IDF | {"frequency": {"a": 3}}, "a count of 1 to 2"),
    "a text for a count": (IDF | {"frequency": {"a": "1"}}, "a count of 1 to 2"),
    "five words": (IDF | {"frequency": {"a b c d e": 1}}, "1 to 4 words"),
})  # fmt: skip
CASES.add("command line", "", command, {
    "no command": ("the following arguments are required: COMMAND",),
    "an unknown one": ("dance", "invalid choice: 'dance'"),
    "no pictures in no project": ("caption", "x.png", "--project", "none", "none/params.yaml|none/paths.yaml"),
    "a file as project": ("caption", "x.png", "--project", "{study}/params.yaml", "Not a directory"),
    "a file as model": ("caption", "x.png", "--model", "{study}/params.yaml", "no exported model here"),
    "a model of 5,000 letters": ("caption", "x.png", "--model", "x" * 5000, "no exported model here"),
    "an encoder without a model": ("caption", "x.png", "--project", "{study}", "--encoder", "x", "only together with"),
    "a prompt too long": ("caption", "x.png", "--project", "{study}", "--prompt", "word " * 500, "shorten it"),
    "a prompt in latin-1": ("caption", "x.png", "--project", "{study}", "--prompt", "caf\udce9", "half a character"),
    "a colour that is none": ("caption", "x.png", "--background", "mauve-ish", "invalid colour value"),
    "tokens below zero": ("caption", "x.png", "--top-k", "-1", "invalid count value"),
    "a batch of nothing": ("caption", "x.png", "--batch-size", "0", "invalid positive value"),
    "a batch of everything": ("caption", "x.png", "--batch-size", "9" * 30, "invalid positive value"),
    "a number that is none": ("caption", "x.png", "--top-k", "many", "invalid count value"),
    "a format that is none": ("caption", "x.png", "--format", "xml", "invalid choice: 'xml'"),
    "a port that is none": ("app", "--port", "70000", "invalid port value"),
    "a host that is none": ("app", "--project", "{study}", "--host", "256.1.1.1", "--port", "0", "cannot listen there"),
    "an export over what is there": ("export", ".", "--project", "{study}", "already there"),
    "an export into a file": ("export", "{study}/params.yaml/x", "--project", "{study}", "File exists|Not a directory"),
    "missing references": ("evaluate", "none.json", "c.json", "none.json: cannot be read"),
    "no candidates": ("evaluate", "r.json", "required: CANDIDATES"),
})  # fmt: skip
CASES["idf: over a folder"] = (
    command("idf", "r.json", "old", files={"r.json": TOLD, "old": Path.mkdir}), "old", "a folder, which stays",
)  # fmt: skip
CASES["idf: into a file"] = (
    command("idf", "r.json", "r.json/x", files={"r.json": TOLD}),
    "r.json/x",
    "cannot be written",
)


@pytest.mark.parametrize("name", CASES)
def test_one_error_names_it_and_nothing_is_written(name, study, captioner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    CASES.refused(name, Place(tmp_path, study, captioner))
