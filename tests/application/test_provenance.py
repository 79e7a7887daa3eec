"""Where a result comes from: on a pipeline made up by hand, and for all that the study's own paper prints."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from captioner.application.lock import Lock
from captioner.application.paper import floats, printed, taken
from captioner.application.project import Project
from captioner.application.provenance import Results, record
from captioner.foundation.errors import InputError

ROOT = Path(__file__).parents[2]
NUMBERS = "\\newif\\ifdrawn\\drawnfalse\n\\expandafter\\def\\csname result@words.mean\\endcsname{1.50}\n"
PAPER = r"""\begin{document}
\captionof{figure}{The whole.}\label{fig:whole}
\ifdrawn\begin{figure}\figures{world}\caption{x \from{draw}{plots/world.csv}}\label{fig:world}
\end{figure}\else no \ifx a\fi\fi
\begin{figure*}\includegraphics{\figures{counts}}\caption{y \from{count}{plots/counts.csv}}\label{fig:counts}
\end{figure*}
\begin{table}
\wordtable
\caption{z \from{count}{plots/counts.csv}}\label{tab:words}\end{table}"""


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def entry(path: str, text: str) -> dict[str, str]:
    return {"path": path, "hash": "md5", "md5": md5(text)}


@pytest.fixture
def project(tmp_path) -> Project:
    """Texts of two languages are read, counted and drawn; a third language and a stage were removed since."""
    files = {
        "params.yaml": {"study": "s", "s": {"count": {"least": 3}}, "languages": {"de": "x", "fr": "y"}},
        "paths.yaml": {
            "path": {
                "numbers": "out/numbers.tex", "tables": "out/tables.tex", "figures": "out/figures",
                "paper_source": "report.tex", "counts_metrics": "metrics/words.json", "environment": "out/machine.json",
            }
        },
        "dvc.yaml": {
            "stages": {
                "read": {"foreach": "${languages}", "do": {"cmd": "r ${key}", "desc": "Read ${key}"}},
                "count": {"cmd": "c", "desc": "Count", "metrics": [{"${path.counts_metrics}": {"cache": False}}]},
                "draw": {"cmd": "d", "desc": "Draw"},
            }
        },
        "dvc.lock": {
            "stages": {
                **{
                    f"read@{key}": {"cmd": f"r {key}", "outs": [entry(f"data/{key}.txt", key)]}
                    for key in ("de", "fr", "it")
                },
                "count": {
                    "cmd": "c",
                    "params": {"params.yaml": {"s.count": {"least": 3}}},
                    "deps": [entry("data", "d"), entry("count.py", "old code"), entry("list.txt", "l")],
                    "outs": [entry("metrics/words.json", '{"mean": 1.5}'), entry("plots/counts.csv", "a,b")],
                },
                "old": {"cmd": "o", "outs": [entry("metrics/words.json", "gone")]},
                "draw": {
                    "cmd": "d",
                    "deps": [entry("plots/counts.csv", "a,b"), entry("draw.py", "x")],
                    "outs": [entry(f"out/{name}", "f") for name in ("figures", "numbers.tex", "tables.tex")],
                },
            }
        },
    }  # fmt: skip
    for name, content in files.items():
        with (tmp_path / name).open("w", encoding="utf-8") as file:
            YAML().dump(content, file)
    texts = {
        "out/numbers.tex": NUMBERS, "report.tex": PAPER, "metrics/words.json": '{"mean": 1.5}', "count.py": "new code",
        "plots/counts.csv": "a,b", "out/figures/counts.pdf": "", "list.txt": "l", "out/machine.json": '{"python": "3"}',
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Project(tmp_path)


def test_a_number_leads_to_its_stage_and_all_that_went_into_it(project):
    found = record(project, "words.mean")
    assert found["result"]["value"] == 1.5 and found["result"]["prints"] == "1.50"
    (step,) = found["steps"]
    assert (step["name"], step["description"], step["command"]) == ("count", "Count", "c")
    assert step["parameters"] == {"s.count": {"least": 3}}
    assert {each["path"]: (each["stage"], each["same"]) for each in step["inputs"]} == {
        "data": ("read@de, read@fr", None), "list.txt": (None, True),
    }  # fmt: skip
    assert [(each["path"], each["md5"], each["same"]) for each in step["code"]] == [
        ("count.py", md5("old code"), False)  # edited since
    ]
    assert found["before"] == ["read@de", "read@fr"]
    assert found["environment"] == {"python": "3"} and "no git" in found["why"]


@pytest.mark.parametrize("name", ["mean", "words.mean", "metrics/words.json:mean"])
def test_names_of_a_number(project, name):
    assert record(project, name)["result"]["files"] == ("metrics/words.json",)


@pytest.mark.parametrize("name", ["Figure 2", "figure  2", "fig:counts", "counts"])
def test_names_of_a_figure(project, name):
    found = record(project, name)
    assert found["result"]["title"] == "Figure 2 of the paper, fig:counts"  # the drawn world's has no number here
    assert [step["name"] for step in found["steps"]] == ["draw", "count"]


def test_a_table_a_file_and_a_parameter(project):
    assert [step["name"] for step in record(project, "wordtable")["steps"]] == ["draw", "count"]
    assert [step["name"] for step in record(project, "out/figures/counts.pdf")["steps"]] == ["draw"]
    for name in ("count.least", "params.count.least", "s.count.least"):
        result = record(project, name)["result"]
        assert (result["value"], result["read_by"]) == (3, ("count",))


@pytest.mark.parametrize("name", ["nothing", "fig:world", "Figure 3", "data/it.txt", "count.most", ""])
def test_what_is_not_there_is_told(project, name):
    with pytest.raises(InputError, match="no key of the metrics"):
        record(project, name)


def test_the_commit_is_the_one_of_the_record(project):
    def git(*arguments: str) -> str:
        line = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
        return subprocess.run(line, cwd=project.folder, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "built")
    built = git("rev-parse", "HEAD").strip()
    (project.folder / "list.txt").write_text("m")
    git("commit", "-q", "-a", "-m", "something else")
    assert record(project, "mean")["commit"] == built
    with (project.folder / "dvc.lock").open("a") as file:
        file.write("# built again\n")
    found = record(project, "mean")
    assert found["commit"] is None and "not committed" in found["why"] and found["changed"] == ["dvc.lock"]


def test_branches_that_are_not_taken_are_left_out():
    assert taken(r"a\ifx b\ify c\else d\fi e\else f\fi g", {"ifx": True, "ify": False}) == "a b d e g"
    assert taken(r"a\ifx b\ify c\fi\else f\fi g", {"ifx": False}) == "a f g"


@pytest.mark.slow
def test_everything_that_the_paper_prints_has_an_origin():
    lock = Lock(Project(ROOT))
    results = Results(lock.project, lock)
    source = (ROOT / "paper/report.tex").read_text(encoding="utf-8")
    keys = set(re.findall(r"\\result\{([\w.]+)\}", source)) & set(results.printed)
    assert len(keys) > 50
    for key in keys:
        result = results.find(key)
        assert result.files or result.read_by, key
        assert key.startswith("params.statistics.") or result.prints == results.printed[key], key
    for path, key, value in results.metrics:
        result = results.find(f"{path}:{key}")
        assert result.value == value and result.files == (path,)
    for each in results.floats:
        found = results.find(f"{each.kind} {each.number}")
        assert set(each.stages) <= {name for path in found.files for name in lock.writers(path)}, each.label


def test_figures_have_the_numbers_of_the_pdf():
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    text = subprocess.run(["pdftotext", ROOT / "paper/report.pdf", "-"], capture_output=True, text=True, check=True)
    told = set(re.findall(r"^(Figure|Table) (\d+):", text.stdout, re.M))
    source, numbers = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("paper/report.tex", "paper/generated/numbers.tex")
    )
    assert {(each.kind.capitalize(), str(each.number)) for each in floats(source, numbers)} == told
    assert printed(numbers)
