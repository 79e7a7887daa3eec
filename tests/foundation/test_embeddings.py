"""Embeddings are found by image, in the order asked for."""

import pytest
import torch

from captioner.foundation.embeddings import Embeddings


def test_round_trip_and_order(tmp_path):
    vectors = torch.randn(4, 3)
    embeddings = Embeddings([40, 7, 2**40, 0], vectors)
    embeddings.save(tmp_path / "x.safetensors")
    loaded = Embeddings.load(tmp_path / "x.safetensors")
    assert loaded.ids == embeddings.ids and torch.equal(loaded.vectors, vectors)
    assert torch.equal(loaded.of([0, 40, 0]), vectors[[3, 0, 3]])
    assert loaded.of([]).shape == (0, 3)
    with pytest.raises(KeyError):
        loaded.of([1])
