"""Lets torchvision be imported beside a torch without CUDA; import this module before clip and before transformers.

The wheel of torchvision on the public index links its operators against CUDA. Beside a CPU-only torch they cannot
load, and `import torchvision` then fails because `torchvision::nms` does not exist. Where the operators do load,
defining them a second time would abort the process, so they are tried first.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import torch

_library: torch.library.Library | None = None


def ensure() -> None:
    """Load torchvision's operators, or declare (without a body) the two that its import asks for. Idempotent."""
    global _library
    if _library is not None or "torchvision" in sys.modules:
        return
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        return
    extension = next(Path(spec.submodule_search_locations[0]).glob("_C.*"), None)
    try:
        if extension is None:
            raise OSError("torchvision has no compiled operators")
        torch.ops.load_library(str(extension))
    except OSError:
        _library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            _library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


ensure()
