"""Photographs from outside: the rule that chooses, Karpathy's split, tables, files that are no picture."""

from __future__ import annotations

import codecs
import csv
import hashlib
import json

import pytest
from photograph_files import coco, jpeg
from PIL import Image

from captioner.config.data import CocoData, TableData
from captioner.foundation.errors import InputError
from captioner.photographs import photographs
from captioner.photographs.photographs import chosen, collect, inspect, read_coco, read_table


def settings(**changes):
    values = {
        "source": "coco", "folder": "/x", "train_captions": "annotations/train.json", "train_folder": "train",
        "test_captions": "annotations/test.json", "test_folder": "test", "train_images": 0, "test_images": 0,
        "karpathy": "", "on_bad_image": "stop",
    }  # fmt: skip
    return CocoData(**{**values, **changes})


@pytest.fixture
def world(tmp_path):
    coco(tmp_path, "train", 12)
    coco(tmp_path, "test", 6, first=101)
    return tmp_path


def test_the_rule_is_the_documented_one():
    """First ids in the order of SHA-256 of "seed/id": nested, and of no file's order."""
    ids = list(range(500, 560))
    ranked = sorted(ids, key=lambda key: hashlib.sha256(f"3/train/{key}".encode()).hexdigest())
    assert chosen(ids, 10, "3/train") == sorted(ranked[:10]) == chosen(ids[::-1], 10, "3/train")
    assert set(chosen(ids, 10, "3/train")) < set(chosen(ids, 11, "3/train"))
    assert chosen(ids, 0, "3/train") == ids and chosen(ids, 10, "4/train") != chosen(ids, 10, "3/train")


def test_sets_of_a_folder(world):
    captions, rows, left_out = collect(settings(train_images=5), world, 1, 2, world / "journal")
    assert {name: len(its.files) for name, its in captions.items()} == {"train": 5, "test": 6} and not left_out
    for row in rows:
        content = (world / row.source_set / row.file_name).read_bytes()
        assert (row.size, row.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert row.location == (world / row.source_set).as_posix()
        assert captions[row.source_set].captions[row.image_id] == [f"caption {n} of {row.image_id}" for n in range(2)]
    assert not {row.image_id for row in rows if row.source_set == "train"} & set(captions["test"].files)


def test_only_what_is_chosen_is_opened(world, monkeypatch):
    opened = []
    decode = photographs.decode
    monkeypatch.setattr(photographs, "decode", lambda content, name: opened.append(name) or decode(content, name))
    collect(settings(train_images=3, test_images=2), world, 1, 2, world / "journal")
    assert len(opened) == 5


def test_an_id_in_two_sets_is_refused(world):
    coco(world, "test", 6, first=7)
    with pytest.raises(InputError, match=r"6 image ids stand in both sets, the first is 7"):
        collect(settings(), world, 1, 2, world / "journal")


def test_karpathys_split(world):
    split = {1: "train", 2: "restval", 3: "val", 101: "test", 102: "train"}
    rows = [{"cocoid": key, "split": name, "filename": "COCO_val2014_x.jpg"} for key, name in split.items()]
    path = world / "dataset_coco.json"
    path.write_text(json.dumps({"images": rows}))
    captions, rows, _ = collect(settings(karpathy=str(path)), world, 1, 2, world / "journal")
    assert {name: sorted(its.files) for name, its in captions.items()} == {
        "train": [1, 2, 102], "val": [3], "test": [101],
    }  # fmt: skip
    assert {row.image_id: row.location.rpartition("/")[2] for row in rows}[102] == "test"
    for content, told in (
        ("[]", "not Karpathy"), ('{"images": [{"cocoid": 1}]}', "not Karpathy"),
        ('{"images": [{"cocoid": 1, "split": "dev"}]}', "unknown splits dev"),
        ('{"images": [{"cocoid": 99, "split": "val"}]}', "1 of its images .* id 99"),
    ):  # fmt: skip
        path.write_text(content)
        with pytest.raises(InputError, match=told):
            collect(settings(karpathy=str(path)), world, 1, 2, world / "journal")
    with pytest.raises(InputError, match="no such file"):
        collect(settings(karpathy=str(world / "gone.json")), world, 1, 2, world / "journal")


def bomb(path):
    """30,000 x 30,000 pixels in half a megabyte."""
    Image.new("1", (30_000, 30_000)).save(path, "PNG", compress_level=1)


BAD = {
    "truncated": (lambda path: path.write_bytes(jpeg(1, (400, 300))[:3000]), "damaged or no picture"),
    "zero bytes": (lambda path: path.write_bytes(b""), "0 bytes"),
    "HTML": (lambda path: path.write_text("<!DOCTYPE html><html></html>"), "damaged or no picture"),
    "too many pixels": (bomb, "30000 x 30000|exceeds limit"),
    "missing": (lambda path: path.unlink(), "no such image"),
    "folder": (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BAD)
def test_pictures_that_cannot_be_used(world, kind):
    damage, told = BAD[kind]
    path = world / "train" / f"{4:012d}.jpg"
    damage(path)
    with pytest.raises(
        InputError, match=rf"set train: 1 of 12 pictures .*on_bad_image to skip\n.*{path.name}.*({told})"
    ):
        collect(settings(), world, 1, 2, world / "journal")
    captions, rows, left_out = collect(settings(on_bad_image="skip"), world, 1, 2, world / "journal")
    assert 4 not in captions["train"].files and 4 not in {row.image_id for row in rows} and len(rows) == 17
    (each,) = left_out
    assert each.image_id == 4 and each.file == str(path) and path.name in each.reason


def test_the_first_offenders_and_their_count_are_told(world):
    for key in range(1, 10):
        (world / "train" / f"{key:012d}.jpg").write_bytes(b"")
    with pytest.raises(InputError) as told:
        collect(settings(), world, 1, 2, world / "journal")
    assert "9 of 12 pictures" in str(told.value) and "and 4 more" in str(told.value)


def without_captions(document):
    document["annotations"] = [row for row in document["annotations"] if row["image_id"] != 3]


def blank(document):
    document["annotations"][0]["caption"] = " \n\t"


def stranger(document):
    document["annotations"][0]["image_id"] = 999


@pytest.mark.parametrize(("damage", "told", "image", "caption"), [
    (without_captions, "image 3 .* has no caption", 1, 0), (blank, "annotation 100 .* empty caption", 0, 1),
    (stranger, "annotation 100 is of image 999", 0, 1),
])  # fmt: skip
def test_captions_that_cannot_be_used(world, damage, told, image, caption):
    document = coco(world, "train", 12)
    damage(document)
    (world / "annotations/train.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=told):
        read_coco(world / "annotations/train.json", world / "train", None)
    captions, _, left_out = collect(settings(on_bad_image="skip"), world, 1, 2, world / "journal")
    assert len(captions["train"].files) == 12 - image
    assert [bool(each.file) for each in left_out] == [True] * image + [False] * caption


@pytest.mark.parametrize("damage", [
    lambda d: d["images"].append(d["images"][0]), lambda d: d["annotations"].append(d["annotations"][0]),
    lambda d: d.pop("images"), lambda d: d["images"].append({"id": "5", "file_name": "x"}),
])  # fmt: skip
def test_what_is_no_coco_file_is_refused_even_when_skipping(world, damage):
    document = coco(world, "train", 12)
    damage(document)
    (world / "annotations/train.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"train\.json"):
        read_coco(world / "annotations/train.json", world / "train", [])


def test_a_missing_folder(world):
    with pytest.raises(InputError, match="no such folder of images"):
        read_coco(world / "annotations/test.json", world / "gone", None)


def test_an_interrupted_inspection_goes_on_there(world, monkeypatch):
    its = read_coco(world / "annotations/train.json", world / "train", None)
    decode, seen = photographs.decode, []

    def counted(content, name):
        seen.append(name)
        return decode(content, name)

    monkeypatch.setattr(photographs, "decode", counted)
    whole = inspect(its, "train", 1, world / "journal", None)
    assert len(seen) == 12
    journal = world / "journal"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:7]) + lines[7][:10])  # killed while it wrote the eighth
    (world / "train" / f"{2:012d}.jpg").write_bytes(jpeg(77))  # and one has changed since
    seen.clear()
    again = inspect(its, "train", 1, journal, None)
    assert len(seen) == 12 - 7 + 1
    assert [row for row in again if row.image_id != 2] == [row for row in whole if row.image_id != 2]
    assert next(row for row in again if row.image_id == 2).sha256 == hashlib.sha256(jpeg(77)).hexdigest()


def table(folder, rows, columns=("file", "caption"), encoding="utf-8"):
    with (folder / "table.csv").open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return folder / "table.csv"


def test_a_table_of_files_and_captions(world):
    rows = [(f"{key:012d}.jpg", f'caption "{n}", of {key}') for n in range(2) for key in range(1, 11)]
    config = TableData(
        source="table", file=str(table(world, rows)), folder=str(world / "train"), train_images=0, test_images=3,
        on_bad_image="stop",
    )  # fmt: skip
    captions, manifest, _ = collect(config, world / "train", 1, 2, world / "journal")
    assert {name: len(its.files) for name, its in captions.items()} == {"train": 7, "test": 3}
    assert sorted(row.file_name for row in manifest) == sorted({name for name, _ in rows})
    for its in captions.values():
        for key, name in its.files.items():
            assert its.captions[key] == [text for file, text in rows if file == name]


def test_a_table_without_its_folder_and_a_caption_that_is_left_out(tmp_path):
    path = table(tmp_path, [("1.jpg", "x")])
    with pytest.raises(InputError, match="no such folder"):
        read_table(path, tmp_path / "gone", None)
    path = table(tmp_path, [("1.jpg", "x"), ("2.jpg", " ")], encoding="utf-8-sig")
    left_out = []
    assert list(read_table(path, tmp_path, left_out).captions.files.values()) == ["1.jpg"]
    assert [(each.image_id, each.file) for each in left_out] == [(2, ""), (2, "2.jpg")]


CAPTIONS_TXT = 'image,caption\n1.jpg,"A dog , brown , runs ."\n1.jpg,A dog .\n2.jpg,A cat .\n'
RESULTS_CSV = (
    'image_name| comment_number| comment\n1.jpg| 0| A "dog , brown , runs .\n1.jpg| 1| A dog .\n2.jpg| 0| A cat .\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("text", ["comma", "semicolon", "tab", "flickr30k"])
def test_tables_as_people_have_them(tmp_path, text, end, encoding):
    """Flickr8k's captions.txt, what a spreadsheet makes of it, and Flickr30k's results.csv."""
    content = {
        "comma": CAPTIONS_TXT,
        "semicolon": "Image;Caption\n1.jpg;A dog , brown , runs .\n1.jpg;A dog .\n2.jpg;A cat .\n",
        "tab": CAPTIONS_TXT.replace("image,", "image\t").replace("jpg,", "jpg\t"),
        "flickr30k": RESULTS_CSV,
    }[text].replace("\n", end)
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    (tmp_path / "table").write_bytes(mark + content.encode(encoding))
    found = read_table(tmp_path / "table", tmp_path, None)
    first = 'A "dog , brown , runs .' if text == "flickr30k" else "A dog , brown , runs ."
    assert found.captions.files == {1: "1.jpg", 2: "2.jpg"}
    assert found.captions.captions == {1: [first, "A dog ."], 2: ["A cat ."]}


def test_a_row_of_flickr30k_without_its_caption_is_named(tmp_path):
    (tmp_path / "table").write_text(RESULTS_CSV + "2199200615.jpg| 4   A dog runs across the grass .\n")
    with pytest.raises(InputError, match=r"line 5 \(2199200615\.jpg\) has an empty caption"):
        read_table(tmp_path / "table", tmp_path, None)
