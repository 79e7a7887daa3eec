"""`captioner caption` with beams and samples, as a user runs it, on a tiny study."""

from __future__ import annotations

import csv
import io
import json

import pytest
from test_cli import command  # noqa: F401

from captioner.application.several import describe
from captioner.decoding.sampling import Nucleus

NUCLEUS = ("--decoding", "nucleus", "--top-p", 1, "--samples", 4)


def lines(out):
    return [json.loads(line) for line in out.splitlines()]


def test_json_holds_all_captions(command, study, pictures):  # noqa: F811
    line = ("caption", *pictures[:3], "--project", study, "--format", "json", *NUCLEUS)
    status, out, _ = command(*line)
    rows = lines(out)
    assert status == 0 and [row["image"] for row in rows] == [str(path) for path in pictures[:3]]
    for row in rows:
        assert len(row["captions"]) == 4 and row["captions"][0].items() <= row.items()
        assert set(row["captions"][0]) == {"caption", "clip_score", "log_probability", "entropy", "tokens"}
    assert len({one["caption"] for row in rows for one in row["captions"]}) > 6
    assert command(*line)[1] == out  # the same bytes again
    assert lines(command(*line, "--seed", 9)[1]) != rows


def test_a_picture_has_its_captions_whatever_the_batch_and_its_name(command, study, pictures, tmp_path):  # noqa: F811
    copy = tmp_path / "copy.png"
    copy.write_bytes(pictures[1].read_bytes())
    line = ("--project", study, "--format", "json", *NUCLEUS)
    together, alone = lines(command("caption", *pictures[:3], *line)[1]), lines(command("caption", copy, *line)[1])
    assert [one["caption"] for one in alone[0]["captions"]] == [one["caption"] for one in together[1]["captions"]]


@pytest.mark.slow
def test_the_best_of_several_is_the_one_with_the_highest_score(command, study, pictures):  # noqa: F811
    line = ("caption", *pictures, "--project", study, *NUCLEUS)
    every = lines(command(*line, "--format", "json")[1])
    best = lines(command(*line, "--format", "json", "--best-of-n")[1])
    for row, other in zip(best, every, strict=True):  # the tiny study's judge has the weights of its encoder
        assert row["captions"] == other["captions"]
        assert row["clip_score"] == max(one["clip_score"] for one in row["captions"])
    assert any(row["caption"] != other["caption"] for row, other in zip(best, every, strict=True))
    table = list(csv.DictReader(io.StringIO(command(*line, "--format", "csv", "--best-of-n")[1])))
    assert [row["caption"] for row in table] == [row["caption"] for row in best]
    table = list(csv.DictReader(io.StringIO(command(*line, "--format", "csv")[1])))
    assert [row["caption"] for row in table] == [one["caption"] for row in every for one in row["captions"]]
    text = command(*line)[1]
    assert all(row["captions"][3]["caption"] in text for row in every)


def test_beams_come_best_first(command, study, pictures):  # noqa: F811
    out = command("caption", *pictures, "--project", study, "--format", "json", "--decoding", "beam", "--samples", 3)[1]
    for row in lines(out):
        scores = [one["log_probability"] for one in row["captions"]]
        assert len(scores) == 3 and scores == sorted(scores, reverse=True)
        assert len({json.dumps(one) for one in row["captions"]}) == 3


def test_without_options_nothing_changes(command, study, pictures):  # noqa: F811
    plain = command("caption", *pictures[:2], "--project", study, "--format", "json")[1]
    assert command("caption", *pictures[:2], "--project", study, "--format", "json", "--decoding", "greedy")[1] == plain
    one = ("--decoding", "beam", "--beams", 1)
    rows = lines(command("caption", *pictures[:2], "--project", study, "--format", "json", *one)[1])
    assert [row["caption"] for row in rows] == [row["caption"] for row in lines(plain)]


def test_the_choice_is_the_encoders_and_the_scores_are_the_judges(captioner, pictures):
    """Where they differ: a judge whose texts are turned upside down likes best what the encoder likes least."""
    from PIL import Image

    class Turned(type(captioner.judge)):
        def encode_texts(self, texts, batch_size=256):
            return -super().encode_texts(texts, batch_size)

    ready = [captioner.prepare(Image.open(path).convert("RGB")) for path in pictures[:4]]
    own = describe(captioner, ready, ["A photo of"], Nucleus(1.0, 1.0, 5, 1), True)
    judge = captioner.judge
    try:
        captioner.judge = Turned(judge.model, judge.device)
        other = describe(captioner, ready, ["A photo of"], Nucleus(1.0, 1.0, 5, 1), True)
    finally:
        captioner.judge = judge
    for (one,), (two,) in zip(own, other, strict=True):
        assert one.place == two.place
        assert one.chosen.clip_score == pytest.approx(-two.chosen.clip_score, abs=1e-3)
    assert describe(captioner, [], ["A photo of"], Nucleus(1.0, 1.0, 5, 1), True) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--samples", 3), "--samples: greedy decoding has one caption"),
        (("--beams", 3), "--beams: only together with --decoding beam"),
        (("--decoding", "nucleus", "--beams", 3), "--beams: only together with --decoding beam"),
        (("--decoding", "beam", "--top-p", 0.5), "--top-p: only together with --decoding nucleus"),
        (("--temperature", 0.5), "--temperature: only together"),
        (("--decoding", "beam", "--seed", 0), "--seed: only together with --decoding nucleus"),
        (("--best-of-n",), "--best-of-n: only together with --samples"),
        (("--decoding", "nucleus", "--best-of-n"), "--best-of-n: only together with --samples"),
        (("--decoding", "beam", "--beams", 2, "--samples", 3), "raise --beams"),
        (("--decoding", "beam", "--top-k", 3), "--top-k: only with --decoding greedy"),
        (("--decoding", "nucleus", "--out", "folder"), "--out: only with --decoding greedy"),
        (("--decoding", "beam", "--beams", 900), "beams: 900 are too many"),
    ],
)
def test_what_does_not_go_together_is_one_error(command, study, pictures, arguments, told):  # noqa: F811
    status, out, _ = command("caption", pictures[0], "--project", study, *arguments)
    assert told in str(status) and str(status).startswith("error: ") and not out


@pytest.mark.parametrize(
    ("option", "value"),
    [("--top-p", 0), ("--top-p", 1.1), ("--top-p", "nan"), ("--temperature", 0), ("--temperature", "inf"),
     ("--samples", 0), ("--beams", 0), ("--seed", -1), ("--decoding", "random")],
)  # fmt: skip
def test_values_out_of_range_are_wrong_arguments(command, option, value):  # noqa: F811
    status, _, err = command("caption", "x.png", option, value)
    assert status == 2 and option in err
