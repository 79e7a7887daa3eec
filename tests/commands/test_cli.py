"""The command `captioner`, run as a user runs it, on a tiny study."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from captioner import cli

ROOT = Path(__file__).parents[2]


@pytest.fixture
def command(capsys, monkeypatch):
    """The command in this process: its exit status, standard output, and standard error."""

    def run(*arguments: object, stdin: str = "") -> tuple[object, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            cli.main([str(each) for each in arguments])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


def test_help_comes_at_once_and_shows_examples():
    for name in ("caption", "export", "app", "provenance"):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "captioner", name, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 and f"captioner {name}" in done.stdout and "exit status" in done.stdout
        assert " torch" not in done.stderr and " flask" not in done.stderr


def test_json_holds_every_field_for_each_picture_and_prompt(command, study, pictures, captioner):
    status, out, err = command(
        "caption", *pictures[:3], "--project", study, "--prompt", "A photo of", "--prompt", "", "--top-k", 2,
        "--format", "json", "--batch-size", 2,
    )  # fmt: skip
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and "3 pictures" in err
    assert [(row["image"], row["prompt"]) for row in rows] == [
        (str(path), prompt) for path in pictures[:3] for prompt in ("A photo of", "")
    ]
    assert set(rows[0]) == {
        "image", "prompt", "caption", "clip_score", "log_probability", "entropy", "tokens", "next_tokens",
    }  # fmt: skip
    for row in rows:
        assert row["log_probability"] <= 0 and 0 <= row["entropy"] <= 1 and -100 <= row["clip_score"] <= 100
        assert len(row["next_tokens"]) == 2 and row["next_tokens"][0]["probability"] <= 1


@pytest.mark.slow
def test_folders_lists_and_formats_agree(command, study, pictures):
    folder = pictures[0].parent
    _, out, _ = command("caption", folder, "--project", study, "--format", "json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["image"] for row in rows] == [str(path) for path in pictures]
    assert {row["prompt"] for row in rows} == {"A detailed photo of"}  # the study's headline prompt
    listing = "".join(f"{path}\n" for path in pictures)
    for arguments in ((), ("-",)):
        _, again, _ = command("caption", *arguments, "--project", study, "--format", "csv", stdin=listing)
        table = list(csv.DictReader(io.StringIO(again)))
        assert [(row["image"], row["caption"]) for row in table] == [(row["image"], row["caption"]) for row in rows]
    _, text, _ = command("caption", folder, "--project", study)
    assert all(row["caption"] in text and row["image"] in text for row in rows)


def test_of_a_folder_what_is_no_picture_is_left_out_and_counted(command, study, tmp_path):
    for name in ("b.avif", "a.JFIF", "deep/c.tga"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        kind = {"a.JFIF": "JPEG"}.get(name)
        Image.new("RGB", (9, 9), "red").save(tmp_path / name, kind)
    for name in ("x.heic", "y.HEIC", "notes.txt", "README"):
        (tmp_path / name).write_text("x")
    status, out, err = command("caption", tmp_path, "--project", study, "--format", "json")
    assert [Path(json.loads(line)["image"]).name for line in out.splitlines()] == ["a.JFIF", "b.avif", "c.tga"]
    assert status == 0 and "left out" in err and ".heic (2), .txt (1), README (1)".lower() in err.lower()


def test_a_bad_file_is_named_and_skipped(command, study, pictures, tmp_path):
    bad, empty = tmp_path / "bad\x1b.png", tmp_path / "nothing"
    bad.write_text("no picture")
    empty.mkdir()
    status, out, err = command(
        "caption", bad, tmp_path / "missing.png", empty, pictures[0], "--project", study, "--format", "json"
    )
    assert status == 3 and len(out.splitlines()) == 1 and json.loads(out)["image"] == str(pictures[0])
    assert err.count("skipped:") == 3 and "missing.png" in err and "no pictures in this folder" in err
    assert "\x1b" not in err.replace("\x1b[A", "") and "Traceback" not in err


def test_what_cannot_be_done_ends_in_one_message(command, study, pictures, tmp_path):
    status, out, _ = command("caption", pictures[0], "--project", tmp_path)
    assert "no project" in str(status) and "--model" in str(status) and not out
    status, out, _ = command("caption", pictures[0], "--project", study, "--prompt", "word " * 100)
    assert "shorten" in str(status) and not out
    status, _, _ = command("caption", pictures[0], "--project", study, "--encoder", tmp_path)
    assert "--model" in str(status)
    assert command("caption", pictures[0], "--top-k", -1)[0] == 2


def test_the_page_needs_a_free_port(command, study):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, out, _ = command("app", "--project", study, "--port", port)
    assert f"127.0.0.1:{port}" in str(status) and "--port" in str(status) and not out
    assert command("app", "--port", 70_000)[0] == 2


@pytest.mark.slow
def test_a_name_that_is_no_text_is_given_back_as_it_is(study, pictures, tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    with open(name, "wb") as file:
        file.write(pictures[0].read_bytes())
    line = [sys.executable, "-m", "captioner", "caption", name, "--project", study, "--format", "csv"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True)
    assert done.returncode == 0 and done.stdout.splitlines()[1].startswith(name)


@pytest.mark.slow
def test_an_exported_model_needs_no_project(command, study, pictures, tmp_path):
    status, out, _ = command("export", tmp_path / "tiny", "--project", study)
    assert status == 0 and "a tiny CLIP, in encoder/" in out
    line = ("caption", pictures[0], "--format", "json")
    here = command(*line, "--project", study)[1]
    assert here and command(*line, "--model", tmp_path / "tiny", "--project", tmp_path)[1] == here
    status, out, _ = command("export", tmp_path / "slim", "--project", study, "--no-backbones")
    assert status == 0 and "found by hash" in out
    assert (
        command("caption", pictures[0], "--model", tmp_path / "slim", "--project", study, "--format", "json")[1] == here
    )
    status, _, _ = command("caption", pictures[0], "--model", tmp_path / "slim", "--project", tmp_path)
    assert "--encoder" in str(status)


@pytest.mark.slow
def test_provenance_as_text_and_as_json_tell_the_same(command):
    status, text, _ = command("provenance", "cider", "--project", ROOT)
    assert status == 0 and "stage score: " in text and "  command     python -m stages.score\n" in text
    status, out, _ = command("provenance", "headline.cider", "--project", ROOT, "--format", "json")
    found = json.loads(out)
    assert status == 0 and text.startswith(found["result"]["title"])
    for each in found["steps"][0]["inputs"] + found["steps"][0]["code"]:
        assert f"{each['md5']}  {each['path']}" in text
    status, _, _ = command("provenance", "cidr", "--project", ROOT)
    assert str(status).startswith("error: cidr: no key")
