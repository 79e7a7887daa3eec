"""The web page's endpoints, in process: captions, refusals, headers, and load."""

from __future__ import annotations

import http.client
import io
import json
import re
import struct
import time
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from PIL import Image
from serving import serving

from captioner.application.project import Project
from captioner.web.app import create_app
from captioner.web.uploads import MOST_BYTES, Refused, upload_picture


@pytest.fixture(scope="module")
def app(captioner, study):
    project = Project(study)
    application = create_app(captioner, project.scores, project.examples(4))
    yield application
    application.extensions["batcher"].close()


@pytest.fixture
def client(app):
    return app.test_client()


def encoded(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A picture's file in this format."""
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 40)).save(written, kind, **options)
    return written.getvalue()


def post(client, content: bytes, name: str = "picture", kind: str = "application/octet-stream", **fields: object):
    return client.post("/api/caption", data={"image": (io.BytesIO(content), name, kind), **fields})


def test_a_picture_gets_the_captions_of_the_library(client, captioner, pictures):
    answer = post(client, pictures[0].read_bytes(), prompt=["A photo of", ""], top_k="3")
    assert answer.status_code == 200
    picture = Image.open(pictures[0]).convert("RGB")
    wanted = captioner.caption([picture, None], ["A photo of", ""], 3)
    for row, seen, blind in zip(answer.json["results"], *wanted, strict=True):
        assert (row["prompt"], row["caption"]) == (seen.prompt, seen.caption.text)
        assert row["clip_score"] == pytest.approx(seen.clip_score, abs=0.02)
        assert row["without_image"]["caption"] == blind.caption.text and row["without_image"]["clip_score"] is None
        assert "".join(step["text"] for step in row["steps"]).strip() == row["caption"]
        assert all(len(step["likely"]) == 3 for step in row["steps"]) and len(row["next_tokens"]) == 3
        assert 0 <= row["percentile"] <= 100


def test_without_a_prompt_the_headline_prompt_counts(client, pictures):
    (row,) = post(client, pictures[0].read_bytes(), top_k="0").json["results"]
    assert row["prompt"] == "A detailed photo of" and row["next_tokens"] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_every_promised_format_is_read(client, kind):
    answer = post(client, encoded(kind), "a b.ü", f"image/{kind.lower()}")
    assert answer.status_code == 200 and answer.json["image"] == {"width": 40, "height": 30}


def test_of_an_animation_the_first_frame_counts(client, pictures):
    frames = [Image.open(pictures[index]).convert("RGB") for index in (0, 1)]
    captions = []
    for several in (frames, frames[:1]):
        written = io.BytesIO()
        several[0].save(written, "GIF", save_all=True, append_images=several[1:])
        captions.append(post(client, written.getvalue()).json["results"][0]["clip_score"])
    assert captions[0] == pytest.approx(captions[1], abs=0.5)


def test_a_picture_is_turned_upright(client):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    assert post(client, encoded("JPEG", exif=exif)).json["image"] == {"width": 30, "height": 40}


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it has very many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9999))) + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
PNG, JPEG = encoded("PNG"), encoded("JPEG")
BAD_PICTURES = {
    "empty": (b"", "a.png", "image/png", 400),
    "text": (b"hello", "a.png", "image/png", 415),
    "svg": (SVG, "a.svg", "image/svg+xml", 415),
    "svg as png": (SVG, "a.png", "image/png", 415),
    "html": (HTML, "a.html", "text/html", 415),
    "html as jpeg": (HTML, "a.jpg", "image/jpeg", 415),
    "pdf": (b"%PDF-1.4", "a.pdf", "application/pdf", 415),
    "tiff": (encoded("TIFF"), "a.tiff", "application/octet-stream", 415),
    "png as html": (PNG, "a.png", "text/html", 415),
    "png as jpeg": (PNG, "a.jpg", "image/jpeg", 415),
    "cut": (JPEG[: len(JPEG) // 2], "a.jpg", "image/jpeg", 400),
    "bomb": (bomb(60_000, 60_000), "a.png", "image/png", 413),
    "wide": (bomb(20_000, 10), "a.png", "image/png", 413),
    "many pixels": (bomb(6_000, 6_000), "a.png", "image/png", 413),
    "many bytes": (PNG + bytes(MOST_BYTES), "a.png", "image/png", 413),
    "far too many bytes": (PNG + bytes(2 * MOST_BYTES), "a.png", "image/png", 413),
    "parent": (PNG, "../../etc/passwd", "image/png", 400),
    "absolute": (PNG, "/etc/passwd", "image/png", 400),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_bad_picture_is_refused_with_one_message(name, client):
    content, file_name, kind, status = BAD_PICTURES[name]
    answer = post(client, content, file_name, kind)
    assert answer.status_code == status and set(answer.json) == {"error"}
    assert "<" not in answer.json["error"] and "Traceback" not in answer.json["error"]


@pytest.mark.parametrize("name", ["C:\\a.png", "..\\a.png", "..", "a\0.png", "a\n.png", "a/b"])
def test_a_name_like_a_path_is_refused_whatever_the_form_makes_of_it(name):
    with pytest.raises(Refused, match="plain name"):
        upload_picture(PNG, "image/png", name)


BAD_PROMPTS = {
    "10 kB": "x" * 10_000,
    "200 kB": "x" * 200_000,
    "zero byte": "a\0b",
    "escape": "a\x1b[31mb",
    "line break": "a\nb",
    "direction": "a\u202eb",
    "script": "<script>alert(1)</script>",
    "image": "a <img src=x onerror=alert(1)>",
    "closing": "a</p>",
    "too many tokens": "zqx " * 70,
}


@pytest.mark.parametrize("name", BAD_PROMPTS)
def test_a_bad_prompt_is_refused(name, client):
    answer = post(client, PNG, prompt=BAD_PROMPTS[name])
    assert answer.status_code in (400, 413) and set(answer.json) == {"error"}
    assert "<" not in answer.json["error"]


def test_plain_prompts_of_any_language_are_taken(client):
    prompts = ["这张照片里有", "a < b & c > d", "naïve “quotes” and 🐕", "it's 5 o'clock: "]
    rows = post(client, PNG, prompt=prompts).json["results"]
    assert [row["prompt"] for row in rows] == [prompt.strip() for prompt in prompts]


def test_a_malformed_request_is_refused(client):
    assert client.post("/api/caption").status_code == 400
    assert client.post("/api/caption", json={"image": "x"}).status_code == 400
    both = {"image": [(io.BytesIO(PNG), "a.png"), (io.BytesIO(PNG), "b.png")]}
    assert client.post("/api/caption", data=both).status_code == 400
    assert post(client, PNG, prompt=["a"] * 9).status_code == 400
    assert post(client, PNG, top_k="-1").status_code == post(client, PNG, top_k="9999").status_code == 400
    assert post(client, PNG, more="x").status_code == 400
    assert client.get("/api/caption").status_code == 405 and client.get("/nothing").status_code == 404
    assert client.get("/examples/99").status_code == 404 and client.get("/static/../app.py").status_code == 404


def test_nothing_is_written(client, tmp_path, monkeypatch):
    """Not even a temporary file, for a picture above werkzeug's own limit for memory."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    big = encoded("BMP", (1200, 800))
    body, headers = multipart(big, "A photo of", "image/bmp")
    assert len(big) > 1_000_000 and client.post("/api/caption", data=body, headers=headers).status_code == 200


def test_every_answer_is_protected(client):
    for answer in (
        client.get("/"),
        client.get("/static/page.js"),
        client.get("/examples/0"),
        client.get("/nothing"),
        post(client, b""),
    ):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert client.get("/examples/0").mimetype == "image/png"


def test_other_sites_and_other_names_of_this_machine_are_turned_away(client):
    content = {"image": (io.BytesIO(PNG), "a.png")}
    foreign = client.post("/api/caption", data=content, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    for name in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
        assert client.get("/", headers={"Host": name}).status_code == 200


class Sources(HTMLParser):
    """What a page loads, and what of it is inline."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded, self.inline = [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.loaded += [given[name] for name in ("src", "href") if name in given]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


def test_the_page_loads_nothing_from_elsewhere_and_holds_nothing_inline(client):
    page = Sources()
    page.feed(client.get("/").text)
    assert not page.inline and len(page.loaded) > 5
    for source in page.loaded:
        assert source.startswith("#") or client.get(source).status_code == 200, source
    for name in ("page.js", "page.css"):
        text = client.get(f"/static/{name}").text
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name
        assert "innerHTML" not in text and "eval(" not in text and "insertAdjacentHTML" not in text


def test_the_model_is_described(client, study):
    told = client.get("/api/model").json
    assert told["prompt"] == "A detailed photo of" and "" in told["prompts"] and len(told["examples"]) == 4
    assert sum(told["scores"]["counts"]) == told["scores"]["images"] == 9
    assert (told["scores"]["low"], told["scores"]["high"]) == (0, 80)


@pytest.fixture
def server(captioner):
    """The application as `captioner app` serves it, with room for three requests, on a free port."""
    with serving(create_app(captioner, waiting=3, together=2), threads=12) as address:
        yield address


def multipart(content: bytes, prompt: str, kind: str = "image/png") -> tuple[bytes, dict[str, str]]:
    """A request's body and headers."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n' + prompt.encode()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
        + f"Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n--x--\r\n"
    )  # fmt: skip
    return body, {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.slow
def test_many_clients_get_200_or_503_and_all_succeed_on_retry(server, pictures):
    port = int(server.rsplit(":", 1)[1])
    bodies = [multipart(path.read_bytes(), "A photo of") for path in pictures]
    with urllib.request.urlopen(urllib.request.Request(f"{server}/api/caption", *bodies[0])) as answer:
        alone = json.load(answer)
    seen: list[int] = []

    def one(number: int) -> dict:
        for _ in range(400):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", "/api/caption", *bodies[number % len(bodies)])
            answer = connection.getresponse()
            told = json.load(answer)
            connection.close()
            seen.append(answer.status)
            if answer.status == 200:
                return told
            assert answer.status == 503 and int(answer.headers["Retry-After"]) >= 1 and "error" in told
            time.sleep(0.02)
        raise AssertionError("never served")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(one, range(36)))
    assert seen.count(200) == 36 and set(seen) == {200, 503}
    assert answers[0]["results"][0]["caption"] == alone["results"][0]["caption"]
    assert all(
        answers[index]["results"][0]["caption"] == answers[index % 9]["results"][0]["caption"] for index in range(36)
    )
