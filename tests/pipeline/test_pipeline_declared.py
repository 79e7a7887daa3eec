"""dvc.yaml declares, for every stage, exactly the code, the parameters and the files that the stage uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PIPELINE = YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
PATHS = YAML(typ="safe", pure=True).load((ROOT / "paths.yaml").read_text(encoding="utf-8"))["path"]
QUICK = (
    "check",
    "split",
    "compare",
    "ratings",
    "figures",
    "report",
    "paper",
)  # stages of seconds, which may name more than they use
STAGES = {name: stage.get("do", stage) for name, stage in PIPELINE["stages"].items()}


def imported(path: Path) -> set[Path]:
    """The project's own modules that this one imports anywhere, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    modules = {ROOT / (name.replace(".", "/") + ".py") for name in names}
    return {module for module in modules if module.exists()}


def closure(path: Path) -> set[Path]:
    """The stage and all of the project's modules that they import, directly or not."""
    found, waiting = set(), {path}
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= imported(module) - found
    return found


def literal(node: ast.expr, names: dict[str, str]) -> str:
    """A literal text; in an f-string a value becomes `${name}`, in a loop over all values `*`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            names[part.value.id] if isinstance(part, ast.FormattedValue) else part.value for part in node.values
        )
    raise AssertionError(f"line {node.lineno}: {ast.unparse(node)} is no literal name")


class Uses:
    """The parameters, inputs and outputs that a stage's file names, or an opening of `stages.study` that it uses."""

    def __init__(self, stage: str | Path) -> None:
        path = ROOT / "stages" / f"{stage}.py" if isinstance(stage, str) else stage
        self.parameters: set[str] = set()
        self.inputs: set[str] = set()
        self.outputs: set[str] = set()
        openings = [
            each
            for each in closure(path)
            if ({"study", "optimise"} & {each.parent.name} or "further" in each.parts) and each != path
        ]
        names = {"key": "${key}", "name": "*", "number": "*"}
        for node in chain.from_iterable(map(self._nodes, [path, *sorted(openings)])):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "settings"):
                continue
            match node.func.attr:
                case "shared":
                    self.parameters.add(literal(node.args[0], names))
                case "section":
                    self.parameters.add("${study}." + literal(node.args[0], names))
                case "document":
                    self.inputs.add(literal(node.args[0], names))
                case "source":
                    self.inputs.add(self._path(node, names))
                case "target":
                    self.outputs.add(self._path(node, names))
                case "run" if stage != "check":
                    self.inputs.add("${path.checked}")

    @staticmethod
    def _nodes(path: Path) -> Iterator[ast.AST]:
        return ast.walk(ast.parse(path.read_text(encoding="utf-8")))

    @staticmethod
    def _path(node: ast.Call, names: dict[str, str]) -> str:
        first, *rest = (literal(argument, names) for argument in node.args)
        assert first in PATHS, f"line {node.lineno}: {first} is not in paths.yaml"
        whole = "/".join([f"${{path.{first}}}", *rest])
        return whole.split("/*.")[0]


def declared(stage: dict, *keys: str) -> list[str]:
    """The entries under these keys, without their flags."""
    entries = [entry for key in keys for entry in stage.get(key, [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def test_every_stage_has_its_file_and_its_story():
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__", "settings"}
    assert files == set(STAGES)
    for name, stage in STAGES.items():
        assert stage["cmd"].split()[:3] == ["python", "-m", f"stages.{name}"]
        assert stage["desc"]


def modules(package: Path) -> set[Path]:
    """The modules in a package and in those inside it, without `__init__.py`, which hold no code."""
    return {path for path in package.rglob("*.py") if path.name != "__init__.py"}


def is_code(entry: str) -> bool:
    return entry.endswith(".py") or entry.split("/")[0] == "captioner"


def declares_its_code(path: Path, stage: dict, quick: bool) -> None:
    """Every module that the stage uses is declared, by itself or by its package, once; and nothing else where the stage
    takes long: a comment in a chart trains no model again.
    """
    used = {module for module in closure(path) if module.name != "__init__.py"}
    entries = [ROOT / entry for entry in declared(stage, "deps") if is_code(entry)]
    assert ROOT / "stages/__init__.py" in entries
    entries.remove(ROOT / "stages/__init__.py")
    stood_for = [module for entry in entries for module in (modules(entry) if entry.is_dir() else [entry])]
    assert len(stood_for) == len(set(stood_for)), "a module is declared twice"
    assert used <= set(stood_for), "a module is not declared"
    for entry in entries:
        if entry.is_file():
            assert entry in used, f"{entry} is not used"
        elif quick or entry.name == "foundation":
            assert modules(entry) & used, f"{entry} is not used"
        else:
            assert modules(entry) <= used, f"{entry} holds modules that are not used"


@pytest.mark.parametrize("name", STAGES)
def test_code(name):
    declares_its_code(ROOT / "stages" / f"{name}.py", STAGES[name], name in QUICK)


@pytest.mark.parametrize("name", STAGES)
def test_parameters(name):
    assert sorted(declared(STAGES[name], "params")) == sorted(Uses(name).parameters)


@pytest.mark.parametrize("name", STAGES)
def test_inputs(name):
    files = [entry for entry in declared(STAGES[name], "deps") if not is_code(entry)]
    assert sorted(files) == sorted(Uses(name).inputs)


@pytest.mark.parametrize("name", STAGES)
def test_outputs(name):
    assert sorted(declared(STAGES[name], "outs", "metrics", "plots")) == sorted(Uses(name).outputs)


def test_every_path_is_used_and_stated_once():
    used = {entry for name in STAGES for entry in Uses(name).inputs | Uses(name).outputs}
    stated = {
        name for name in PATHS if not name.startswith(("ablation", "optimise", "further"))
    }  # those of a pipeline of its own
    assert {entry.removeprefix("${path.").split("}")[0] for entry in used if entry.startswith("${path.")} == stated
    for name in STAGES:
        text = (ROOT / "stages" / f"{name}.py").read_text(encoding="utf-8")
        strings = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
        assert not strings & set(PATHS.values())


def test_packages_hold_no_code_outside_modules():
    for path in ROOT.glob("captioner/**/__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 1 and isinstance(body[0], ast.Expr), f"{path} holds code that no stage declares"


def test_the_library_knows_no_stage_and_no_path():
    for path in (ROOT / "captioner").glob("**/*.py"):
        assert not [module for module in imported(path) if module.is_relative_to(ROOT / "stages")], path
        strings = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant)
        }
        if path.name not in ("cli.py", "app.py"):
            assert not strings & set(PATHS.values()), path


def test_nothing_before_captioning_depends_on_the_prompts():
    for name in list(STAGES)[: list(STAGES).index("caption")]:
        assert not [entry for entry in declared(STAGES[name], "params") if entry.startswith("prompt")], name


def test_expensive_stages_keep_the_run_cache():
    """A plain output with `cache: false` would switch DVC's run cache off for its stage."""
    for name, stage in STAGES.items():
        plain = [entry for entry in stage.get("outs", []) if isinstance(entry, dict)]
        assert not plain or name in ("ratings", "figures", "report", "paper"), name


def test_every_plotted_table_has_a_template_and_its_columns():
    for name, stage in STAGES.items():
        for entry in stage.get("plots", []):
            (path, options), *_ = entry.items()
            path = PATHS[path.removeprefix("${path.").removesuffix("}")]
            assert options["cache"] is False, name
            if path.endswith(".csv"):
                assert (ROOT / ".dvc" / "plots" / f"{options['template']}.json").is_file(), path
                header = (ROOT / path).read_text(encoding="utf-8").splitlines()[0].split(",")
                assert {options["x"], options["y"]} <= set(header), path
