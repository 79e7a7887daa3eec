"""`captioner evaluate` and `captioner idf`: figures, tables of idf, standard output and every bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from captioner import evaluate
from captioner.cli import main
from captioner.evaluate import read_idf, write_idf
from captioner.metrics import Cider, Idf, tokenise

ROOT = Path(__file__).parents[1]
REFERENCES = {
    1: ["A dog runs in the park.", "A brown dog in a park"],
    2: ["Two cats sleep on a sofa.", "The cats aren't awake"],
    3: ["A man rides a bike", "Someone on a bike in the street"],
}
CANDIDATES = {1: "a dog runs in a park", 2: "two cats on a sofa", 3: "a man on a bike"}
NAMES = ["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr"]


def annotations(references):
    rows = [{"image_id": image, "caption": text} for image, texts in references.items() for text in texts]
    return {"images": [{"id": image} for image in references], "annotations": rows}


def results(candidates):
    return [{"image_id": image, "caption": text} for image, text in candidates.items()]


@pytest.fixture
def files(tmp_path):
    def write(references=None, candidates=None):
        paths = tmp_path / "references.json", tmp_path / "candidates.json"
        for path, content in zip(paths, (references, candidates), strict=True):
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return [str(path) for path in paths]

    return write


def scores(capsys, *arguments):
    main(["evaluate", *arguments, "--json", "--no-java"])
    return json.loads(capsys.readouterr().out)


def test_table_and_object_hold_the_same_figures(files, capsys):
    paths = files(annotations(REFERENCES), results(CANDIDATES))
    values = scores(capsys, *paths)
    assert list(values) == NAMES
    main(["evaluate", *paths, "--no-java"])
    table = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert table == {name: f"{value:.4f}" for name, value in values.items()}


def test_figures_are_those_of_the_reference_scorers(files, capsys):
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider as CocoCider
    from pycocoevalcap.rouge.rouge import Rouge

    truth = {image: [" ".join(tokenise(text)) for text in texts] for image, texts in REFERENCES.items()}
    result = {image: [" ".join(tokenise(text))] for image, text in CANDIDATES.items()}
    expected = [
        *Bleu(4).compute_score(truth, result, verbose=0)[0], Rouge().compute_score(truth, result)[0],
        CocoCider().compute_score(truth, result)[0],
    ]  # fmt: skip
    values = scores(capsys, *files(annotations(REFERENCES), results(CANDIDATES)))
    assert list(values.values()) == pytest.approx(expected, rel=1e-12)


def test_table_of_idf_of_the_same_references_changes_nothing(files, capsys, tmp_path):
    paths = files(annotations(REFERENCES), results(CANDIDATES))
    table = tmp_path / "idf.json"
    main(["idf", paths[0], str(table)])
    assert capsys.readouterr().out == ""
    assert scores(capsys, *paths, "--idf", str(table)) == scores(capsys, *paths)
    several = [[tokenise(text) for text in texts] for texts in REFERENCES.values()]
    assert read_idf(table) == Idf.of(several)
    first = table.read_bytes()
    write_idf(table, read_idf(table))
    assert table.read_bytes() == first


def test_table_of_idf_counts_for_the_weights():
    """By hand: ten images, `a` in all of them, so its weight is 0; `b` and every other n-gram in none: ln 10."""
    table = Idf(10, {("a",): 10})
    value = Cider([[("a", "b")]], table).scores([("a", "c")])
    assert value[0] == 0  # only `a` is shared, and it weighs nothing
    assert Cider([[("a", "b")]], table).scores([("a", "b")])[0] == pytest.approx(10 * 2 / 4)  # n = 1 and 2 agree
    assert Cider([[("a", "b")]]).scores([("a", "b")])[0] == 0  # its own idf: one image, ln 1


def test_images_without_a_candidate_are_left_out_and_counted(files, capsys):
    some = {image: CANDIDATES[image] for image in (1, 3)}
    main(["evaluate", *files(annotations(REFERENCES), results(some)), "--json", "--no-java"])
    printed = capsys.readouterr()
    assert printed.err == "1 of 3 images have no candidate and are left out\n"
    kept = {image: REFERENCES[image] for image in some}
    assert json.loads(printed.out) == scores(capsys, *files(annotations(kept), results(some)))


@pytest.mark.parametrize(
    ("references", "candidates"),
    [
        ({1: ["a dog"]}, {1: "a dog"}),
        ({1: [""]}, {1: ""}),
        ({1: ["", "!"], 2: ["dog"]}, {1: "...", 2: ""}),
        ({"a": ["dog"], "b": ["dog"]}, {"a": "dog", "b": "dog"}),
        ({1: ["a cat"], 2: ["a dog"]}, {1: "zebra", 2: "zebra zebra zebra zebra zebra"}),
    ],
)
@pytest.mark.filterwarnings("error")
def test_degenerate_captions_give_numbers(files, capsys, references, candidates):
    values = scores(capsys, *files(annotations(references), results(candidates)))
    assert list(values) == NAMES and all(0 <= value <= 10 for value in values.values())


GOOD, TOLD = annotations(REFERENCES), results(CANDIDATES)


@pytest.mark.parametrize(
    ("references", "candidates", "message"),
    [
        ("{", TOLD, "not JSON"),
        ("[" * 100_000, TOLD, "not JSON"),
        (GOOD, "no", "not JSON"),
        ([], TOLD, "annotation format"),
        ({"images": []}, TOLD, "annotation format"),
        ({"images": [], "annotations": []}, TOLD, "no image has a reference"),
        ({"images": [1], "annotations": []}, TOLD, "images[0]"),
        ({"images": [{"id": 1}, {"id": 1}], "annotations": []}, TOLD, "listed twice"),
        ({"images": [{"id": 1}], "annotations": [{"image_id": 2, "caption": "a"}]}, TOLD, "does not list"),
        ({"images": [{"id": 1}], "annotations": [{"image_id": 1}]}, TOLD, "annotations[0]"),
        (GOOD, {}, "result format"),
        (GOOD, [], "no captions"),
        (GOOD, [{"image_id": 1, "caption": None}], "[0] should have"),
        (GOOD, [{"image_id": True, "caption": "a"}], "[0] should have"),
        (GOOD, [*TOLD, TOLD[0]], "more than one caption"),
        (GOOD, [*TOLD, {"image_id": 9, "caption": "a"}], "no references"),
    ],
)
def test_bad_input_is_one_error(files, capsys, references, candidates, message):
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", *files(references, candidates), "--json"])
    printed = capsys.readouterr()
    assert exit_.value.code == 2 and printed.out == ""
    assert printed.err.startswith("error: ") and printed.err.count("error:") == 1 and message in printed.err


@pytest.mark.parametrize(
    "table",
    [
        "{", [], {"format": "captioner-idf-1"}, {"format": "captioner-idf-1", "images": 0, "frequency": {}},
        {"format": "captioner-idf-1", "images": 2, "frequency": {"a": 3}},
        {"format": "captioner-idf-1", "images": 2, "frequency": {"a b c d e": 1}},
        {"format": "captioner-idf-1", "images": 2, "frequency": {"a": "1"}},
    ],
)  # fmt: skip
def test_bad_table_of_idf_is_one_error(files, capsys, tmp_path, table):
    path = tmp_path / "idf.json"
    path.write_text(table if isinstance(table, str) else json.dumps(table), encoding="utf-8")
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", *files(GOOD, TOLD), "--idf", str(path)])
    assert exit_.value.code == 2 and str(path) in capsys.readouterr().err


def test_missing_file_is_one_error(files, capsys, tmp_path):
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", files(GOOD, TOLD)[0], str(tmp_path / "none.json")])
    assert exit_.value.code == 2 and "none.json: cannot be read" in capsys.readouterr().err


def test_without_java_one_line_says_so(files, capsys, monkeypatch):
    monkeypatch.setattr(evaluate.shutil, "which", lambda name: None)
    main(["evaluate", *files(GOOD, TOLD), "--json"])
    printed = capsys.readouterr()
    assert list(json.loads(printed.out)) == NAMES
    assert [line.split(":")[0] for line in printed.err.splitlines()] == ["METEOR is left out", "SPICE is left out"]


def test_standard_output_is_one_object_and_the_start_is_light(files):
    code = "import sys; from captioner.cli import main; main(); print('torch' in sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", code, "evaluate", *files(GOOD, TOLD), "--json", "--no-java"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == json.dumps(json.loads(done.stdout)) + "\n"
    assert done.stderr == "False\n"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="METEOR needs Java, which is not here")
def test_meteor_is_the_one_of_pycocoevalcap(files, capfd):
    """The figure was printed once by pycocoevalcap's Meteor (1.5) on the same words."""
    main(["evaluate", *files(GOOD, TOLD), "--json"])
    values = json.loads(capfd.readouterr().out)
    assert list(values)[:7] == [*NAMES, "METEOR"]
    assert values["METEOR"] == pytest.approx(0.4034677144122321, rel=1e-9)


def test_help_has_an_example(capsys):
    for command in evaluate.COMMANDS:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert f"example:\n  captioner {command}" in capsys.readouterr().out
