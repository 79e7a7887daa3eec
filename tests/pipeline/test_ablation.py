"""The ablation's pipeline declares what it uses, and its committed table is the README's."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from committed import committed
from ruamel.yaml import YAML
from test_pipeline_declared import closure, declared, declares_its_code, is_code

from captioner.config.projection import ProjectionConfig
from stages import settings

ROOT = Path(__file__).parents[2]
YAML_ = YAML(typ="safe", pure=True)
STAGES = {
    name: stage.get("do", stage)
    for name, stage in YAML_.load((ROOT / "ablation/dvc.yaml").read_text(encoding="utf-8"))["stages"].items()
}
PARAMS = YAML_.load(committed("ablation/params.yaml"))
SCENES = YAML_.load(committed("params.yaml"))["scenes"]


@pytest.mark.parametrize("name", STAGES)
def test_code(name):
    declares_its_code(ROOT / "ablation" / f"{name}.py", STAGES[name], quick=False)


@pytest.mark.parametrize("name", STAGES)
def test_files(name):
    path = ROOT / "ablation" / f"{name}.py"
    openings = [module for module in closure(path) if module.parent.name == "study"]
    text = "".join(module.read_text(encoding="utf-8") for module in (path, *openings))
    files = [entry for entry in declared(STAGES[name], "deps", "outs", "plots") if not is_code(entry)]
    for entry in files:
        key = entry.removeprefix("${path.").partition("}")[0]
        assert f'"{key}"' in text or key == "checked", entry
    for key in ("split", "embeddings", "tokens", "decoder", "captions_train"):
        if f'source("{key}"' in text:
            assert f"${{path.{key}}}" in files


@pytest.mark.parametrize("name", PARAMS["choices"])
def test_every_choice_is_a_recipe(name):
    change = PARAMS["choices"][name]
    config = settings.validated(
        ProjectionConfig, {**SCENES["projection"], **change, "epochs": PARAMS["epochs"], "seeds": PARAMS["seeds"]}, name
    )
    assert all(getattr(config, key) == value for key, value in change.items())
    assert all(SCENES["projection"][key] != value for key, value in change.items())


def test_the_table_has_every_choice():
    rows = {row["choice"]: row for row in csv.DictReader(committed("ablation/results.csv").splitlines())}
    assert list(rows) == list(PARAMS["choices"])
    for row in rows.values():
        assert float(row["lowest"]) <= float(row["cider"]) <= float(row["highest"])
    assert float(rows["baseline"]["difference"]) == 0
