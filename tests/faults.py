"""Builds that are cut off: which processes are killed, and when."""

from __future__ import annotations

import os
import random
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

WHOM = ("all", "stage", "dvc")  # a power cut; the memory's guardian takes the largest; a user's kill


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it has started, itself first; empty when it has gone."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def kill(pid: int, whom: str) -> None:
    """SIGKILL for a build: `all` of it, the `stage` that runs with its workers, or `dvc` alone."""
    first, *others = family(pid) or [None]
    chosen = {"all": [first, *others], "stage": others or [first], "dvc": [first]}[whom]
    for process in chosen:
        with suppress(psutil.NoSuchProcess, AttributeError):
            process.kill()


def killed(clone: Path, stage: str, delay: float, whom: str, *targets: str, **variables: str) -> str | None:
    """Build, and kill `delay` seconds after the stage has begun; the stage that then ran, None where the build ended
    before.
    """
    environment = {**os.environ, **variables, "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}
    build = subprocess.Popen(
        ["dvc", "repro", *targets], cwd=clone, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    at = None
    lines = []
    for line in build.stdout:
        lines.append(line)
        if line.startswith("Running stage"):
            at = line.split("'")[1]
            if at == stage:
                time.sleep(delay)
                kill(build.pid, whom)
                build.stdout.close()
                build.wait()
                return at
    assert build.wait() == 0, "".join(lines)
    return None


def moments(seed: int, stages: list[str], count: int, longest: float) -> list[tuple[str, float, str]]:
    """So many moments over the stages, in their order: (stage, seconds after it began, whom to kill)."""
    rng = random.Random(seed)
    chosen = sorted(rng.choices(range(len(stages)), k=count))
    return [(stages[index], rng.uniform(0.0, longest), rng.choice(WHOM)) for index in chosen]
