"""What a broken disk or a power cut leaves of a checkpoint: it is not taken up, and the computation goes on."""

from __future__ import annotations

import random

import pytest
import torch

from captioner.foundation.checkpoints import Checkpoints, Parts

STATE = {"step": 3, "weights": torch.arange(300.0), "losses": [(1, 0.5)], "text": "zwölf"}


def damaged(content: bytes) -> list[bytes]:
    """Nothing, zeros, other bytes, halves, and many files with one byte changed or cut off."""
    rng = random.Random(16)
    cuts = [content[: rng.randrange(1, len(content))] for _ in range(40)]
    flips = []
    for _ in range(60):
        at = rng.randrange(len(content))
        flips.append(content[:at] + bytes([content[at] ^ rng.randrange(1, 256)]) + content[at + 1 :])
    return [b"", bytes(len(content)), b"no checkpoint", *cuts, *flips]


def same(state) -> bool:
    return state is not None and state["text"] == STATE["text"] and torch.equal(state["weights"], STATE["weights"])


def test_a_damaged_state_is_none(tmp_path, capsys):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(STATE)
    whole = checkpoints.path.read_bytes()
    noticed = 0
    for content in damaged(whole):
        checkpoints.path.write_bytes(content)
        state = checkpoints.load()
        assert state is None or same(state)  # a changed byte may lie where nothing is
        noticed += state is None
        assert checkpoints.path.exists() == (state is not None)
    assert noticed > 60 and "damaged" in capsys.readouterr().err
    checkpoints.path.write_bytes(whole)
    assert same(checkpoints.load())


def test_parts_after_a_damaged_one_are_made_again(tmp_path):
    parts = Parts(tmp_path)
    for number in range(4):
        parts.add({"number": number})
    (tmp_path / "part-000001.pt").write_bytes(b"")
    assert [part["number"] for part in parts.load()] == [0]
    parts.add({"number": 7})
    assert [part["number"] for part in parts.load()] == [0, 7]


def test_what_is_no_damage_is_told(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.path.mkdir()
    with pytest.raises(OSError):
        checkpoints.load()
