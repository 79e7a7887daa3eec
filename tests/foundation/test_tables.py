"""Tables come back as texts, with six digits."""

import pytest

from captioner.bridge.history import COLUMNS, summary
from captioner.foundation.tables import read_table, write_named, write_table


def test_round_trip(tmp_path):
    path = tmp_path / "x.csv"
    write_table(path, ["name", "value", "note"], [["a, b", 1 / 3, None], ['say "x"\n', 2_000_000, 1e-9]])
    assert read_table(path) == [
        {"name": "a, b", "value": "0.333333", "note": ""},
        {"name": 'say "x"\n', "value": "2000000", "note": "1e-09"},
    ]
    assert b"\r" not in path.read_bytes()


def test_rows_by_name(tmp_path):
    path = tmp_path / "x.csv"
    write_named(path, ("a", "b"), [{"b": float("nan"), "a": 1, "c": 5}])
    assert path.read_text() == "a,b\n1,\n"
    with pytest.raises(KeyError):
        write_named(path, ("a", "b"), [{"a": 1}])


def test_summary_takes_the_first_best_epoch():
    rows = [
        dict(zip(COLUMNS, row, strict=True)) for row in ((1, 3.0, 2.5), (2, 2.0, 1.5), (3, 1.0, 1.5), (4, 0.5, 9.0))
    ]
    assert summary(rows, "map") == {"map_best_epoch": 2, "map_validation_loss": 1.5}
