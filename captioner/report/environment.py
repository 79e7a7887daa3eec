"""On what machine and with which versions results were made: what may change their digits beside code and settings."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

EXTENSIONS = {"AVX-512": {"avx512f", "avx512bw", "avx512vl"}, "AVX2": {"avx2", "fma"}, "NEON": {"asimd"}}
LIMITS = ("ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA")  # these hold kernels to fewer


def processor(cpuinfo: str) -> tuple[str | None, str | None]:
    """Name and widest known vector extension of the first processor in the text of /proc/cpuinfo; None for what the
    text does not tell.
    """
    told: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        told.setdefault(key.strip().lower(), value.strip())
    flags = set(told.get("flags", told.get("features", "")).split())
    return told.get("model name"), next((name for name, needs in EXTENSIONS.items() if needs <= flags), None)


def accelerator(device: str) -> str | None:
    """The name of the GPU that `device` (a parameter: cpu, auto, cuda, cuda:1) stands for here, or None."""
    if device == "cpu":
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    return torch.cuda.get_device_name(None if device == "auto" else device)


def environment(packages: Iterable[str], device: str, variables: Mapping[str, str] = os.environ) -> dict[str, object]:
    """Processor, GPU, system, Python and the installed versions of these packages; PackageNotFoundError for a package
    that is not installed. The same on each call on one machine.
    """
    cpuinfo = Path("/proc/cpuinfo")
    name, extension = processor(cpuinfo.read_text(encoding="utf-8") if cpuinfo.is_file() else "")
    return {
        "processor": name or platform.processor() or platform.machine(),
        "vector_extension": extension,
        "held_to": " ".join(f"{key}={variables[key]}" for key in LIMITS if key in variables) or None,
        "gpu": accelerator(device),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {package: version(package) for package in packages},
    }
