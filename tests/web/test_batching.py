"""Work from many threads: together, bounded, and every one told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from captioner.web.batching import Batcher, Busy


class Gate:
    """Work that says when it has begun and waits to be let through; keeps the batches it saw."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Semaphore(0), threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, jobs):
        self.batches.append(list(jobs))
        self.begun.release()
        assert self.open.wait(10)
        return [10 * job for job in jobs]


def waiting(batcher: Batcher, count: int) -> None:
    """Return when so many jobs wait."""
    while len(batcher._jobs) < count:
        threading.Event().wait(0.005)


def test_what_arrives_while_one_batch_is_at_work_goes_together():
    gate = Gate()
    batcher = Batcher(gate, waiting=9, together=3)
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(batcher.do, 0)]
        gate.begun.acquire()
        futures += [pool.submit(batcher.do, job) for job in range(1, 5)]
        waiting(batcher, 4)
        gate.open.set()
        assert sorted(future.result(10) for future in futures) == [0, 10, 20, 30, 40]
        assert [future.result() for future in futures] == [0, 10, 20, 30, 40]  # each its own result
    assert [len(batch) for batch in gate.batches] == [1, 3, 1]
    batcher.close()


def test_no_more_than_the_bound_may_wait_and_a_place_is_given_back():
    batcher = Batcher(list, waiting=2, together=2)
    with batcher.place(), batcher.place(), pytest.raises(Busy), batcher.place():
        raise AssertionError("a third place was given")
    with pytest.raises(ValueError), batcher.place():
        raise ValueError
    with batcher.place(), batcher.place():
        assert batcher.do(7) == 7
    batcher.close()


def test_an_error_reaches_every_one_of_its_batch_and_the_next_batch_is_done():
    gate = Gate()

    def work(jobs):
        gate(jobs)
        if 13 in jobs:
            raise ValueError("thirteen")
        return jobs

    batcher = Batcher(work, waiting=9, together=9)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(batcher.do, 1)
        gate.begun.acquire()
        bad = [pool.submit(batcher.do, job) for job in (13, 2)]
        waiting(batcher, 2)
        gate.open.set()
        assert first.result(10) == 1
        for future in bad:
            with pytest.raises(ValueError, match="thirteen"):
                future.result(10)
    assert batcher.do(5) == 5
    batcher.close()
