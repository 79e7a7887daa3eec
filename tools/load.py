"""Many clients at the web page at once, with good requests and bad ones: what each got, and the server's memory.

    python -m tools.load [--seconds 60] [--clients 50] [--project .]

Serves the project on a free port of this machine and ends with exit status 1 where a request got what it should not.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from captioner.web.protection import HEADERS
from captioner.web.uploads import MOST_BYTES

WHOLE, SLOW, CUT = "whole", "slow", "cut"  # how a request is sent; a cut one waits for no answer
LEAK = re.compile(rb'Traceback|File "|site-packages|\.py\b')


@dataclass(frozen=True)
class Request:
    """The bytes of a request, how they are sent, and the answers that are right."""

    content: bytes
    right: frozenset[int]
    manner: str = WHOLE
    prompt: str | None = None  # that a caption has to come back with


@dataclass
class Outcome:
    """What a storm of requests came to: answers by kind and status, what was wrong, memory in MB."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    before: float = 0.0
    peak: float = 0.0
    after: float = 0.0

    def of(self, kind: str) -> dict[str, int]:
        """How often each answer came to requests of this kind."""
        return {status: count for (name, status), count in self.answers.items() if name == kind}


def picture(kind: str, size: tuple[int, int] = (64, 48), seed: int = 0) -> bytes:
    """A picture of noise in this format."""
    written = io.BytesIO()
    Image.frombytes("RGB", size, random.Random(seed).randbytes(3 * size[0] * size[1])).save(written, kind)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG that states very many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header, rows = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(bytes(9999))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def post(body: bytes, *headers: str, kind: str = "multipart/form-data; boundary=x") -> bytes:
    """A request with this body."""
    lines = ["POST /api/caption HTTP/1.1", "Host: 127.0.0.1", "Connection: close", f"Content-Type: {kind}", *headers]
    if not any(header.startswith("Content-Length") for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def form(content: bytes, prompt: str = "A photo of", kind: str = "image/png", name: str = "a.png") -> bytes:
    """The body of a request for a caption."""
    return (
        b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n' + prompt.encode()
        + f'\r\n--x\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'.encode()
        + f"Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n--x--\r\n"
    )  # fmt: skip


def get(path: str) -> bytes:
    """A request for this path."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


PNG, JPEG = picture("PNG"), picture("JPEG", seed=1)
LARGE = picture("BMP", (1600, 1000))  # 5 MB
BUSY = 503  # may answer whatever asks for a caption


def _one(*right: int) -> frozenset[int]:
    return frozenset({*right, BUSY})


def good(number: int, content: bytes = PNG, kind: str = "image/png", manner: str = WHOLE) -> Request:
    """A request that is answered with a caption after its own prompt."""
    prompt = f"A photo number {number % 7} of"
    return Request(post(form(content, prompt, kind)), _one(200), manner, prompt)


KINDS: dict[str, Callable[[int], Request]] = {
    "png": good,
    "jpeg": lambda n: good(n, JPEG, "image/jpeg"),
    "large bmp": lambda n: good(n, LARGE, "image/bmp"),
    "slow": lambda n: good(n, manner=SLOW),
    "cut body": lambda n: Request(post(form(LARGE, kind="image/bmp"))[: 1000 + 9973 * n % 4_000_000], frozenset(), CUT),
    "cut header": lambda n: Request(post(form(PNG))[: 10 + n % 60], frozenset(), CUT),
    "bomb": lambda n: Request(post(form(bomb(50_000 + n, 50_000))), _one(413)),
    "far longer than wide": lambda n: Request(post(form(picture("PNG", (4000, 2)))), _one(413)),
    "too large": lambda n: Request(post(form(PNG + bytes(MOST_BYTES + 1))), _one(413)),
    "said to be huge": lambda n: Request(post(b"", f"Content-Length: {10**12 + n}"), frozenset({413})),
    "text": lambda n: Request(post(form(b"no picture")), _one(415)),
    "other type": lambda n: Request(post(form(PNG, kind="image/jpeg")), _one(415)),
    "svg": lambda n: Request(post(form(b"<svg/>", kind="image/svg+xml")), _one(415)),
    "half a picture": lambda n: Request(post(form(JPEG[: len(JPEG) // 2], kind="image/jpeg")), _one(400)),
    "path as name": lambda n: Request(post(form(PNG, name="../../etc/passwd")), _one(400)),
    "control characters": lambda n: Request(post(form(PNG, "a\x1b[31m")), _one(400)),
    "long prompt": lambda n: Request(post(form(PNG, "word " * 1000)), _one(400)),
    "json": lambda n: Request(post(b'{"image": 1}', kind="application/json"), _one(400)),
    "broken form": lambda n: Request(post(b"--y\r\n\r\n" * n), _one(400)),
    "other site": lambda n: Request(post(form(PNG), "Origin: http://evil.example"), frozenset({403})),
    "other host": lambda n: Request(get("/").replace(b"127.0.0.1", b"evil.example"), frozenset({400})),
    "no http": lambda n: Request(b"\x16\x03\x01 nonsense\r\n\r\n", frozenset({400})),
    "long header": lambda n: Request(get("/?" + "x" * 300_000), frozenset({431})),
    "page": lambda n: Request(get("/"), frozenset({200})),
    "example": lambda n: Request(get("/examples/0"), frozenset({200, 404})),
    "no such page": lambda n: Request(get("/static/../../etc/passwd"), frozenset({404})),
}
OWN = ("png", "png", "jpeg", "large bmp", "slow")  # as many requests are good as bad


def _sent(connection: socket.socket, request: Request) -> None:
    pieces = 8 if request.manner == SLOW else 1
    size = -(-len(request.content) // pieces)
    try:
        for at in range(0, len(request.content), size):
            connection.sendall(request.content[at : at + size])
            if pieces > 1:
                time.sleep(0.05)
    except ConnectionError:
        return  # refused before all of it was sent: the answer says why


def ask(port: int, request: Request) -> tuple[int, http.client.HTTPMessage, bytes] | None:
    """Status, headers and body of the answer; None for a request that is cut, which waits for none.

    OSError or HTTPException where no answer came.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        _sent(connection, request)
        if request.manner == CUT:
            return None
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read()


def problem(request: Request, status: int, headers: http.client.HTTPMessage, body: bytes) -> str | None:
    """What is wrong with an answer, or None."""
    if status not in request.right:
        return f"{status}, not {sorted(request.right)}: {body[:200]!r}"
    if lacking := [name for name, value in HEADERS.items() if headers.get(name) != value]:
        return f"{status} without {lacking[0]}"
    if status != 200 and LEAK.search(body):
        return f"{status} shows the inside: {body[:200]!r}"
    if status == BUSY and int(headers.get("Retry-After", 0)) < 1:
        return "busy, without Retry-After"
    if status >= 400 and set(json.loads(body)) != {"error"}:
        return f"{status} with more than one error: {body[:200]!r}"
    if status == 200 and request.prompt:
        (row,) = json.loads(body)["results"]
        return None if row["prompt"] == request.prompt and row["tokens"] > 0 else f"not its own caption: {row}"[:300]
    return None


def memory(process: int) -> float:
    """Resident memory of a process, MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def storm(port: int, process: int, clients: int, seconds: float, kinds: Sequence[str] = tuple(KINDS)) -> Outcome:
    """`clients` send requests of these kinds, each kind's turn by a seed, and half of them good, for `seconds`."""
    outcome, lock, over = Outcome(before=memory(process)), threading.Lock(), threading.Event()

    def client(number: int) -> None:
        rng, turn = random.Random(number), number
        while not over.is_set():
            kind = rng.choice(OWN) if rng.random() < 0.5 else kinds[turn % len(kinds)]
            turn += 1
            request = KINDS[kind](turn)
            try:
                answer = ask(port, request)
                wrong = None if answer is None else problem(request, *answer)
                told = CUT if answer is None else str(answer[0])
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                told, wrong = "no answer", f"{type(error).__name__}: {error}"
            with lock:
                outcome.answers[kind, told] += 1
                if wrong:
                    outcome.problems.append(f"{kind}: {wrong}")
            if told == str(BUSY):
                over.wait(0.2)

    with ThreadPoolExecutor(clients) as pool:
        for number in range(clients):
            pool.submit(client, number)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.05)
            outcome.peak = max(outcome.peak, memory(process))
        over.set()
    outcome.after = memory(process)
    return outcome


@contextmanager
def served(project: Path) -> Iterator[tuple[int, int]]:
    """`captioner app` on a project: its port and its process."""
    line = [sys.executable, "-m", "captioner", "app", "--port", "0", "--project", str(project)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(re.search(r":(\d+) ", process.stdout.readline())[1]), process.pid
        finally:
            process.terminate()  # an interrupt is ignored where the tool runs in the background


def main() -> None:
    parser = argparse.ArgumentParser("python -m tools.load", description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=Path, default=Path())
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=50)
    given = parser.parse_args()
    with served(given.project) as (port, process):
        outcome = storm(port, process, given.clients, given.seconds)
    for kind in KINDS:
        print(f"{kind:<22}", ", ".join(f"{status}: {count}" for status, count in sorted(outcome.of(kind).items())))
    print(f"requests: {outcome.answers.total()}; captions: {sum(outcome.of(kind).get('200', 0) for kind in set(OWN))}")
    print(f"memory, MB: {outcome.before:.0f} before, {outcome.peak:.0f} at most, {outcome.after:.0f} after")
    print(f"wrong answers: {len(outcome.problems)}")
    for each in outcome.problems[:20]:
        print(f"  {each}")
    sys.exit(bool(outcome.problems))


if __name__ == "__main__":
    main()
