"""Work from many threads, done together: a bounded number of jobs, one batch at a time."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Generic, TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")


class Busy(Exception):
    """As many jobs are being done or waiting as may."""


class Batcher(Generic[Job, Done]):
    """Calls `work` in one thread with all jobs that have arrived since its last call, at most `together` of them."""

    def __init__(self, work: Callable[[Sequence[Job]], Sequence[Done]], waiting: int, together: int) -> None:
        """`waiting`: how many jobs may be on their way at once, those at work included."""
        self.work, self.waiting, self.together = work, waiting, together
        self._seconds = 0.0  # of the last batch
        self._places = BoundedSemaphore(waiting)
        self._jobs: deque[tuple[Job, Future[Done]]] = deque()
        self._pool = ThreadPoolExecutor(1, "batcher")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one job, held from before its preparation to its end; Busy where none is free."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            yield
        finally:
            self._places.release()

    def do(self, job: Job) -> Done:
        """The result of one job, or the error of the batch that it was in; call it in a `place`."""
        future: Future[Done] = Future()
        self._jobs.append((job, future))
        self._pool.submit(self._batch)
        return future.result()

    def _batch(self) -> None:
        batch = []
        while self._jobs and len(batch) < self.together:
            batch.append(self._jobs.popleft())  # only this thread takes jobs out
        if not batch:
            return  # an earlier call took the job that this one was submitted for
        begun = time.monotonic()
        try:
            results = self.work([job for job, _ in batch])
        except Exception as error:  # whatever it is, each thread that waits has to be told
            for _, future in batch:
                future.set_exception(error)
            return
        self._seconds = time.monotonic() - begun
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)

    @property
    def patience(self) -> int:
        """Whole seconds, 1 to 30, after which all that waits now should be done, by the last batch's time."""
        return min(30, max(1, math.ceil(self._seconds * self.waiting / self.together)))

    def close(self) -> None:
        """Finish what is at work and end the thread."""
        self._pool.shutdown()
