"""`captioner caption --captioner`: a model of transformers on one's own pictures, without a project."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from conftest import CPU
from PIL import Image
from random_captioners import write

from captioner import cli
from captioner.vision_language.pretrained import Pretrained

TEXTS = ["A red dog on a street.", "A blue bus by the sea.", "A photo of a small cat under a tree."] * 5
TEMPLATE = r"USER: <image>\n{prompt} ASSISTANT:"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write("llava", tmp_path_factory.mktemp("other") / "tiny", TEXTS)


@pytest.fixture
def command(capsys, monkeypatch, tmp_path):
    """The command in an empty folder: its exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        with pytest.raises(SystemExit) as ended:
            cli.main(["caption", *map(str, arguments)])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


@pytest.mark.slow
def test_captions_are_the_models(command, folder, pictures):
    line = (*pictures[:3], "--captioner", folder, "--template", TEMPLATE, "--device", "cpu", "--max-new-tokens", 8)
    status, out, _ = command(*line, "--prompt", "A photo of", "--prompt", "", "--format", "json", "--batch-size", 2)
    rows = [json.loads(each) for each in out.splitlines()]
    model = Pretrained.load(folder, TEMPLATE.replace(r"\n", "\n"), CPU)
    shown = [Image.open(path) for path in pictures[:3]]
    expected = {prompt: [one.text for one in model.caption(shown, prompt, 8)] for prompt in ("A photo of", "")}
    assert status == 0 and len(rows) == 6
    for prompt, texts in expected.items():
        assert [row["caption"] for row in rows if row["prompt"] == prompt] == texts
    assert {row["clip_score"] for row in rows} == {None} and all(row["next_tokens"] == [] for row in rows)
    assert all(row["log_probability"] <= 0 and 0 <= row["entropy"] <= 1 for row in rows)
    _, text, _ = command(*line)
    assert "[no prompt]" in text and "CLIP score" not in text and "log-probability" in text


WRONG = {
    "no template": (("--template", "A photo of"), "--template: Value error, should hold {prompt} once"),
    "no place for the picture": (("--template", "{prompt}"), "wants <image> where the picture goes"),
    "no device": (("--device", "gpu"), "--device: "),
    "likely tokens": (("--top-k", "3"), "--top-k: not together with --captioner"),
    "many": (("--out", "folder"), "--out: not together with --captioner"),
    "drawn": (("--decoding", "nucleus"), "--decoding: not together with --captioner, whose captions are greedy"),
    "a long prompt": (("--prompt", "word " * 200), "shorten it or lower the cap"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_done_is_one_message(name, command, folder, pictures):
    arguments, told = WRONG[name]
    status, out, _ = command(pictures[0], "--captioner", folder, "--template", TEMPLATE, *arguments)
    assert str(status).startswith("error: ") and told in str(status) and not out and "\n" not in str(status)


def test_a_name_that_is_nowhere_is_told(command, pictures):
    status, _, _ = command(pictures[0], "--captioner", "nobody/nothing")
    assert "captioner.name: nobody/nothing cannot be fetched" in str(status)
