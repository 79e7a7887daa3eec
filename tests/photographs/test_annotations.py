"""COCO's format is read back as written, and every fault is named."""

import json

import pytest

from captioner.foundation.errors import InputError
from captioner.photographs.annotations import Captions, read_captions, write_captions


def document(**changes):
    whole = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
        "annotations": [
            {"id": 1, "image_id": 1, "caption": "A dog."},
            {"id": 2, "image_id": 2, "caption": "A cat."},
        ],
    }
    return {**whole, **changes}


def refused(path, content):
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(InputError) as caught:
        read_captions(path)
    message = str(caught.value)
    assert str(path) in message
    return message


def test_round_trip(tmp_path):
    captions = Captions({9: "9.png", 3: "3.png"}, {9: ["A dög.", 'Two "cats".'], 3: ["一只狗"]})
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    write_captions(first, captions, "made")
    again = read_captions(first)
    assert again == captions and list(again.files) == [9, 3] and list(again.captions) == [9, 3]
    write_captions(second, again, "made")
    assert first.read_bytes() == second.read_bytes()
    ids = [row["id"] for row in json.loads(first.read_bytes())["annotations"]]
    assert len(ids) == len(set(ids)) == 3


def test_captions_keep_their_order_and_lose_stray_white_space(tmp_path):
    path = tmp_path / "captions.json"
    told = ["  Second\nto\tnone. ", "First."]
    path.write_text(json.dumps(document(annotations=[
        {"id": 5, "image_id": 1, "caption": told[0]}, {"id": 4, "image_id": 2, "caption": "A cat."},
        {"id": 3, "image_id": 1, "caption": told[1], "extra": None},
    ])))  # fmt: skip
    assert read_captions(path).captions == {1: ["Second to none.", "First."], 2: ["A cat."]}


def test_many_problems_are_counted_and_the_first_are_shown(tmp_path):
    images = [{"id": n, "file_name": f"{n}.png"} for n in range(1, 10)]
    message = refused(tmp_path / "x.json", document(images=images))
    assert "7 problems" in message
    assert all(f"image {n} (" in message for n in range(3, 8))
    assert "image 8 (" not in message and "2 more" in message
