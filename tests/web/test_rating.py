"""The rating page's endpoints: own tasks only, blind, protected; nothing lost when the server is killed."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from made_ratings import study

from captioner.rating.items import Sizes
from captioner.rating.store import RatingStore
from captioner.rating.table import ANSWERS
from captioner.web.rating import create_rating_app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path):
    return study(tmp_path / "made.rating", 3, Sizes(pairs=4, scales=2, overlap=3))


@pytest.fixture
def client(store):
    return create_rating_app(store).test_client()


@pytest.fixture
def links(store):
    return [f"/rate/{rater.token}" for rater in store.raters()]


def say(client, link: str, **fields):
    state = client.get(f"{link}/state").json
    known = {"position": state["done"], "answer": ANSWERS[state["task"]["kind"]][0], "milliseconds": 700}
    return client.post(f"{link}/answer", json={**known, **fields})


def test_a_rater_goes_from_the_first_task_to_the_last(client, links, store):
    total = client.get(f"{links[0]}/state").json["total"]
    for done in range(total):
        state = client.get(f"{links[0]}/state").json
        assert state["done"] == done and state["task"]["picture"].endswith(f"/picture/{done}")
        assert (state["ahead"] is None) == (done == total - 1)
        picture = client.get(state["task"]["picture"])
        assert picture.status_code == 200 and picture.mimetype == "image/png"
        assert say(client, links[0]).json["done"] == done + 1
    assert client.get(f"{links[0]}/state").json["task"] is None
    assert client.post(f"{links[0]}/undo", json={"done": total}).json["done"] == total - 1
    assert len(store.ratings()) == total - 1


def test_a_rater_neither_sees_nor_changes_what_is_anothers(client, links, store):
    say(client, links[0])
    say(client, links[0])
    before = store.ratings()
    for link in links[1:]:
        assert client.get(f"{link}/state").json["done"] == 0
        assert client.post(f"{link}/undo", json={"done": 2}).status_code == 409
        assert say(client, link, position=1).status_code == 409
    assert store.ratings() == before and len(before) == 2
    other = links[0].rsplit("/", 1)[1]
    for wrong in ("x", other[:-1], other + "x", other.swapcase(), "%00", "1"):
        assert client.get(f"/rate/{wrong}/state").status_code == client.get(f"/rate/{wrong}").status_code == 404
        assert client.post(f"/rate/{wrong}/answer", json={}).status_code == 404
        assert client.get(f"/rate/{wrong}/picture/0").status_code == 404
    assert client.get("/").status_code == 404
    told = client.get(f"{links[0]}/state").text + client.get(links[0]).text
    assert not any(link.rsplit("/", 1)[1] in told for link in links[1:])
    assert client.get(f"{links[0]}/picture/9999").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"position": "0"}, {"position": True}, {"position": 10**30}, {"answer": 1}, {"milliseconds": 1.5}, {"more": 1},
        {"answer": None},
    ],
)  # fmt: skip
def test_a_malformed_answer_is_refused(client, links, store, fields):
    answer = say(client, links[0], **fields)
    assert answer.status_code == 400 and set(answer.json) == {"error"}
    assert store.ratings() == []


def test_other_requests_are_refused(client, links, store):
    post, link = client.post, f"{links[0]}/answer"
    assert post(link, json=[1]).status_code == 400 and post(link, data="x").status_code == 415
    assert post(link, data="{", content_type="application/json").status_code == 400
    assert post(link, data=b"x" * 5000, content_type="application/json").status_code == 413
    fields = {"position": 0, "answer": "left", "milliseconds": 1}
    assert post(link, json=fields, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert post(link, json=fields, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get(links[0], headers={"Host": "evil.example"}).status_code == 400
    assert client.get(f"{links[0]}/answer").status_code == 405 and store.ratings() == []
    assert post(link, json=fields, headers={"Origin": "https://localhost"}).status_code == 200  # TLS stands before it


def test_every_answer_is_protected_and_not_kept_by_others(client, links):
    for address in (links[0], f"{links[0]}/state", f"{links[0]}/picture/0", "/", "/static/rate.js"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"  # the token stands in the address
    assert client.get(f"{links[0]}/state").headers["Cache-Control"] == "no-store"
    assert client.get(f"{links[0]}/picture/0").headers["Cache-Control"].startswith("private")


def test_the_page_holds_nothing_inline_and_names_no_origin_but_its_own(client, links):
    text = client.get(links[0]).text
    assert not re.search(r"<style|\son\w+=|style=|<script>", text) and "Practice" in text  # simulated: does not count
    for name in ("rate.js", "rate.css"):
        told = client.get(f"/static/{name}").text
        assert not re.search(r"https?://|innerHTML|eval\(|insertAdjacentHTML", told), name


class Server:
    """`captioner rate serve` in a process of its own."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "captioner", "rate", "serve", str(path), "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        line = self.process.stdout.readline()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", line)[1])
        self.links = threading.Thread(target=self.process.stdout.read, daemon=True)  # so that the pipe never fills
        self.links.start()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def rate(port: int, token: str, acknowledged: list[tuple[str, int, str]], enough: threading.Event) -> None:
    """Answer as long as the server lives; `acknowledged` gets (token, position, answer) after each reply."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", f"/rate/{token}/state")
        state = json.load(connection.getresponse())
        while state["task"]:
            position = state["task"]["position"]
            answers = ANSWERS[state["task"]["kind"]]
            value = answers[(position + len(token)) % len(answers)]
            body = json.dumps({"position": position, "answer": value, "milliseconds": 1000})
            connection.request("POST", f"/rate/{token}/answer", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            content = reply.read()
            assert reply.status == 200, content
            state = json.loads(content)
            acknowledged.append((token, position, value))
            if len(acknowledged) >= 120:
                enough.set()
    except (OSError, http.client.HTTPException, ValueError):
        pass  # the server was killed: no reply, or half of one
    finally:
        connection.close()


def together(port: int, tokens: list[str], acknowledged: list, enough: threading.Event) -> list[threading.Thread]:
    threads = [threading.Thread(target=rate, args=(port, token, acknowledged, enough)) for token in tokens]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.slow
def test_fifty_raters_lose_nothing_when_the_server_is_killed(tmp_path):
    path = tmp_path / "made.rating"
    store = study(path, 50, Sizes(pairs=4, scales=2, overlap=3))
    tokens = [rater.token for rater in store.raters()]
    names = {rater.name: rater.token for rater in store.raters()}
    acknowledged: list[tuple[str, int, str]] = []
    enough = threading.Event()
    server = Server(path)
    threads = together(server.port, tokens, acknowledged, enough)
    assert enough.wait(60)
    server.kill()  # in the midst of other requests
    for thread in threads:
        thread.join(60)
    after = RatingStore(path)
    kept = {(names[rating.rater], rating.position, rating.answer) for rating in after.ratings()}
    total = sum(rater.total for rater in after.raters())
    assert set(acknowledged) <= kept and len(kept) < total  # nothing lost; and it was killed before the end
    assert len(kept) - len(acknowledged) <= 50  # at most one a rater was kept and not yet told
    assert after.database.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    server = Server(path)
    try:
        for thread in together(server.port, tokens, acknowledged, enough):
            thread.join(120)
    finally:
        server.kill()
    ratings = RatingStore(path).ratings()
    assert len(ratings) == total and kept <= {(names[r.rater], r.position, r.answer) for r in ratings}
    assert max(Counter((rating.rater, rating.position) for rating in ratings).values()) == 1
