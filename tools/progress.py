"""`dvc repro` with a line before each stage: which of how many, the time so far, about how long the rest takes.

    python -m tools.progress [TARGETS]        what ./run does
    python -m tools.progress --save [TARGETS] the same, and writes tools/times.json from a complete build

The estimate is the seconds of each stage that is still to come on the machine of tools/times.json, times how much
slower this machine is: by a fixed piece of training on one thread at first, by the stages that have run later on.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ruamel.yaml import YAML, YAMLError

from tools import cache
from tools.child import repro

TIMES = Path(__file__).with_name("times.json")
ENOUGH = 60.0  # seconds of finished stages from which they tell more than the piece of training
STARTS = re.compile(r"Running stage '(?:.*:)?([^']+)'")
PASSES = re.compile(r"Stage '(?:.*:)?([^']+)' (?:didn't change, skipping|is cached - skipping run)")


def stage_names(pipeline: Mapping, params: Mapping) -> list[str]:
    """Every stage of dvc.yaml, loops written out."""
    names = []
    for name, stage in pipeline["stages"].items():
        over = stage.get("foreach")
        if isinstance(over, str):
            over = params.get(over.removeprefix("${").removesuffix("}"))
        if "foreach" not in stage:
            names.append(name)
        elif isinstance(over, (Mapping, list)):  # anything else is refused by DVC
            names += [f"{name}@{key}" for key in over]
    return names


def settings_digest(params: Mapping) -> str:
    """A hash of what decides how long the stages take: the study and its section, without the compared prompts."""
    study = str(params.get("study"))
    told = {"study": study, "section": params.get(study), "compare": params.get("compare")}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def expected(name: str, seconds: Mapping[str, float]) -> float:
    """The table's seconds of a stage; of a loop's new member the mean of the others; 0 for an unknown stage."""
    if name in seconds:
        return seconds[name]
    family = [value for other, value in seconds.items() if other.split("@")[0] == name.split("@")[0]]
    return sum(family) / len(family) if family else 0.0


def remaining(ahead: Sequence[str], seconds: Mapping[str, float], slower: float, done: Mapping[str, float]) -> float:
    """Seconds that the stages `ahead` take here, where the machine is `slower` times the table's by the piece of
    training and `done` are the stages that have run, in seconds.
    """
    planned = sum(expected(name, seconds) for name in done)
    if planned >= ENOUGH:
        slower = sum(done.values()) / planned
    return slower * sum(expected(name, seconds) for name in ahead)


def spoken(seconds: float) -> str:
    """A time in words: exact below a minute and a half, else in minutes."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def measured_apart() -> float:
    """The piece of training in a process of its own, so that this one stays small while the stages run."""
    command = [sys.executable, "-m", "tools.speed"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


class Build:
    """One `dvc repro`, told of line by line."""

    def __init__(self, names: Sequence[str], digest: str) -> None:
        self.ahead = list(names)
        self.total, self.digest = len(names), digest
        self.table = json.loads(TIMES.read_text(encoding="utf-8")) if TIMES.is_file() else None
        self.known = self.table is not None and self.table["settings"] == digest
        self.begun = time.monotonic()
        self.at: tuple[str, float] | None = None
        self.done: dict[str, float] = {}
        self.slower: float | None = None

    def line(self, text: str) -> str | None:
        """What to say before this line of DVC's."""
        if found := STARTS.match(text):
            self.finish()
            self.at = found[1], time.monotonic()
            return self.told(found[1])
        if found := PASSES.match(text):
            self.finish()
            self.forget(found[1])
        return None

    def finish(self) -> None:
        """The stage that ran has ended."""
        if self.at:
            name, begun = self.at
            self.done[name] = time.monotonic() - begun
            self.forget(name)
            self.at = None

    def forget(self, name: str) -> None:
        """The stage is no longer ahead."""
        if name in self.ahead:
            self.ahead.remove(name)

    def told(self, name: str) -> str:
        """The line for a stage that begins."""
        number = self.total - len(self.ahead) + 1
        elapsed = spoken(time.monotonic() - self.begun)
        if not self.known:
            why = "none measured" if self.table is None else "other settings than those measured"
            return f"==> stage {number} of {self.total}: {name}; {elapsed} so far; no estimate ({why})"
        if self.slower is None:
            self.slower = measured_apart() / self.table["piece"]
        rest = remaining(self.ahead, self.table["seconds"], self.slower, self.done)
        return f"==> stage {number} of {self.total}: {name}; {elapsed} so far, about {spoken(rest)} to go"

    def save(self) -> None:
        """Write the table from this build, if it ran every stage."""
        if missing := self.total - len(self.done):
            sys.exit(
                f"error: {TIMES}: not written, {missing} stages did not run; only a build from nothing has all times"
            )
        seconds = {name: round(value, 1) for name, value in sorted(self.done.items())}
        table = {"piece": round(measured_apart(), 6), "settings": self.digest, "seconds": seconds}
        TIMES.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def expanded(pipeline: object, params: object, targets: Sequence[str]) -> tuple[list[str], str] | None:
    """The stages that `dvc repro` looks at and the digest of the settings; None where DVC will refuse these files."""
    if not (isinstance(pipeline, Mapping) and isinstance(pipeline.get("stages"), Mapping)):
        return None
    if not isinstance(params, Mapping) or not all(isinstance(stage, Mapping) for stage in pipeline["stages"].values()):
        return None
    names = stage_names(pipeline, params)
    return [name for name in names if not targets or name != "paper"], settings_digest(params)


def main(arguments: Sequence[str]) -> int:
    """Run `dvc repro` on the targets; its exit status, or 128 and the signal's number where one has ended it."""
    save, targets = "--save" in arguments, [name for name in arguments if name != "--save"]
    yaml = YAML(typ="safe", pure=True)
    try:
        found = expanded(*(yaml.load(Path(name).read_bytes()) for name in ("dvc.yaml", "params.yaml")), targets)
    except (OSError, UnicodeDecodeError, YAMLError):
        found = None  # DVC says what is wrong with them
    build = Build(*found) if found else None
    try:
        cache.main(Path())
    except KeyboardInterrupt:
        print("==> interrupted; ./run goes on where it was", file=sys.stderr)
        return 130
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}")
    status = repro(["dvc", "repro", *targets], build.line if build else lambda text: None)
    if build:
        build.finish()
    if build and save and status == 0:
        build.save()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
