"""`captioner rate`: a study from a built project and from files, its links, and its table."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from captioner.application.project import Project
from captioner.captioning.captions import Caption, Record, write_records
from captioner.cli import main
from captioner.commands import rate_material
from captioner.photographs.annotations import Captions, write_captions
from captioner.rating.store import RatingStore
from captioner.rating.table import ANSWERS, COLUMNS, read_ratings

ROOT = Path(__file__).parents[2]
SMALL = ("--pairs", "4", "--scales", "3", "--raters", "3")


@pytest.fixture
def command(capsys):
    def run(*arguments: object) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["rate", *map(str, arguments)])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


@pytest.fixture
def files(pictures, tmp_path):
    """References and two files of candidates of the study's test pictures."""
    contents = {
        "r": {path.name: [f"a thing number{n}", f"thing number{n} here"] for n, path in enumerate(pictures)},
        "one": {path.name: f"one of {n}" for n, path in enumerate(pictures)},
        "two": {path.stem: f"two of {n}" for n, path in enumerate(pictures)},
    }
    paths = {name: tmp_path / f"{name}.json" for name in contents}
    for name, path in paths.items():
        path.write_text(json.dumps(contents[name]), encoding="utf-8")
    return ["--references", paths["r"], "--images", pictures[0].parent, "--captions", paths["one"], f"B={paths['two']}"]


def answer_everything(store: RatingStore, rater: int) -> None:
    while (state := store.state(rater))["task"]:
        store.answer(rater, state["task"]["position"], ANSWERS[state["task"]["kind"]][0], 900)


def test_a_study_of_files_from_new_to_export(command, files, tmp_path, pictures):
    path, out = tmp_path / "mine.rating", tmp_path / "folder" / "ratings.csv"
    status, told, _ = command("new", path, *files, *SMALL)
    assert status == 0 and "2 systems, 9 pictures" in told and "captioner rate serve" in told
    assert command("export", path, out)[0] == 0 and read_ratings(out) == []
    store = RatingStore(path)
    answer_everything(store, 2)
    status, told, _ = command("raters", path, "--add", 1, "--url", "https://rate.example/")
    rows = re.findall(r"^(rater \d) +(\d+) of (\d+)  https://rate.example/rate/(\S+)$", told, re.MULTILINE)
    assert status == 0 and [row[0] for row in rows] == [f"rater {n}" for n in range(1, 5)]
    assert [row[1] for row in rows] == ["0", rows[1][2], "0", "0"] and len({row[3] for row in rows}) == 4
    status, told, _ = command("export", path, out)
    ratings = read_ratings(out)
    assert status == 0 and f"{len(ratings)} answers of 1 raters" in told and len(ratings) == int(rows[1][2])
    assert {rating.origin for rating in ratings} == {"people"} and {rating.study for rating in ratings} == {"mine"}
    assert {rating.image for rating in ratings} <= {picture.name for picture in pictures}
    assert {name for r in ratings if r.role == "rating" for name in (r.left, r.right)} <= {"one", "B", ""}
    assert out.read_text(encoding="utf-8").startswith(",".join(COLUMNS))


def test_practice_is_marked(command, files, tmp_path):
    assert command("new", tmp_path / "p.rating", *files, *SMALL, "--practice")[0] == 0
    store = RatingStore(tmp_path / "p.rating")
    answer_everything(store, 1)
    assert {rating.origin for rating in store.ratings()} == {"practice"}


@pytest.fixture(scope="session")
def built(study) -> Project:
    """The tiny study with captions of two prompts, two arms and references."""
    project, ids = Project(study), range(9)

    def records(arm: str, word: str) -> list[Record]:
        return [
            Record(arm, "test", image, Caption(f"{word} {image}", f"{word} {image}", 2, True, (-1.0,), (1.0,)), seed)
            for seed in (0, 1)
            for image in ids
        ]

    project.path("captions").mkdir()
    for name in project.settings.prompts:
        write_records(project.path("captions") / f"{name}.jsonl", records("linear", name))
    write_records(project.path("arms"), [*records("linear", "headline"), *records("mlp", "mlp")])
    texts = {image: [f"first of {image}", f"second of {image}"] for image in ids}
    names = {image: f"{image:012}.png" for image in ids}
    write_captions(project.path("captions_test"), Captions(names, texts), "test")
    return project


def test_a_study_of_prompts_arms_and_people(command, built, tmp_path):
    material = rate_material.of_project(built, ["detailed", "none", "mlp", "human"], "test")
    assert {name: own["3"] for name, own in material.captions.items()} == {
        "detailed": "detailed 3", "none": "none 3", "mlp": "mlp 3", "human": "first of 3",
    }  # fmt: skip
    assert material.references["3"] == ["second of 3"]  # a caption is no reference at the same time
    content, name = material.picture("3")
    assert content.startswith(b"\x89PNG") and "000000000003.png" in name
    assert set(rate_material.of_project(built, [], "test").captions) == set(built.settings.prompts)
    status, told, _ = command("new", tmp_path / "s.rating", "--project", built.folder, *SMALL)
    assert status == 0 and f"{len(built.settings.prompts)} systems, 9 pictures" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--project", "nowhere"], "is no project"), (["--references", "r.json"], "go together"),
        (["--raters", "0"], "nothing to ask"), (["--pairs", "0", "--scales", "0"], "nothing to ask"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_one_error_and_leaves_nothing(command, tmp_path, arguments, told):
    status, out, _ = command("new", tmp_path / "x.rating", *arguments)
    assert told in str(status) and str(status).startswith("error: ") and not out
    assert list(tmp_path.iterdir()) == []


def test_unknown_systems_and_names_are_told(command, built, files, tmp_path):
    path = tmp_path / "x.rating"
    status, *_ = command("new", path, "--project", built.folder, "--systems", "detailed,best")
    assert "'best': neither a prompt nor an arm" in status and "mlp" in status and "human" in status
    assert "two files of this name" in command("new", path, *files, f"B={files[-2]}")[0]
    assert "--systems names those of a built study" in command("new", path, *files, "--systems", "none")[0]
    files[-1] = files[-1].replace("B=", "a+b=")
    assert "no name for captions" in command("new", path, *files)[0] and not path.exists()


def test_a_study_is_not_written_over_and_a_wrong_file_is_told(command, files, tmp_path):
    path = tmp_path / "mine.rating"
    assert command("new", path, *files, *SMALL)[0] == 0
    before = RatingStore(path).raters()
    assert "is there already" in command("new", path, *files, *SMALL)[0] and RatingStore(path).raters() == before
    for action in (["serve"], ["raters"], ["export"]):
        assert "no such rating study" in command(*action, tmp_path / "none.rating", *["x"] * (action == ["export"]))[0]


def test_help_is_light():
    code = "import sys; from captioner.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, "rate", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0 and "captioner rate export mine.rating" in done.stdout
    assert " torch" not in done.stderr and " flask" not in done.stderr
