"""The pinned requirements and their hashes are of the same packages, and name no place to fetch them from."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNHASHED = {"torch", "torchvision"}  # their builds differ from index to index
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s\\]+)", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(content: str) -> dict[str, str]:
    """The version of each package by its normalised name."""
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in PIN.findall(content)}


def test_every_pin_but_torch_has_its_hashes():
    wanted = pins(text("requirements.txt"))
    assert len(wanted) == len([line for line in text("requirements.txt").splitlines() if line.strip()])
    assert pins(text("requirements-hashed.txt")) == {name: pin for name, pin in wanted.items() if name not in UNHASHED}
    blocks = PIN.split(text("requirements-hashed.txt"))[3::3]
    for block in blocks:
        lines = [line.strip(" \\") for line in block.split("#")[0].splitlines() if line.strip(" \\")]
        assert lines and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in lines), block[:200]
        assert len(set(lines)) == len(lines)


def test_direct_requirements_are_pinned():
    names = re.findall(r"^([A-Za-z0-9._-]+)", text("requirements.in"), re.MULTILINE)
    assert {re.sub(r"[-_.]+", "-", name).lower() for name in names} <= pins(text("requirements.txt")).keys()


def test_no_place_is_named():
    for name in ("requirements.in", "requirements.txt", "requirements-hashed.txt"):
        options = [line for line in text(name).splitlines() if not line.startswith("#")]
        assert not [line for line in options if re.search(r"://|^\s*-(?!-hash=)", line)], name
