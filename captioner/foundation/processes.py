"""Work in several processes side by side, each with CPU threads of its own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def _end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def side_by_side(jobs: Sequence[Callable[[], T]], processes: int) -> list[T]:
    """What the jobs return, in their order; `processes` of them run at a time, in fresh processes.

    With one process they run here, one after the other. A job and what it returns have to be picklable; the error of
    the first job that fails is raised.
    """
    if processes == 1:
        return [job() for job in jobs]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent) as pool:
        waiting = [pool.submit(job) for job in jobs]
        try:
            return [each.result() for each in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
