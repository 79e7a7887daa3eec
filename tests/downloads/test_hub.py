"""Models of transformers by name: the hub's client against a local server that holds one small model."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from captioner.downloads import hub
from captioner.foundation.errors import InputError

COMMIT = "a" * 40
FILES = {
    "config.json": b'{"model_type": "gpt2"}', "tokenizer.json": b"{}", "model.safetensors": b"weights" * 1000,
    "pytorch_model.bin": b"older weights", "onnx/model.onnx": b"x", "README.md": b"text",
}  # fmt: skip


class Hub(BaseHTTPRequestHandler):
    """The three calls of the hub's client: what a model has, what a file is, its bytes."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, content: bytes, status=200, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/api/models/x/tiny/tree"):
            tree = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(name.encode()).hexdigest()}
                for name, content in FILES.items()
            ]
            return self.answer(json.dumps(tree).encode(), Content_Type="application/json")
        if path.startswith("/api/models/x/tiny"):
            siblings = [{"rfilename": name} for name in FILES]
            document = {"id": "x/tiny", "modelId": "x/tiny", "sha": COMMIT, "siblings": siblings, "tags": []}
            return self.answer(json.dumps(document).encode(), Content_Type="application/json")
        name = path.partition(f"/resolve/{COMMIT}/")[2] or path.partition("/resolve/main/")[2]
        if path.startswith("/x/tiny") and name in FILES:
            self.server.asked.append((self.command, name))
            etag = f'"{hashlib.sha1(name.encode()).hexdigest()}"'
            return self.answer(FILES[name], ETag=etag, X_Repo_Commit=COMMIT)
        return self.answer(b'{"error": "not found"}', 404, X_Error_Code="RepoNotFound")

    do_HEAD = do_GET


@pytest.fixture
def server():
    running = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    running.asked = []
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()  # soon ended
    yield running
    running.shutdown()
    running.server_close()


def ask(call: str, tmp_path, endpoint: str) -> subprocess.CompletedProcess[str]:
    """Call `captioner.downloads.hub` in a process of its own: the client reads its settings when it is imported."""
    code = (
        "from captioner.downloads import hub\nfrom captioner.foundation.errors import InputError\n"
        f"try:\n    print(hub.{call})\nexcept InputError as error:\n    print('error:', error)"
    )
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_only_what_is_needed_is_fetched_once(server, tmp_path):
    endpoint = f"http://127.0.0.1:{server.server_port}"
    done = ask("fetch('x/tiny', 'main', 'coco.decoder')", tmp_path, endpoint)
    assert f"revision {COMMIT}" in done.stdout, done.stderr
    got = {name for kind, name in server.asked if kind == "GET"}
    assert got == {"config.json", "tokenizer.json", "model.safetensors"}
    server.asked.clear()
    again = ask("fetch('x/tiny', 'main', 'coco.decoder')", tmp_path, endpoint)
    assert again.stdout == done.stdout and not server.asked  # from the cache, without a question
    offline = ask("fetch('x/tiny', 'main', 'coco.decoder')", tmp_path, "http://127.0.0.1:9")
    assert offline.stdout == done.stdout


@pytest.mark.slow
def test_half_a_snapshot_is_not_taken_for_whole(server, tmp_path):
    endpoint = f"http://127.0.0.1:{server.server_port}"
    ask("fetch('x/tiny', 'main', 'coco.decoder')", tmp_path, endpoint)
    (snapshot,) = (tmp_path / "hf").rglob(f"snapshots/{COMMIT}")
    (snapshot / "model.safetensors").unlink()
    assert ask("cached('x/tiny', 'main')", tmp_path, endpoint).stdout.strip() == "None"
    (snapshot / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "part-1", "b": "part-2"}}))
    (snapshot / "part-1").touch()
    assert ask("cached('x/tiny', 'main')", tmp_path, endpoint).stdout.strip() == "None"
    (snapshot / "part-2").touch()
    assert ask("cached('x/tiny', 'main')", tmp_path, endpoint).stdout.strip() == str(snapshot)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["probe", "fetch"])
def test_absent_models_and_no_network(server, tmp_path, call):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    for port, name in ((server.server_port, "x/gone"), (closed, "x/tiny")):
        done = ask(f"{call}('{name}', 'main', 'coco.decoder')", tmp_path, f"http://127.0.0.1:{port}")
        for part in (f"error: coco.decoder.name: {name} cannot be fetched", hub.WHERE, "set coco.decoder.name"):
            assert part in done.stdout, done.stdout + done.stderr


def test_local_folders(tmp_path):
    with pytest.raises(InputError, match=r"coco\.judge\.name: .*\(no config\.json\)"):
        hub.fetch(str(tmp_path), "main", "coco.judge")
    (tmp_path / "config.json").write_text("{}")
    assert hub.fetch(str(tmp_path), "main", "coco.judge") == (tmp_path, "a local file")
    assert hub.title(str(tmp_path)) == tmp_path.name and hub.title("openai/clip") == "openai/clip"


@pytest.mark.parametrize("tokeniser", ["tokenizer.json", "vocab.txt", "sentencepiece.bpe.model"])
def test_what_lies_in_the_cache_whole_is_not_asked_for_again(tmp_path, monkeypatch, tokeniser):
    """Chinese-CLIP's tokeniser is one vocab.txt, AltCLIP's may be one sentencepiece.bpe.model."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--x--tiny" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes(FILES[name])
    assert hub.cached("x/tiny", COMMIT) is None  # no tokeniser yet
    (folder / tokeniser).write_bytes(b"x")
    assert hub.cached("x/tiny", COMMIT) == folder
    assert hub.fetch("x/tiny", COMMIT, "coco.encoder") == (folder, f"hub, revision {COMMIT}")
