"""The search for the best prompt on a tiny study: its stages and its command, from candidates to the paper."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML
from safetensors.torch import load_file
from small_study import latex
from tiny_study import extended, run

from captioner import cli

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # a tiny study first
YAML_ = YAML(typ="safe", pure=True)
STAGES = {
    name: stage
    for file in ("optimise/dvc.yaml", "optimise/grid/dvc.yaml")
    for name, stage in YAML_.load((ROOT / file).read_text(encoding="utf-8"))["stages"].items()
}
SIZES = {"train": 20, "val": 8, "test": 9, "novel": 5}
WORDS = {
    "candidates": {
        "templates": {"of": "{a} {adjective} {noun} of", "this": "this {adjective} {noun} shows"},
        "nouns": ["photo", "image"], "adjectives": ["", "red"], "file": "", "substitutions": 3, "proposals": 4,
    },
    "search": {
        "method": "halving", "objective": {"cider": 1.0, "tokens": -0.01, "facts": 0.5, "clip_score": 0.001},
        "budget": 260, "finalists": 3, "batch_size": 5, "p_threshold": 0.1,
    },
    "confirm": {"runners_up": 2, "random": 2},
    "ceilings": {"epochs": 1, "learning_rate": 0.01},
    "explain": {"images": 4, "attended": 3},
}  # fmt: skip


@pytest.fixture(scope="module")
def searchable(study, decoder, vocabulary, scenes, tmp_path_factory) -> Path:
    """The tiny study with what a search opens: four splits, captions, two maps."""
    tiny = extended(study, tmp_path_factory.mktemp("searchable") / "study", scenes, SIZES, 3)
    tiny.project_by_two(decoder, tiny.embed())
    tiny.tokenise(vocabulary)

    def change(params) -> None:
        params["compare"].update(resamples=100, permutations=200)
        params["scenes"]["projection"].update(epochs=1, seeds=2, batch_size=8, prefix_length=4)
        params["prompts"] = {name: params["prompts"][name] for name in ("detailed", "none", "unrelated")}

    tiny.set(change, "optimise/params.yaml", WORDS)
    return tiny.project.folder


@pytest.fixture(scope="module")
def built(searchable) -> Path:
    """The study with every stage of the search run, but the PDF."""
    names = ("candidates", "search", "confirm", "ceilings", "explain", "figures", "report")
    run(searchable, [f"optimise.{name}" for name in names])
    return searchable


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "optimise" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_stages_agree_with_one_another(built):
    candidates, search = table(built, "candidates.csv"), table(built, "search.csv")
    assert {row["prompt"] for row in candidates} == {row["prompt"] for row in search}
    assert {"A photo of", "This red image shows", "", "A detailed photo of"} <= {row["prompt"] for row in candidates}
    told = json.loads((built / "optimise/metrics/search.json").read_text())
    assert told["spent"] <= told["budget"] == 260 and told["full_grid"] == len(search) * 16
    assert told["winner"] == search[0]["prompt"]
    confirmed = table(built, "confirmed.csv")
    winner = next(row for row in confirmed if row["split"] == "val" and row["part"] == "winner")
    assert winner["prompt"] == search[0]["prompt"] and search[0]["seen"] == "16"
    for name in ("worth", "cider", "clip_score", "facts", "tokens"):  # captioned and scored anew, in other batches
        assert float(winner[name]) == pytest.approx(float(search[0][name]), abs=1e-4)
    mixed = sum(weight * float(winner[name]) for name, weight in WORDS["search"]["objective"].items())
    assert mixed == pytest.approx(float(winner["worth"]), abs=1e-4)
    parts = [row["part"] for row in confirmed if row["split"] == "test"]
    assert parts.count("winner") == 1 and parts[-3:] == ["consensus", "reranked", "oracle"]
    worth = {row["part"]: float(row["worth"]) for row in confirmed if row["split"] == "test"}
    assert worth["oracle"] >= max(value for part, value in worth.items() if part != "random")
    ceilings = table(built, "ceilings.csv")
    assert [(row["split"], row["part"], row["maps"]) for row in ceilings] == [
        (split, *rest) for split in ("test", "novel") for rest in (("soft", "2"), ("alone", "1"))
    ]
    soft = load_file(built / "models/optimise/soft.safetensors")
    assert set(soft) == {"0", "1"} and not torch.equal(soft["0"], soft["1"])
    shares = [float(row["share"]) for row in table(built, "components.csv")]
    assert len(shares) == 7 and sum(shares) == pytest.approx(1, abs=1e-4)


def test_every_number_of_the_section_is_written(built):
    section = (ROOT / "paper/optimise.tex").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\\result\{(optimise\.[a-z]+)\}", section))
    numbers = (built / "paper/generated/optimise_numbers.tex").read_text(encoding="utf-8")
    assert wanted == set(re.findall(r"result@(optimise\.[a-z]+)\\", numbers))
    drawn = {path.stem for path in (built / "paper/generated/optimise").iterdir()}
    assert drawn == set(re.findall(r"\{optimise/(\w+)\}", section))


def test_searches_are_held_against_the_full_grid(built):
    run(built, ["optimise.grid.__main__"])
    rows = table(built, "grid/searches.csv")
    assert [(row["method"], row["seed"]) for row in rows] == [
        (method, str(seed)) for method in ("halving", "wilcoxon") for seed in range(1, 6)
    ]
    for row in rows:
        assert float(row["worth"]) <= float(row["best_worth"]) and int(row["spent"]) <= 260
        assert (row["winner"] == row["best"]) == (row["rank"] == "1")
        assert float(row["difference"]) == pytest.approx(float(row["best_worth"]) - float(row["worth"]), abs=1e-4)
    own = table(built, "search.csv")[0]
    mine = next(row for row in rows if (row["method"], row["seed"]) == ("halving", "1"))  # the study's own seed
    assert mine["winner"] == own["prompt"] and float(mine["worth"]) == pytest.approx(float(own["worth"]), abs=1e-4)


@pytest.mark.needs_latex
@pytest.mark.skipif(not latex(), reason="LaTeX is not installed")
def test_the_paper_with_the_section_is_built(built):
    for name in ("report.tex", "references.bib", "optimise.tex"):
        shutil.copyfile(ROOT / "paper" / name, built / "paper" / name)
    for name in ("numbers.tex", "tables.tex"):
        shutil.copyfile(ROOT / "paper/generated" / name, built / "paper/generated" / name)
    shutil.copytree(ROOT / "paper/generated/figures", built / "paper/generated/figures", dirs_exist_ok=True)
    run(built, ["optimise.paper"])
    assert (built / "paper/optimise.pdf").read_bytes().startswith(b"%PDF")


@pytest.fixture
def command(capsys, searchable):
    """`captioner optimise` in the study: exit status, standard output and standard error."""

    def run(*arguments: object) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["optimise", "--project", str(searchable), *map(str, arguments)])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


def test_the_command_finds_the_best_of_a_file(command, tmp_path):
    mine, saved = tmp_path / "mine.txt", tmp_path / "found.csv"
    prompts = ["A photo of", "This image shows", "xyz", "of of of"]
    mine.write_text("\n".join(prompts), encoding="utf-8")
    status, out, err = command("--candidates", mine, "--objective", "cider=1", "--budget", 10_000, "--save", saved)
    assert status == 0 and "4 prompts, 64 captions, 100.0 % of all" in err
    with saved.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["prompt"] for row in rows} == set(prompts) and {row["seen"] for row in rows} == {"16"}
    worth = [float(row["worth"]) for row in rows]
    assert worth == sorted(worth, reverse=True) and worth == [float(row["cider"]) for row in rows]
    assert out.splitlines()[1].split()[0] == "1" and rows[0]["prompt"] in out.splitlines()[1]
    again = command("--candidates", mine, "--objective", "cider=1", "--budget", 10_000)
    assert again[1] == out


@pytest.mark.parametrize("method", ["halving", "wilcoxon"])
def test_the_command_searches_the_grammar(command, method):
    status, out, _ = command("--budget", 200, "--top", 3, "--method", method)
    assert status == 0 and len(out.splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "content", "told"),
    [
        ((), "", "mine.txt: no candidates; write one prompt a line"),
        ((), "a\nb\na\n", "line 3: 'a' stands in line 1 already"),
        ((), "only one\n", "two different prompts"),
        ((), "fine\n" + "a photo of " * 40, r"1 of 2 prompts have more than the \d+ tokens"),
        (("--budget", 0), "a\nb\n", "budget: Input should be greater than or equal to 1"),
        (("--budget", 5), "a\nb\n", "search.budget: 5 captions are too few for 2 candidates; it takes"),
        (("--objective", "cider=0"), "a\nb\n", "every weight is 0"),
    ],
)
def test_bad_input_of_the_command_is_one_error(command, tmp_path, arguments, content, told):
    mine = tmp_path / "mine.txt"
    mine.write_text(content, encoding="utf-8")
    status, out, _ = command("--candidates", mine, *arguments)
    assert re.search(told, str(status)) and str(status).startswith("error: ") and not out


@pytest.mark.parametrize(("weights", "told"), [("beauty=1", "is none of cider"), ("cider=x", "no number")])
def test_wrong_weights_are_wrong_arguments(command, weights, told):
    status, _, err = command("--objective", weights)
    assert status == 2 and told in err
