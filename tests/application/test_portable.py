"""An exported model: the same captions elsewhere, and a clear error for every wrong part."""

from __future__ import annotations

import shutil

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from captioner.application.captioner import Captioner
from captioner.application.portable import Portable, export
from captioner.application.project import Project
from captioner.encoders.encoder import WEIGHTS
from captioner.foundation.errors import InputError


@pytest.fixture(scope="module")
def exported(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "tiny.captioner"
    export(Project(study), folder)
    return folder


@pytest.mark.slow
def test_it_gives_the_captions_of_the_project(exported, captioner, pictures, tmp_path):
    moved = shutil.copytree(exported, tmp_path / "elsewhere")
    opened = [Image.open(path).convert("RGB") for path in pictures]
    there = Captioner.of_portable(moved).caption(opened, ["A photo of"], 2)
    here = captioner.caption(opened, ["A photo of"], 2)
    assert there == here


@pytest.mark.slow
def test_it_holds_safetensors_and_json_alone_and_the_judge_once(exported):
    kinds = {path.suffix for path in exported.rglob("*") if path.is_file()}
    assert kinds == {".safetensors", ".json", ".md"}
    assert not (exported / "judge").exists() and Portable.read(exported).backbones["judge"].folder == "encoder"


@pytest.mark.slow
def test_settings_scores_and_examples_travel_along(exported, study):
    portable, project = Portable.read(exported), Project(study)
    assert portable.settings == project.settings and list(portable.settings.prompts) == list(project.settings.prompts)
    assert portable.scores == project.scores == [10.0 * index for index in range(9)]
    assert portable.examples(4) == project.examples(4) and len(portable.examples(99)) == 9


def test_the_card_says_what_data_results_and_limits(exported):
    card = (exported / "README.md").read_text(encoding="utf-8")
    for part in ("a tiny CLIP", "## Data", "1.25", "## Limits", "A detailed photo of", "--model"):
        assert part in card, part


def test_export_replaces_nothing_and_leaves_nothing_half_written(study, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="already there"):
        export(Project(study), tmp_path / "there")
    broken = shutil.copytree(study, tmp_path / "broken")
    Project(broken).projection.unlink()
    with pytest.raises(InputError, match="projection"):
        export(Project(broken), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_backbones_that_stay_behind_are_found_by_hash(study, captioner, pictures, tmp_path):
    export(Project(study), tmp_path / "slim", with_backbones=False)
    assert {path.name for path in (tmp_path / "slim").iterdir()} == {
        "model.json", "projection.safetensors", "examples.safetensors", "README.md",
    }  # fmt: skip
    with pytest.raises(InputError, match="--encoder"):
        Captioner.of_portable(tmp_path / "slim")
    project = Project(study)
    folders = {name: project.path(name) for name in ("encoder", "decoder", "judge")}
    opened = [Image.open(pictures[0]).convert("RGB")]
    made = Captioner.of_portable(tmp_path / "slim", **folders).caption(opened, [""])
    assert made == captioner.caption(opened, [""])


def test_another_backbone_is_refused_even_under_the_right_name(study, tmp_path):
    project = Project(study)
    export(project, tmp_path / "slim", with_backbones=False)
    portable = Portable.read(tmp_path / "slim")
    folders = {name: project.path(name) for name in ("encoder", "decoder", "judge")}
    with pytest.raises(InputError, match="holds a miniature GPT-2"):
        portable.places(**{**folders, "encoder": folders["decoder"]})
    changed = shutil.copytree(folders["encoder"], tmp_path / "changed")
    state = load_file(changed / WEIGHTS)
    name = next(key for key, tensor in state.items() if tensor.is_floating_point())
    state[name] = state[name] + torch.ones_like(state[name])
    save_file(state, changed / WEIGHTS)
    with pytest.raises(InputError, match="weights are not those"):
        portable.places(**{**folders, "encoder": changed})
    rewritten = shutil.copytree(folders["encoder"], tmp_path / "rewritten")
    save_file(load_file(rewritten / WEIGHTS), rewritten / WEIGHTS, metadata={"library": "a newer one"})
    assert portable.places(**{**folders, "encoder": rewritten}).encoder == rewritten


def test_of_several_projections_the_first_seed_counts(study, tmp_path):
    folder = shutil.copytree(study, tmp_path / "seeds")
    project = Project(folder)
    several = project.projection.parent / "several"
    several.mkdir()
    for name in ("10", "2", "9"):
        shutil.copyfile(project.projection, several / f"{name}.safetensors")
    text = (folder / "paths.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("  projection")]
    (folder / "paths.yaml").write_text("\n".join([*lines, "  projections: models/several"]), encoding="utf-8")
    assert Project(folder).projection == several / "2.safetensors"
