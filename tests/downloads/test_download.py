"""Downloads against a local server: whole, broken and resumed, wrong, absent; nothing partial is taken for whole."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from captioner.downloads import download
from captioner.downloads.download import Remote, fetch, reach
from captioner.foundation.errors import InputError

CURE = "set x.file to a local copy"
CONTENT = bytes(range(256)) * 4000  # about 1 MB


class Server(ThreadingHTTPServer):
    """Serves `content` at /file; what it does is set by the attributes, what it saw is kept in `ranges`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.mark, self.ranged, self.status = CONTENT, '"one"', True, []
        self.cuts: list[int] = []  # how many bytes the next answers send before the connection breaks
        self.ranges: list[str | None] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()  # soon ended

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        server = self.server
        if body:
            server.ranges.append(self.headers.get("Range"))
        if server.status:
            self.send_response(server.status.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        first = 0
        wanted = self.headers.get("Range")
        if wanted and server.ranged and self.headers.get("If-Range") == server.mark:
            first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(server.content) - first))
        if server.mark:
            self.send_header("ETag", server.mark)
        self.end_headers()
        if body:
            rest = server.content[first:]
            if server.cuts:
                self.wfile.write(rest[: server.cuts.pop(0)])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            else:
                self.wfile.write(rest)


@pytest.fixture
def server():
    running = Server()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


def remote(server, **changes) -> Remote:
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    return Remote(**{"url": server.url, "size": len(CONTENT), "digest": digest, **changes})


def left(folder) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_whole_file_once(server, tmp_path):
    path = tmp_path / "weights" / "file.pt"
    assert fetch(remote(server), path, CURE) == path
    assert path.read_bytes() == CONTENT and left(path.parent) == {"file.pt"}
    fetch(remote(server), path, CURE)
    assert server.ranges == [None]  # the second time nothing is asked for


@pytest.mark.parametrize("known", [True, False])
def test_broken_connection_is_gone_on_with(server, tmp_path, known):
    server.cuts = [300_000, 200_000]
    wanted = remote(server) if known else remote(server, size=None, digest=None)
    fetch(wanted, tmp_path / "file", CURE)
    assert (tmp_path / "file").read_bytes() == CONTENT
    first, second = (int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.ranges[1:])
    assert 300_000 - download.CHUNK < first <= 300_000 and first < second <= first + 200_000  # only the rest is sent


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(server, tmp_path):
    server.cuts = [400_000] + [0] * download.ATTEMPTS
    with pytest.raises(InputError, match=r"broke off after 3\d\d,\d+ bytes .* goes on there"):
        fetch(remote(server), tmp_path / "file", CURE)
    assert not (tmp_path / "file").exists()
    server.ranges.clear()
    fetch(remote(server), tmp_path / "file", CURE)
    (asked,) = server.ranges
    assert 400_000 - download.CHUNK < int(asked[6:-1]) <= 400_000 and (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_without_ranges_starts_anew(server, tmp_path):
    server.cuts, server.ranged = [300_000], False
    fetch(remote(server), tmp_path / "file", CURE)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_without_a_mark_nothing_is_joined(server, tmp_path):
    server.cuts, server.mark = [300_000], None
    fetch(remote(server), tmp_path / "file", CURE)
    assert server.ranges == [None, None] and (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_that_changed_between_the_attempts_starts_anew(server, tmp_path):
    server.cuts = [300_000] + [0] * download.ATTEMPTS
    with pytest.raises(InputError):
        fetch(remote(server, size=None, digest=None), tmp_path / "file", CURE)
    server.content, server.mark, server.cuts = CONTENT[::-1], '"two"', []
    fetch(remote(server, size=None, digest=None), tmp_path / "file", CURE)
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]


def test_wrong_content_is_removed(server, tmp_path):
    server.content = CONTENT[:-1] + b"?"
    with pytest.raises(InputError, match=r"not the expected file .* set x.file"):
        fetch(remote(server), tmp_path / "file", CURE)
    assert not left(tmp_path)


def test_wrong_size_is_told_before_it_is_fetched(server, tmp_path):
    server.content = CONTENT * 2
    with pytest.raises(InputError, match=r"bytes there, .* expected"):
        fetch(remote(server), tmp_path / "file", CURE)
    assert not left(tmp_path)


@pytest.mark.parametrize("status", [404, 403, 410])
def test_not_there(server, tmp_path, status):
    server.status = [status]
    with pytest.raises(InputError) as told:
        fetch(remote(server), tmp_path / "file", CURE)
    assert server.url in str(told.value) and str(status) in str(told.value) and CURE in str(told.value)
    assert len(server.ranges) == 1


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.status = [503, 500]
    fetch(remote(server), tmp_path / "file", CURE)
    assert (tmp_path / "file").read_bytes() == CONTENT
    server.status = [503] * 20
    with pytest.raises(InputError, match="503"):
        fetch(remote(server), tmp_path / "other", CURE)
    assert len(server.status) == 20 - download.ATTEMPTS


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_no_network(tmp_path, host):
    url = f"http://{host}:{closed_port()}/ViT-B-16.pt"
    for attempt in (lambda: fetch(Remote(url, None, None), tmp_path / "file", CURE), lambda: reach(url, CURE)):
        with pytest.raises(InputError) as told:
            attempt()
        assert all(part in str(told.value) for part in ("ViT-B-16.pt is missing", url, "no connection", CURE))
    assert not left(tmp_path)


def test_reach(server):
    reach(server.url, CURE)
    server.status = [404]
    with pytest.raises(InputError, match="404"):
        reach(server.url, CURE)
    assert not server.ranges  # the file itself is not asked for


@pytest.mark.slow
def test_a_silent_server_is_given_up(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(InputError):
            fetch(Remote(url, None, None), tmp_path / "file", CURE, timeout=(0.2, 0.2))
        with pytest.raises(InputError):
            reach(url, CURE, timeout=0.2)


def test_an_old_file_of_another_size_is_replaced(server, tmp_path):
    (tmp_path / "file").write_bytes(b"short")
    fetch(remote(server), tmp_path / "file", CURE)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_of_another_address_is_not_joined(server, tmp_path):
    (tmp_path / ".file.part").write_bytes(b"x" * 1000)
    (tmp_path / ".file.json").write_text(json.dumps({"url": "http://elsewhere/file", "mark": '"one"', "size": 2000}))
    fetch(remote(server), tmp_path / "file", CURE)
    assert server.ranges == [None] and (tmp_path / "file").read_bytes() == CONTENT


def test_two_processes_fetch_once(server, tmp_path):
    code = (
        "import sys; from pathlib import Path; from captioner.downloads.download import Remote, fetch;"
        "fetch(Remote(sys.argv[1], None, None), Path(sys.argv[2]), '')"
    )
    command = [sys.executable, "-c", code, server.url, str(tmp_path / "file")]
    running = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    assert (tmp_path / "file").read_bytes() == CONTENT and len(server.ranges) == 1


def test_an_interrupted_download_is_kept(server, tmp_path, monkeypatch):
    def interrupted(self, size):
        yield CONTENT[:1000]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(requests.Response, "iter_content", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch(remote(server), tmp_path / "file", CURE)
    assert not (tmp_path / "file").exists() and (tmp_path / ".file.part").stat().st_size == 1000
    fetch(remote(server), tmp_path / "file", CURE)
    assert server.ranges[-1] == "bytes=1000-" and (tmp_path / "file").read_bytes() == CONTENT
