"""BLIP-2, LLaVA and GIT, tiny and untrained, as arms of a study of small sizes, from params.yaml to the paper."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from pathlib import Path

import pytest
from random_captioners import TEMPLATES, write
from small_study import commit_all, edit, latex, ran, shared, shell, small, working_tree

from captioner.captioning.captions import by_arm, read_records
from captioner.world.language import references
from captioner.world.scene import sample_scene
from tools.readme import results

pytestmark = pytest.mark.pipeline
KINDS = ("blip2", "llava", "git")


@pytest.fixture(scope="module")
def entries(tmp_path_factory) -> dict[str, dict]:
    """Three models of random weights, whose tokenisers have read some captions."""
    rng, folder = random.Random(1), tmp_path_factory.mktemp("models")
    texts = [text for _ in range(60) for text in references(sample_scene(rng), rng, 3)]
    return {
        kind: {
            "name": str(write(kind, folder / f"tiny_{kind}", texts)), "revision": "main", "template": TEMPLATES[kind],
            "batch_size": 16, "dtype": "float32",
        }
        for kind in KINDS
    }  # fmt: skip


@pytest.fixture(scope="module")
def clone(entries, tmp_path_factory) -> Path:
    """A clone whose study has the three beside its own arms, built once: on the study of small sizes, where that was
    built in this run, since the three change nothing before their own stage.
    """
    folder = tmp_path_factory.mktemp("clone") / "study"
    if shared(tmp_path_factory).is_dir():
        shutil.copytree(shared(tmp_path_factory), folder)
    else:
        edit(working_tree(folder), small)
    edit(folder, lambda params: params.update(captioners=entries))
    commit_all(folder, "captioners")
    shell("dvc", "repro", *([] if latex() else ["figures", "report"]), cwd=folder)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def copied(clone: Path, folder: Path) -> Path:
    """The clone as it is, to run single stages in."""
    return shutil.copytree(clone, folder, ignore=shutil.ignore_patterns(".git", ".dvc"))


def test_each_is_an_arm_with_all_scores_and_controls(clone):
    found = {(row["split"], row["control"]): row for row in rows(clone / "plots/controls.csv")}
    headline = json.loads((clone / "metrics/headline.json").read_text())["captioners"]
    scored = ("cider", "cider_low", "difference", "bleu4", "rouge_l", "clip_score", "clip_s", "ref_clip_s", "distinct")
    for kind in KINDS:
        for split in ("test", "novel"):
            assert all(found[split, kind][name] for name in (*scored, "entropy_weighted_clip_score", "tokens"))
            assert all(found[split, f"{kind}-blind"][name] for name in scored)
            assert found[split, f"{kind}-shuffled"]["cider"] and found[split, f"{kind}-shuffled"]["clip_score"]
        assert headline[kind]["cider"] == pytest.approx(float(found["test", kind]["cider"]), abs=1e-3)
        for control in ("blind", "shuffled"):
            told = headline[kind][f"cider_{control}"]
            assert told == pytest.approx(float(found["test", f"{kind}-{control}"]["cider"]), abs=1e-3)
        assert headline[kind]["cider_novel"] is not None
    assert {row["arm"] for row in rows(clone / "plots/facts.csv")} == {"linear", "finetuned", *KINDS}


def test_captions_are_of_the_picture_or_one_for_all(clone):
    arms = by_arm(read_records(clone / "data/captioned.jsonl"))
    assert {arm for arm, _, _ in arms} == {*KINDS, *(f"{kind}-blind" for kind in KINDS)}
    sizes = json.loads((clone / "metrics/split.json").read_text())
    for (arm, split, _), captions in arms.items():
        texts = {caption.text for caption in captions}
        assert len(captions) == sizes[split] and (len(texts) == 1) == arm.endswith("-blind")


def test_what_is_told_of_a_model_is_apart_from_what_it_costs_here(clone):
    facts = json.loads((clone / "metrics/captioners.json").read_text())
    costs = json.loads((clone / "metrics/captioner_costs.json").read_text())
    assert set(facts) == set(costs) == set(KINDS)
    for kind in KINDS:
        assert facts[kind]["model"] == f"tiny_{kind}" and facts[kind]["parameters"] > 10_000
        assert costs[kind]["seconds_a_caption"] > 0 and costs[kind]["peak_memory_bytes"] > 10**7
    assert "captioner_costs" not in "".join(
        line for line in (clone / "dvc.yaml").read_text().splitlines() if "deps" in line
    )


def test_the_paper_and_the_readme_tell_of_them(clone):
    numbers, tables = ((clone / f"paper/generated/{name}.tex").read_text() for name in ("numbers", "tables"))
    assert r"result@sentence.captioners\endcsname" in numbers and r"tiny\_git, of " in numbers
    assert "blip2, grey picture &" in tables and "git, shuffled images &" in tables
    table = results(lambda name: (clone / name).read_text(encoding="utf-8"))
    for kind in KINDS:
        assert f"*tiny_{kind}, a grey picture*" in table and f"*tiny_{kind}, shuffled images*" in table
    if latex() and shutil.which("pdftotext"):
        text = " ".join(shell("pdftotext", "paper/report.pdf", "-", cwd=clone).stdout.split())
        assert "Is it this captioner?" in text and re.search("tiny.llava, of [0-9.]+", text)


def test_nothing_to_do_a_second_time(clone):
    assert not ran(shell("dvc", "repro", *([] if latex() else ["figures", "report"]), cwd=clone).stdout)


def alike(found: list[dict], wanted: list[dict]) -> bool:
    """Whether rows are equal but for the last digit of what a model gave: texts that are embedded together with others
    come out equal to rounding.
    """

    def same(one: object, other: object) -> bool:
        try:
            return float(one) == pytest.approx(float(other), rel=1e-4, abs=1e-5)
        except (TypeError, ValueError):
            return one == other

    return len(found) == len(wanted) and all(
        one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        for one, other in zip(found, wanted, strict=True)
    )


def test_without_them_the_study_says_the_same(clone, tmp_path):
    other = copied(clone, tmp_path / "without")
    edit(other, lambda params: params.update(captioners={}))
    for stage in ("captioners", "score"):
        shell("python", "-m", f"stages.{stage}", cwd=other)
    assert (other / "data/captioned.jsonl").read_text() == ""
    for name in ("captioners", "captioner_costs"):
        assert json.loads((other / f"metrics/{name}.json").read_text()) == {}
    own = [row for row in rows(clone / "plots/controls.csv") if row["control"].split("-")[0] not in KINDS]
    assert alike(rows(other / "plots/controls.csv"), own)
    headline = json.loads((clone / "metrics/headline.json").read_text())
    headline.pop("captioners")
    assert alike([json.loads((other / "metrics/headline.json").read_text())], [headline])
    assert alike(rows(other / "plots/scores.csv"), rows(clone / "plots/scores.csv"))


def test_what_was_said_is_kept_and_a_killed_run_goes_on(clone, tmp_path):
    other = copied(clone, tmp_path / "again")
    stores = sorted(other.glob(".checkpoints/captioners-*"))
    assert len(stores) == 2 * len(KINDS)  # on test and novel
    said = (other / "data/captioned.jsonl").read_bytes()
    lost = sorted(stores[0].iterdir())[-1]
    lost.unlink()
    kept = {path: path.stat().st_mtime_ns for store in stores for path in store.iterdir()}
    shell("python", "-m", "stages.captioners", cwd=other)
    assert (other / "data/captioned.jsonl").read_bytes() == said
    found = {path: path.stat().st_mtime_ns for store in stores for path in store.iterdir()}
    assert set(found) == {*kept, lost} and all(found[path] == time for path, time in kept.items())
    assert sorted(other.glob(".checkpoints/captioners-*")) == stores


WRONG = {
    "no such folder": ({"name": "/nowhere/git"}, "captioners.git.name: /nowhere/git is no folder of a model"),
    "not on the hub": ({"name": "nobody/nothing"}, "captioners.git.name: nobody/nothing cannot be fetched"),
    "no prompt": ({"template": "A photo of"}, "captioners.git.template"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_before_anything_is_computed(name, clone, tmp_path):
    change, told = WRONG[name]
    other = copied(clone, tmp_path / "wrong")
    edit(other, lambda params: params["captioners"]["git"].update(change))
    done = shell("python", "-m", "stages.check", cwd=other, check=False)
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and len(lines) == 2 and told in lines[1], done.stderr


def test_a_model_of_another_kind_is_told(clone, tmp_path):
    other = copied(clone, tmp_path / "kind")
    edit(other, lambda params: params["captioners"]["git"].update(name=str(other / "models/decoder")))
    done = shell("python", "-m", "stages.check", cwd=other, check=False)
    assert done.returncode == 1 and "is a model of the kind 'gpt2'" in done.stderr and "Traceback" not in done.stderr
