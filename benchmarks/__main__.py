"""./run bench [--quick] [--device cuda]: every way to do every work, in turns, and what the machine allows.

Ways take turns, so that what else the machine does meets all of them; a row is the median over the turns, its spread
the distance between the quartiles over the median. The limit: the operations of our own way, counted, over the rate of
a product of large matrices measured in the same turns. Rows of other devices that stand in FILE stay.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import timeit
from pathlib import Path

import torch
from torch.utils.benchmark import Measurement, TaskSpec, timer
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from benchmarks import models
from benchmarks.works import WORKS, Way
from captioner.foundation.atomic import replacing
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import DTYPES

OUT = Path("benchmarks/results.json")
PRODUCT = {"cpu": 2048, "cuda": 8192}  # rows of the square matrices that are multiplied


def arguments() -> argparse.Namespace:
    """The command's arguments."""
    parser = argparse.ArgumentParser("run bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the miniature alone, three turns")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: cpu")
    parser.add_argument("--turns", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--works", nargs="+", choices=tuple(WORKS), default=list(WORKS), metavar="WORK")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N", help="default: all cores")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help=f"default: {OUT}")
    return parser.parse_args()


def product(device: torch.device, dtype: str) -> Way:
    """The product of two large matrices; its items are operations."""
    rows = PRODUCT[device.type]
    one, other = (torch.randn(rows, rows, device=device, dtype=DTYPES[dtype]) for _ in range(2))
    return Way("", "product", dtype, 1, 2 * rows**3, lambda: one @ other)


def operations(way: Way) -> int:
    """Floating-point operations of the matrix products of one call."""
    with FlopCounterMode(display=False) as counter:
        way.call()
    return counter.get_total_flops()


def measured(ways: list[Way], device: torch.device, turns: int, label: str) -> list[dict]:
    """A row for each way, in turns, after one call of each that does not count."""
    timers = [timeit.Timer(way.call, timer=timer) for way in ways]  # which waits for the device
    raw: list[list[float]] = [[] for _ in ways]
    for clock in tqdm(timers, f"{label}: first", leave=False):
        clock.timeit(1)
    for _ in tqdm(range(turns), label, unit=" turns"):
        for times, clock in zip(raw, timers, strict=True):
            times.append(clock.timeit(1))
    rows = []
    for way, times in zip(ways, raw, strict=True):
        seen = Measurement(number_per_run=1, raw_times=times, task_spec=TaskSpec(stmt=way.name, setup=""))
        rows.append({
            "work": way.work, "way": way.name, "device": device.type, "dtype": way.dtype, "batch": way.batch,
            "rate": way.items / seen.median, "spread": seen.iqr / seen.median, "turns": turns,
        })  # fmt: skip
    return rows


def run(works: list[str], sizes: list[str], device: torch.device, turns: int, threads: int) -> list[dict]:
    """The rows of these works and sizes on this device."""
    rows = []
    for size in sizes:
        for dtype in ("float32", "bfloat16") if device.type == "cuda" else ("float32",):
            for work in works if dtype == "float32" else [name for name in works if name != "score"]:
                with WORKS[work](models.SIZES[size], device, dtype) as ways:
                    torch.set_num_threads(threads)
                    limited = [way for way in ways if way.counted]
                    found = measured([*ways, product(device, dtype)], device, turns, f"{size}, {work}")
                    rate = found.pop()["rate"]
                    told = [{**row, "size": size} for row in found]
                    if limited:
                        way = limited[-1]
                        limit = {"way": "limit", "rate": rate * way.items / operations(way), "spread": 0.0}
                        told.append({**told[0], **limit, "batch": way.batch, "operations_a_second": rate})
                    rows += told
    return rows


def machine(device: torch.device, threads: int) -> dict:
    """What the rows were measured on."""
    cpu = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    name = torch.cuda.get_device_name() if device.type == "cuda" else cpu
    return {"name": name, "threads": threads, "torch": torch.__version__, "python": platform.python_version()}


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.is_file() else []


def main() -> None:
    given = arguments()
    if given.device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: there is no CUDA here; leave it out, or run it on a machine with a GPU")
    if given.turns < 1 or given.threads < 1:
        raise InputError("--turns and --threads are at least 1")
    device = torch.device(given.device)
    sizes = ["miniature"] if given.quick else list(models.SIZES)
    rows = run(given.works, sizes, device, 3 if given.quick else given.turns, given.threads)
    known = json.loads(given.out.read_text(encoding="utf-8")) if given.out.is_file() else {"machines": {}, "rows": []}
    new = {(row["work"], row["size"], row["device"]) for row in rows}
    kept = [row for row in known["rows"] if (row["work"], row["size"], row["device"]) not in new]
    machines = {**known["machines"], device.type: machine(device, given.threads)}
    with replacing(given.out) as path:
        path.write_text(json.dumps({"machines": machines, "rows": kept + rows}, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(
            f"{row['size']:10} {row['work']:8} {row['way']:22} {row['dtype']:9} {row['batch']:5} "
            f"{row['rate']:12.2f}/s  +-{row['spread']:.0%}"
        )


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
