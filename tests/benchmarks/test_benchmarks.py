"""The benchmarks run on every way to do every work, count what the machine allows, and keep what other devices gave."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest
import torch
from conftest import CPU

from benchmarks import __main__ as benchmarks
from benchmarks import models, works
from captioner.foundation.errors import InputError
from tools.readme import SHARED, UNITS, WAYS, bench

TINY = replace(
    models.SIZES["miniature"], clip=(16, 32, (1, 1, 1, 1), 4, None, 32, 49408, 64, 1, 1), pictures=5, captions=(2, 9),
    gpt2={"n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 96, "vocab_size": 420}, prefix=3, training=(4,),
)  # fmt: skip


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(models, "SIZES", {"miniature": TINY, "true": TINY})
    monkeypatch.setattr(benchmarks, "PRODUCT", {"cpu": 32})
    monkeypatch.setattr(models, "CAP", 4)
    monkeypatch.setattr(works, "CAP", 4)


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
    benchmarks.main()


@pytest.mark.slow
def test_every_way_is_timed_and_told(tiny, monkeypatch, tmp_path, capsys):
    path = tmp_path / "results.json"
    other = {"work": "embed", "size": "true", "device": "cuda", "dtype": "float32", "batch": 1, "rate": 2.0}
    rows = [{**other, "way": way, "spread": 0.0} for way in ("ours", "bare forward")]
    path.write_text(json.dumps({"machines": {"cuda": {}}, "rows": rows}))
    call(monkeypatch, "--quick", "--threads", 1, "--out", path)
    known = json.loads(path.read_text())
    assert known["rows"][:2] == rows and set(known["machines"]) == {"cpu", "cuda"}
    told = {(row["work"], row["way"]) for row in known["rows"][2:]}
    assert told == {
        (work, way)
        for work, (first, others) in WAYS.items()
        for way in (first, *others)
        if "graphs" not in way and way != SHARED
    }
    assert all(row["rate"] > 0 and row["spread"] >= 0 for row in known["rows"])
    text = bench(lambda name: path.read_text())
    assert "| embed, true | cuda, float32 | bare forward | 1 | 2 images +-0% | 1.00 x |" in text
    found = {(row["size"], row["way"]): row["rate"] for row in known["rows"] if row["work"] == "embed"}
    both = 1 / (1 / found["miniature", "bare forward"] + 1 / found["miniature", "decoding alone"])
    assert f"| {SHARED} | 5 | {both:.4g} images" in text
    assert "not measured here" in text and text.count("| caption, miniature | cpu, float32 |") == 4
    assert set(UNITS) == set(WAYS) and "ours" in capsys.readouterr().out


def test_operations_are_those_of_the_products():
    one, other = torch.ones(3, 5), torch.ones(5, 7)
    way = works.Way("", "", "float32", 1, 1, lambda: one @ other)
    assert benchmarks.operations(way) == 2 * 3 * 5 * 7


def test_ways_take_turns():
    seen = []
    ways = [works.Way("x", name, "float32", 1, 2, lambda name=name: seen.append(name)) for name in "ab"]
    rows = benchmarks.measured(ways, CPU, 3, "test")
    assert seen == ["a", "b"] * 4  # the first of each does not count
    assert [row["turns"] for row in rows] == [3, 3]


def test_what_cannot_be_measured_is_told(monkeypatch, tmp_path):
    with pytest.raises(InputError, match="at least 1"):
        call(monkeypatch, "--turns", 0, "--out", tmp_path / "x")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no CUDA"):
        call(monkeypatch, "--device", "cuda")
