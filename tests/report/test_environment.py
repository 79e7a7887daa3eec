"""What is told of the machine: from /proc/cpuinfo as processors write it."""

import importlib.metadata
import json
import platform

import pytest

from captioner.report.environment import environment, processor

BIG = (
    "processor\t: 0\nmodel name\t: Big One\nflags\t\t: fpu avx2 fma avx512f avx512bw avx512vl\n\nmodel name\t: Other\n"
)


@pytest.mark.parametrize(
    ("cpuinfo", "told"),
    [
        (BIG, ("Big One", "AVX-512")),
        (BIG.replace(" avx512vl", ""), ("Big One", "AVX2")),
        ("processor : 0\nFeatures : fp asimd\n", (None, "NEON")),
        ("", (None, None)),
    ],
)
def test_a_processor(cpuinfo, told):
    assert processor(cpuinfo) == told


def test_the_environment_is_of_this_machine_and_the_same_each_time():
    packages = ("numpy", "openai-clip")
    found = environment(packages, "cpu", {"ATEN_CPU_CAPABILITY": "avx2", "HOME": "/x"})
    assert found["packages"] == {name: importlib.metadata.version(name) for name in packages}
    assert found["python"] == platform.python_version() and found["processor"]
    assert found["held_to"] == "ATEN_CPU_CAPABILITY=avx2" and found["gpu"] is None
    assert environment(packages, "cpu")["held_to"] != found["held_to"]
    assert json.dumps(environment(packages, "cpu")) == json.dumps(environment(packages, "cpu"))
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        environment(("no-such-package",), "cpu")
