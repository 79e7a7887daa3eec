"""The served page: each kind of request by itself, and many clients at once in bounded memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from captioner.application.captioner import Captioner
from captioner.web.app import MARGIN, create_app
from captioner.web.server import server
from captioner.web.uploads import MOST_BYTES, MOST_PIXELS
from tools.load import BUSY, CUT, KINDS, ask, good, problem, served, storm

HELD = MOST_BYTES + MARGIN
WAITING, DECODED = 32, 2  # requests on their way, pictures decoded at once: the application's own bounds
# MB: a request's body and two copies of it; a picture and two copies.
BOUND = (WAITING * 3 * HELD + DECODED * 3 * 4 * MOST_PIXELS) / 2**20


@contextmanager
def serving(captioner: Captioner, **options: float) -> Iterator[int]:
    """The application on a free port."""
    application = create_app(captioner)
    made = server(application, "127.0.0.1", 0, HELD, **options)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield made.effective_port
    made.trigger.pull_trigger(made.close)  # in its own thread, which then ends
    thread.join(10)
    application.extensions["batcher"].close()


@pytest.fixture(scope="module")
def port(captioner):
    with serving(captioner) as taken:
        yield taken


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_request_gets_its_answer_with_every_protection(port, kind):
    for number in (0, 1):
        request = KINDS[kind](number)
        answer = ask(port, request)
        assert (answer is None) == (request.manner == CUT)
        if answer:
            assert answer[0] != BUSY and problem(request, *answer) is None, kind
    assert problem(good(3), *ask(port, good(3))) is None  # and it goes on


@pytest.mark.slow
def test_a_request_that_only_drips_in_is_ended(captioner):
    """Each byte counts as activity, so that waitress alone would wait for ever."""
    with (
        serving(captioner, arrival=0.5) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
    ):
        connection.sendall(b"POST /api/caption HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(600):
                connection.sendall(b"x")
                time.sleep(0.05)
        assert problem(good(4), *ask(port, good(4))) is None


@pytest.mark.slow
def test_fifty_clients_get_right_answers_in_bounded_memory(study):
    """`python -m tools.load` does the same for a minute."""
    with served(study) as (port, process):
        outcome = storm(port, process, clients=50, seconds=4)
    assert not outcome.problems, outcome.problems[:5]
    assert outcome.of("png").get("200") and outcome.answers.total() >= 50
    assert outcome.peak - outcome.before < BOUND
