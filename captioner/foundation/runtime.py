"""Threads, seeds, precision: what has to be fixed for one machine to give the same bytes twice."""

from __future__ import annotations

import contextlib

import torch

from captioner.config.runtime import RuntimeConfig
from captioner.foundation.errors import InputError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def prepare(config: RuntimeConfig, seed: int, threads: int | None = None) -> torch.device:
    """Fix thread count, seed and deterministic kernels for this process and return its device.

    `threads` overrides the count of the configuration, for stages that run several processes side by side.
    """
    torch.set_num_threads(threads or config.threads)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms, without its import of the compiler
    torch.utils.deterministic.fill_uninitialized_memory = False  # of no use where every kernel writes all it returns
    torch.manual_seed(seed)
    if config.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if config.device != "cpu" and not torch.cuda.is_available():
        raise InputError(f"params.yaml: runtime.device: {config.device} is not there (no CUDA); set auto or cpu")
    return torch.device(config.device)


def autocast(device: torch.device, dtype: str) -> contextlib.AbstractContextManager:
    """Mixed precision in `dtype` on `device`; nothing for float32."""
    if dtype == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=DTYPES[dtype])
