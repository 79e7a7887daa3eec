"""Stage `ratings` in a folder of its own: no answers, simulated answers, damaged ones. The committed table of ratings
holds no answer that is not a person's.
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from committed import committed
from made_ratings import simulated
from ruamel.yaml import YAML

from captioner.rating import trust
from captioner.rating.joined import METRICS
from captioner.rating.table import COLUMNS, read_ratings, write_ratings
from stages import settings
from stages.ratings import main

ROOT = Path(__file__).parents[2]
PROMPTS = {"a": "A photo of", "b": "", "c": "A drawing of"}
IMAGES = 12


@pytest.fixture
def project(tmp_path):
    """What the stage opens: parameters, paths, scores of three prompts, no answers."""
    params = YAML().load(committed("params.yaml"))
    params["prompts"] = PROMPTS
    with (tmp_path / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)
    shutil.copyfile(ROOT / "paths.yaml", tmp_path / "paths.yaml")
    (tmp_path / "ratings").mkdir()
    how = (ROOT / "ratings/settings.yaml").read_text(encoding="utf-8").replace("resamples: 1000", "resamples: 100")
    (tmp_path / "ratings/settings.yaml").write_text(how, encoding="utf-8")
    write_ratings(tmp_path / "ratings/ratings.csv", [])
    (tmp_path / "data/prompt_scores").mkdir(parents=True)
    (tmp_path / "data/checked.txt").touch()
    for rank, name in enumerate(PROMPTS):
        with (tmp_path / f"data/prompt_scores/{name}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["arm", "seed", "split", "image_id", "caption", *METRICS])
            for image in range(IMAGES):
                values = [f"{len(PROMPTS) - rank + image / 100 + at}" for at in range(len(METRICS))]
                table.writerow(["linear", 0, "test", image, f"{name} of {image}", *values])
                table.writerow(["linear", 1, "test", image, "another map's", *values])
    return tmp_path


def answers(project: Path, **changes: str) -> None:
    """Simulated answers about the prompts' captions."""
    made = simulated({"a": 1.5, "b": 0.0, "c": -1.5}, 4, IMAGES, 30, 1, scales=20)
    known = [type(one)(**{**vars(one), "image": one.image.removesuffix(".png"), **changes}) for one in made]
    write_ratings(project / "ratings/ratings.csv", known)


@pytest.fixture
def run(project, monkeypatch, capsys):
    """The stage in the folder: what it prints, or the message with which it ends."""
    monkeypatch.chdir(project)
    monkeypatch.setattr(trust, "RESAMPLES", 60)
    settings.document.cache_clear()

    def stage() -> str:
        try:
            settings.run(main)
        except SystemExit as ended:
            return str(ended)
        return capsys.readouterr().out

    yield stage
    settings.document.cache_clear()


def table(project: Path, name: str) -> list[dict[str, str]]:
    with (project / "ratings" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_without_answers_the_stage_says_so(project, run):
    assert "no ratings: nobody has answered yet" in run()
    assert json.loads((project / "metrics/ratings.json").read_text()) == {"answers": 0}
    for name in ("systems.csv", "raters.csv", "metrics.csv"):
        assert table(project, name) == []


@pytest.mark.slow
def test_simulated_answers_are_analysed_and_marked(project, run):
    answers(project)
    assert "no result: answers are marked simulated" in run()
    found = json.loads((project / "metrics/ratings.json").read_text())
    assert found["by_people"] is False and found["answers"] == 200 and found["current"] == 1
    systems = table(project, "systems.csv")
    assert [(row["system"], row["text"]) for row in systems] == list(PROMPTS.items())
    trust = {(row["metric"], row["measure"]): row for row in table(project, "metrics.csv")}
    assert set(trust) == {(name, kind) for name in METRICS for kind in ("tau-b", "tau-c", "accuracy of pairs")}
    assert float(trust["cider", "tau-b"]["value_low"]) > 0.3  # the scores fall as the strengths do
    assert len(table(project, "raters.csv")) == 4


@pytest.mark.slow
def test_captions_of_another_build_are_counted_and_left_out(project, run):
    answers(project, left_caption="what an earlier build wrote")
    run()
    found = json.loads((project / "metrics/ratings.json").read_text())
    assert 0 < found["current"] < 1 and table(project, "metrics.csv") == []


def test_a_damaged_table_stops_the_stage_with_its_line(project, run):
    answers(project, origin="robots")
    assert run().startswith("error: ratings/ratings.csv: line 2: origin 'robots' should be people")


def test_the_committed_answers_are_peoples():
    text = committed("ratings/ratings.csv")
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert {row["origin"] for row in csv.DictReader(text.splitlines())} <= {"people"}
    assert isinstance(read_ratings(ROOT / "ratings/ratings.csv"), list)
