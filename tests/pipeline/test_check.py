"""What `check` tells of a precision that this processor has no hardware for."""

from __future__ import annotations

import pytest
import torch

from captioner.config.runtime import RuntimeConfig
from stages.check import slow_precision


@pytest.mark.parametrize(
    ("dtype", "device", "able", "warned"),
    [
        ("float32", "cpu", {}, False),
        ("bfloat16", "cpu", {"avx2": True, "avx512_bf16": False, "amx_bf16": False}, True),
        ("bfloat16", "cpu", {"avx512_bf16": True}, False),
        ("bfloat16", "cpu", {"amx_bf16": True}, False),
        ("bfloat16", "cpu", {"bf16": True}, False),
        ("bfloat16", "cuda:0", {}, False),
        ("bfloat16", "auto", {}, True),
    ],
)
def test_bfloat16_is_warned_of_where_the_processor_has_no_hardware_for_it(monkeypatch, dtype, device, able, warned):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    warning = slow_precision(RuntimeConfig(threads=2, device=device, dtype=dtype))
    assert (warning is not None) == warned
    if warned:
        assert "float32" in warning and "\n" not in warning


def test_a_gpu_makes_the_warning_needless(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert slow_precision(RuntimeConfig(threads=2, device="auto", dtype="bfloat16")) is None
