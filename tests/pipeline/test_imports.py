"""What a stage or a command loads: nothing that takes long to import and that it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest
from committed import ROOT

HEAVY = {"transformers", "torchvision", "clip", "torch._dynamo", "torch.distributed.tensor", "sklearn", "seaborn"}
LIGHT = {"torch", "numpy", "pandas", "scipy", "statsmodels", "matplotlib", "PIL"}  # beside these, in what needs none
# What each loads, of both sets, when it is imported.
USED = {
    "captioner.cli": set(),
    "stages.check": set(),
    "stages.paper": set(),
    "stages.tokens": {"numpy"},
    "stages.caption_prompt": {"torch", "numpy"},
    "stages.score": {"torch", "numpy", "PIL"},
    "stages.embed": {"torch", "numpy", "PIL"},
}


@pytest.mark.slow
@pytest.mark.parametrize("module", USED)
def test_nothing_is_imported_that_is_not_used(module):
    code = f"import sys, {module}; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(told.stdout.split()) & (HEAVY | LIGHT) <= USED[module]


@pytest.mark.slow
def test_a_stage_that_begins_does_not_load_the_compiler():
    """As torch's own switch to deterministic kernels does; the kernels are deterministic all the same."""
    code = """
import sys
from captioner.config.runtime import RuntimeConfig
from captioner.foundation.runtime import prepare
import torch
prepare(RuntimeConfig(threads=1, device="cpu", dtype="float32"), 1)
assert torch.are_deterministic_algorithms_enabled() and not torch.is_deterministic_algorithms_warn_only_enabled()
print(*sys.modules)"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(told.stdout.split()) & HEAVY
