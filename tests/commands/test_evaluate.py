"""`captioner evaluate` and `captioner idf`: figures, tables of idf, standard output and every bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import CPU
from PIL import Image

from captioner.application.project import Project
from captioner.cli import main
from captioner.commands import evaluate, java_scorers
from captioner.commands.evaluate import read_idf, write_idf
from captioner.scores.metrics import Cider, Idf, tokenise

ROOT = Path(__file__).parents[2]
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


def test_bad_input_is_one_error_on_standard_error(files, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", *files(GOOD, "{"), "--json"])
    printed = capsys.readouterr()
    assert exit_.value.code == 2 and printed.out == ""
    assert printed.err.startswith("error: ") and printed.err.count("error:") == 1 and "candidates.json" in printed.err


def test_without_java_one_line_says_so(files, capsys, monkeypatch):
    monkeypatch.setattr(java_scorers.shutil, "which", lambda name: None)
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


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


KARPATHY = {
    "images": [
        {"filename": f"{image}.jpg", "split": "test", "sentences": [{"raw": text} for text in texts]}
        for image, texts in REFERENCES.items()
    ]
}
FORMS = {
    "coco": (annotations(REFERENCES), results(CANDIDATES)),
    "map": ({f"{image}": texts for image, texts in REFERENCES.items()}, {f"{k}": v for k, v in CANDIDATES.items()}),
    "lists": ({f"{image}.jpg": texts for image, texts in REFERENCES.items()}, {k: [v] for k, v in CANDIDATES.items()}),
    "karpathy": (KARPATHY, {f"{image}.jpg": text for image, text in CANDIDATES.items()}),
}


@pytest.mark.parametrize("references", FORMS)
@pytest.mark.parametrize("candidates", FORMS)
def test_every_form_of_a_file_gives_the_same_figures(tmp_path, capsys, references, candidates):
    paths = (
        written(tmp_path / "r.json", FORMS[references][0]),
        written(tmp_path / "c.json", "\ufeff" + json.dumps(FORMS[candidates][1])),
    )
    wanted = [written(tmp_path / f"{n}.json", content) for n, content in enumerate(FORMS["coco"])]
    assert scores(capsys, *paths) == scores(capsys, *wanted)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_give_the_same_figures(tmp_path, capsys, encoding):
    rows = [f'{image}.jpg,"{text}"' for image, texts in REFERENCES.items() for text in texts]
    (tmp_path / "r.csv").write_text("\r\n".join(["image,caption", *rows]), encoding=encoding)
    rows = [f"{image}.jpg;{text}" for image, text in CANDIDATES.items()]
    (tmp_path / "c.txt").write_text("\n".join(["image;caption", *rows]), encoding=encoding)
    wanted = [written(tmp_path / f"{n}.json", content) for n, content in enumerate(FORMS["coco"])]
    assert scores(capsys, str(tmp_path / "r.csv"), str(tmp_path / "c.txt")) == scores(capsys, *wanted)


WORSE = {image: text.replace("a ", "some ") for image, text in CANDIDATES.items()}


@pytest.mark.slow
def test_files_are_compared_over_the_images_that_all_have(tmp_path, capsys):
    """The difference is that of the means, the interval holds it, and equal files do not differ."""
    many = {f"{n}": REFERENCES[n % 3 + 1] for n in range(60)}
    good, bad = ({f"{n}": own[n % 3 + 1] for n in range(60)} for own in (CANDIDATES, WORSE))
    del bad["7"]
    contents = {"r": many, "good": good, "bad": bad, "same": good}
    paths = [written(tmp_path / f"{name}.json", content) for name, content in contents.items()]
    main(["evaluate", *paths, "--json", "--no-java"])
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert "1 of 60 images have no candidate" in printed.err and list(found["files"]) == paths[1:]
    rows = {(row["metric"], row["file"], row["versus"]): row for row in found["pairs"]}
    assert len(rows) == 2 * 3
    for metric in ("CIDEr", "ROUGE_L"):
        one, other = (found["files"][path][metric] for path in paths[1:3])
        row = rows[metric, paths[1], paths[2]]
        assert row["difference"] == pytest.approx(one - other) and row["low"] < row["difference"] < row["high"]
        assert row["p"] < 0.01 and row["win_rate"] > 0.5
        none = rows[metric, paths[1], paths[3]]
        assert none["difference"] == 0 and none["p"] == 1 and none["win_rate"] == 0.5
        low, high = found["files"][paths[1]]["intervals"][metric]
        assert low < one < high
    main(["evaluate", *paths, "--no-java"])
    assert f"CIDEr: {paths[1]} minus {paths[2]}: +" in capsys.readouterr().out


def test_intervals_of_one_file_stand_beside_its_figures(files, capsys):
    paths = files(GOOD, TOLD)
    values = scores(capsys, *paths, "--intervals")
    assert {key: value for key, value in values.items() if key != "intervals"} == scores(capsys, *paths)
    assert set(values["intervals"]) == {"CIDEr", "ROUGE_L"}
    main(["evaluate", *paths, "--no-java", "--intervals"])
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("CIDEr"))
    low, high = values["intervals"]["CIDEr"]
    assert line.endswith(f"[{low:.4f}, {high:.4f}]")


@pytest.mark.slow
def test_clip_s_is_that_of_the_studys_judge(study, pictures, tmp_path, capsys):
    """By hand from the judge's embeddings: 2.5 x max(cosine, 0), and the harmonic mean with the best reference."""
    from captioner.encoders.encoder import load_encoder

    judge = load_encoder(Project(study).places.judge, CPU)
    texts = {path.name: f"a scene number {n}" for n, path in enumerate(pictures[:4])}
    several = {path.name: ["a cat", f"the scene {n}"] for n, path in enumerate(pictures[:4])}
    paths = (
        written(tmp_path / "r.json", several),
        written(tmp_path / "c.json", {Path(k).stem: v for k, v in texts.items()}),
    )
    options = ("--images", str(pictures[0].parent), "--encoder", str(Project(study).places.judge))
    found = scores(capsys, *paths, *options)
    seen = judge.encode_images(torch.stack([judge.preprocess(Image.open(path)) for path in pictures[:4]]))
    told = judge.encode_texts([f"A photo depicts {text}" for text in texts.values()])
    own = 2.5 * (seen * told).sum(dim=-1).clamp_min(0)
    assert found["CLIP-S"] == pytest.approx(own.mean().item(), abs=1e-5)
    best = torch.stack([
        (judge.encode_texts([f"A photo depicts {text}" for text in group]) @ one).max().clamp_min(0)
        for group, one in zip(several.values(), told, strict=True)
    ])  # fmt: skip
    assert found["RefCLIP-S"] == pytest.approx((2 * own * best / (own + best)).mean().item(), abs=1e-5)
    with pytest.raises(SystemExit):
        main(["evaluate", *paths, "--images", str(tmp_path), *options[2:], "--no-java"])
    assert "no picture" in capsys.readouterr().err


@pytest.mark.parametrize(("references", "candidates", "told"), [
    ({1: ["a dog"]}, {1: "a dog"}, "CIDEr is 0 by definition"),
    ({1: ["a dog"], 2: ["a cat"]}, {1: "a dog", 2: " "}, "1 captions are empty"),
    ({1: ["一只狗在公园里"], 2: ["一只猫"]}, {1: "一只狗", 2: "一只猫"}, "PTBTokenizer, parted at blanks"),
])  # fmt: skip
def test_what_makes_figures_mean_little_is_told(files, capsys, references, candidates, told):
    main(["evaluate", *files(annotations(references), results(candidates)), "--no-java"])
    assert told in capsys.readouterr().err


def test_a_file_named_twice_and_files_without_a_common_image(tmp_path, capsys):
    paths = [written(tmp_path / name, content) for name, content in
             (("r.json", {"a": ["x"], "b": ["y"]}), ("1.json", {"a": "x"}), ("2.json", {"b": "x"}))]  # fmt: skip
    for arguments, told in ((paths, "no image has a caption in every file"), ([*paths[:2], paths[1]], "named twice")):
        with pytest.raises(SystemExit):
            main(["evaluate", *arguments])
        assert told in capsys.readouterr().err


@pytest.mark.slow
def test_what_java_lacks_is_told_once_whatever_the_number_of_files(tmp_path, capsys, monkeypatch):
    """And without a path of the installation."""
    monkeypatch.setattr(java_scorers, "_scorer", lambda name: java_scorers._Missing("its models are not there"))
    monkeypatch.setattr(evaluate, "FLIPS", 100)
    monkeypatch.setattr(evaluate, "RESAMPLES", 100)
    contents = {"r": {"1": ["a dog"], "2": ["a cat"]}, "a": {"1": "a dog", "2": "x"}, "b": {"1": "dog", "2": "cat"}}
    paths = [written(tmp_path / f"{name}.json", content) for name, content in contents.items()]
    main(["evaluate", *paths])
    told = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in told] == ["METEOR is left out", "SPICE is left out"]
    assert not any("/" in line for line in told)
