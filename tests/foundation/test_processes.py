"""Jobs side by side: their results in order, each in a process of its own, an error as it was raised."""

import os
from functools import partial

import pytest

from captioner.foundation.errors import InputError
from captioner.foundation.processes import side_by_side


def square(number):
    return number * number, os.getpid()


def refuse(name):
    raise InputError(f"{name}: not usable")


def test_one_process_is_this_one():
    assert side_by_side([partial(square, 3), partial(square, 4)], 1) == [(9, os.getpid()), (16, os.getpid())]
    assert side_by_side([], 1) == []


def test_results_come_in_the_order_of_the_jobs_from_other_processes():
    results = side_by_side([partial(square, number) for number in range(5)], 2)
    assert [result for result, _ in results] == [0, 1, 4, 9, 16]
    assert os.getpid() not in {process for _, process in results}


@pytest.mark.parametrize("processes", [1, 2])
def test_the_error_of_a_job_is_raised(processes):
    with pytest.raises(InputError, match=r"b\.csv: not usable"):
        side_by_side([partial(square, 1), partial(refuse, "b.csv")], processes)
