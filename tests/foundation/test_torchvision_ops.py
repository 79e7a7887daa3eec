"""torchvision can be imported beside a torch without CUDA."""

import subprocess
import sys

import pytest

from captioner.foundation import torchvision_ops

SCRIPT = """
import importlib
from captioner.foundation import torchvision_ops
torchvision_ops.ensure()
importlib.reload(torchvision_ops)
import torchvision, clip
from transformers import GPT2LMHeadModel
import torch
torchvision_ops.ensure()
pixels = torchvision.transforms.ToTensor()(__import__("PIL.Image").Image.new("RGB", (4, 3), (255, 0, 0)))
assert pixels.shape == (3, 3, 4) and pixels[0].eq(1).all()
assert hasattr(torch.ops.torchvision, "nms")
print("fine")
"""


@pytest.mark.slow
def test_a_fresh_process_imports_everything():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 and done.stdout.strip() == "fine", done.stderr


def test_calling_it_again_is_harmless():
    torchvision_ops.ensure()
    torchvision_ops.ensure()
