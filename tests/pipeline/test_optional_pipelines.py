"""The pipelines beside the study's own: each stage declares what it uses, and committed results belong to the code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from committed import changed, committed
from ruamel.yaml import YAML
from test_pipeline_declared import Uses, declared, declares_its_code, is_code

from tools import blocks_arms

ROOT = Path(__file__).parents[2]
FURTHER = ("further/arms", "further/decoding", "further/languages", "further/pretrained")
PIPELINES = ("optimise", "optimise/grid", *FURTHER, "further")  # folders
LONG = tuple(f"further/arms/{name}" for name in ("maps", "seeds", "embed", "caption", "score"))
PARTS = {  # how a stage reads a section of its pipeline's own parameters: in its code, and in params
    "": ((r'\bpart\(\s*"(\w+)"', "{}"),),
    "further/arms": ((r"parameters\.(patches|bridges)\(", "${{study}}.{}"),),
    "further/pretrained": ((r"\b(images)\(\)", "{}"), (r"\brecipe\(\)", "projection")),
    "further/languages": ((r"(?s)\A.", "spoken"),),  # which `prompts` reads
}


def stages(folder: str) -> dict[str, dict]:
    """The stages of a pipeline."""
    yaml = YAML(typ="safe", pure=True)
    return yaml.load((ROOT / folder / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def module(folder: str, name: str) -> Path:
    """The code of a stage."""
    package = ROOT / folder
    return package / "__main__.py" if package.name == name else package / f"{name}.py"


@pytest.mark.parametrize("place", [f"{folder}/{name}" for folder in PIPELINES for name in stages(folder)])
def test_each_stage_declares_what_it_uses(place):
    folder, _, name = place.rpartition("/")
    path, stage = module(folder, name), stages(folder)[name]
    command = place.removesuffix(f"/{name}") if path.stem == "__main__" else place
    up = "/".join([".."] * len(Path(folder).parts))
    assert stage["cmd"] == f"python -m {command.replace('/', '.')}" and stage["wdir"] == up and stage["desc"]
    declares_its_code(path, stage, quick=place not in LONG)
    uses, own_file = Uses(path), f"{folder.removesuffix('/grid')}/params.yaml"
    files = [entry for entry in declared(stage, "deps") if not is_code(entry)]
    assert sorted(files) == sorted(uses.inputs - {own_file})
    assert sorted(declared(stage, "outs", "metrics", "plots")) == sorted(uses.outputs)
    entries = stage.get("params", [])
    assert sorted(entry for entry in entries if isinstance(entry, str)) == sorted(uses.parameters)
    own = [part for entry in entries if isinstance(entry, dict) for part in entry[own_file]]
    code, wanted = path.read_text(encoding="utf-8"), set()
    for pattern, told in (*PARTS[""], *PARTS.get(folder, ())):
        wanted |= {told.format(*found.groups()) for found in re.finditer(pattern, code)}
    assert own == sorted(own) and set(own) == wanted


@pytest.mark.slow
@pytest.mark.usefixtures("dvc_alone")
def test_the_committed_results_belong_to_the_code():
    """Of every pipeline but the grid, which judges the search and is made again where the search itself changes."""
    if changed("params.yaml", "dvc.lock", "ablation", "captioner", "further", "optimise", "paper", "stages"):
        pytest.skip("the study was changed or rebuilt here; these results are those of the committed one")
    if not blocks_arms.belongs(committed):
        pytest.skip("the study was committed without what is trained on it")
    files = [f"{folder}/dvc.yaml" for folder in ("ablation", *PIPELINES) if folder != "optimise/grid"]
    done = subprocess.run(
        ["dvc", "repro", "--allow-missing", "--dry", *files], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0 and "up to date" in done.stdout, done.stdout + done.stderr
