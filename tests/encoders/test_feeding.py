"""Pictures by worker processes, out of a folder and out of an archive, whatever way the processes are started."""

from __future__ import annotations

import io
import multiprocessing
import pickle

import pytest
import torch
from conftest import CPU
from PIL import Image

from captioner.encoders.feeding import Pictures, batches, workers_beside
from captioner.encoders.openai_clip import as_bytes
from captioner.foundation.errors import InputError
from captioner.photographs.images import ManifestReader, manifest_rows, write_archive


def ready(image):
    return as_bytes(image, 8)


@pytest.fixture(params=["folder", "archive"])
def reader(request, tmp_path):
    """Five pictures of one grey each, 0 to 4; the last is damaged after it was listed."""
    files = {}
    for key in range(5):
        written = io.BytesIO()
        Image.new("RGB", (9, 8), (key, key, key)).save(written, "PNG")
        files[key] = (f"{key}.png", written.getvalue())
    if request.param == "archive":
        place = tmp_path / "all.tar"
        write_archive(place, files.values())
    else:
        place = tmp_path
        for name, content in files.values():
            (place / name).write_bytes(content)
    rows = manifest_rows(place, "test", {key: name for key, (name, _) in files.items()})
    return ManifestReader({row.image_id: row for row in rows})


@pytest.mark.parametrize("workers", [0, 2])
def test_pictures_come_in_their_order(reader, workers):
    told = list(batches(Pictures(reader.open, ready, [4, 0, 3, 1]), 3, workers, CPU))
    assert [batch[:, 0, 0, 0].tolist() for batch in told] == [[4, 0, 3], [1]]
    assert list(batches(Pictures(reader.open, ready, []), 3, workers, CPU)) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_a_changed_picture_is_named_as_it_is_without_workers(reader, workers):
    reader.manifest[2] = type(reader.manifest[2])(**{**vars(reader.manifest[2]), "sha256": "0" * 64})
    seen = batches(Pictures(reader.open, ready, range(5)), 2, workers, CPU)
    assert next(seen)[:, 0, 0, 0].tolist() == [0, 1]
    with pytest.raises(InputError, match=r"^\S*: 2\.png: its bytes are not those") as caught:
        list(seen)
    assert "Traceback" not in str(caught.value)


def test_what_a_worker_gets_can_be_sent_to_a_fresh_process(reader):
    """As on systems that do not fork; an archive that is open here is opened there again."""
    before = Pictures(reader.open, ready, range(5))
    assert torch.equal(before[3], ready(reader.open(3)))
    assert torch.equal(pickle.loads(pickle.dumps(before))[3], before[3])


def test_there_is_always_a_worker():
    assert 1 <= workers_beside(CPU) <= multiprocessing.cpu_count()
    assert workers_beside(torch.device("cuda")) >= 1
