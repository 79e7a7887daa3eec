"""The nearest text to each image, against all cosines at once, in chunks, and after an interruption."""

import numpy as np
import pytest
import torch

from captioner.evaluation.retrieval import nearest
from captioner.foundation.checkpoints import Parts


class Words:
    """An encoder of texts that are numbers: their rows in a table of unit-norm vectors; counts what it embeds."""

    device = torch.device("cpu")

    def __init__(self, table):
        self.table, self.seen = table, []

    def encode_texts(self, texts):
        self.seen += texts
        return self.table[[int(text) for text in texts]]


@pytest.fixture
def table():
    drawn = torch.randn(50, 8, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.normalize(drawn, dim=-1)


@pytest.mark.parametrize(("chunk", "block"), [(1, 3), (7, 100), (50, 5), (100, 17)])
def test_the_highest_cosine_wins_whatever_the_chunks(table, chunk, block, tmp_path):
    images = table[::3] + 0.1
    expected = (images @ table.T).argmax(dim=1).tolist()
    texts = [str(row) for row in range(50)]
    assert nearest(images, texts, Words(table), Parts(tmp_path), chunk, block) == expected
    assert len(set(expected)) > 10


def test_the_first_of_equal_texts_wins(table, tmp_path):
    doubled = torch.cat([table, table])
    texts = [str(row) for row in range(100)]
    found = nearest(table[:20], texts, Words(doubled), Parts(tmp_path), 30)
    np.testing.assert_array_equal(found, range(20))


def test_an_interrupted_search_goes_on(table, tmp_path):
    texts = [str(row) for row in range(50)]

    class Broken(Words):
        def encode_texts(self, texts):
            if "20" in texts:
                raise KeyboardInterrupt
            return super().encode_texts(texts)

    with pytest.raises(KeyboardInterrupt):
        nearest(table, texts, Broken(table), Parts(tmp_path), 10)
    words = Words(table)
    assert nearest(table, texts, words, Parts(tmp_path), 10) == list(range(50))
    assert words.seen == texts[20:]
