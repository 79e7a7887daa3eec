"""Arms of several seeds on a tiny study whose own stages have run: every arm from every seed, from the patches to the
paper's section.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from committed import committed, needs_commit
from conftest import CPU, SIGHT
from ruamel.yaml import YAML
from tiny_study import extended, run

from captioner.application.project import Project
from captioner.bridge.files import load_bridge
from captioner.bridge.patches import Patches, Pooled
from captioner.captioning.captions import by_arm, read_records
from captioner.config.encoder import TrainedEncoder
from captioner.encoders.encoder import ClipEncoder, load_encoder, save_clip
from captioner.evaluation.described import References
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.errors import InputError
from captioner.miniatures import contrastive
from captioner.patches.features import patch_features
from captioner.photographs.images import manifest_rows, write_archive, write_manifest
from captioner.world.drawing import draw
from captioner.world.scene import Scene
from further.arms import parameters
from further.arms.seeds import trained
from stages import settings
from tools import blocks_arms
from tools.readme import results

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # a tiny study first
YAML_ = YAML(typ="safe", pure=True)
STAGES = YAML_.load((ROOT / "further/arms/dvc.yaml").read_text(encoding="utf-8"))["stages"]
SIZES = {"train": 24, "val": 6, "test": 9, "novel": 5}
TRAINING = {"epochs": 1, "batch_size": 8}
ARMS = {
    "patches": {"bridge": "patches", "prefix_length": 8}, "patches_one": {"bridge": "patches", "prefix_length": 4},
    "pooled": {"bridge": "pooled", "prefix_length": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def built(study, vocabulary, scenes, tmp_path_factory) -> Path:
    """A tiny study with four patches a picture: its own trainings, captions and scores, then those of the pipeline."""
    tiny = extended(study, tmp_path_factory.mktemp("arms") / "study", scenes, SIZES, 3)
    project, keys = tiny.project, tiny.keys
    pictures = {key: draw(scene, random.Random(key), 64) for key, scene in tiny.scenes.items()}
    files = []
    for key, picture in pictures.items():
        written = io.BytesIO()
        picture.save(written, "PNG")
        files.append((f"{key}.png", written.getvalue()))
    archive = project.path("images") / "test.tar"
    write_archive(archive, files)
    rows = manifest_rows(archive, "test", {key: f"{key}.png" for key in keys})
    inside = archive.relative_to(project.folder).as_posix()
    write_manifest(project.path("manifest"), [replace(row, location=inside) for row in rows])
    torch.manual_seed(1)
    clip_model = contrastive.build(TrainedEncoder(**{**SIGHT, "resolution": 64}), contrastive.VOCABULARY).eval()
    for name in ("encoder", "judge"):
        save_clip(clip_model, project.path(name), "a tiny CLIP", "trained here")
    encoder = ClipEncoder(clip_model, CPU)
    vectors = encoder.encode_images(torch.stack([encoder.preprocess(pictures[key]) for key in keys])).clone()
    for name in ("embeddings", "judged"):
        Embeddings(keys, vectors).save(project.path(name))
    References.embed(tiny.captions, encoder).save(project.path("described"))
    project.path("retrieved").write_text(json.dumps({str(key): tiny.captions[key][0] for key in keys}))
    project.path("backbones_metrics").write_text(json.dumps({"knows_nothing": True}))
    tiny.tokenise(vocabulary)
    project.path("projections").unlink()  # one map in a file of that name, until here

    def change(params) -> None:
        params["compare"].update(resamples=100, permutations=100)
        params["scenes"]["projection"].update(TRAINING, seeds=2, prefix_length=4)
        params["scenes"]["mappers"].update(layers=1)
        params["scenes"]["finetune"].update(TRAINING)
        params["scenes"]["caption"]["max_new_tokens"] = 8

    tiny.set(change, parameters.FILE, {"scenes": {"patches": {"grid": 0}, "bridges": ARMS}})
    names = ("project", "mapper", "finetune", "caption", "captioners", "score")
    run(project.folder, [*(f"stages.{name}" for name in names), *(f"further.arms.{name}" for name in STAGES)])
    return project.folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_features_are_those_of_the_encoder(built):
    project = Project(built)
    features = Embeddings.load(built / "data/further/arms/features.safetensors")
    encoder = load_encoder(project.path("encoder"), CPU)
    scene = Scene.from_json(json.loads(project.path("facts").read_text(encoding="utf-8"))["303"])
    picture = draw(scene, random.Random(303), 64)
    wanted = patch_features(encoder, encoder.preprocess(picture)[None])
    assert features.vectors.shape == (44, 4, 128) and sorted(features.ids) == features.ids
    torch.testing.assert_close(features.of([303]), wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("arm", ["mlp", "transformer", "empty", "finetuned"])
def test_the_first_seed_would_be_the_studys_own_model(built, arm):
    """The pipeline's training of seed 0 gives the very weights that the study's stage gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(built)
        settings.document.cache_clear()
        made, _ = trained(arm, 0, 1)
        again, _ = trained(arm, 1, 1)
        own = settings.source("finetuned") if arm == "finetuned" else settings.source("mappers")
        name = "projection" if arm == "finetuned" else arm
        pairs = [(made / "projection.safetensors", own / f"{name}.safetensors")]
        if arm == "finetuned":
            pairs.append((made / "model.safetensors", own / "model.safetensors"))
        for mine, theirs in pairs:
            assert mine.read_bytes() == theirs.read_bytes()
        second = settings.source("further_arms_seeds") / f"{arm}-1/projection.safetensors"
        assert (again / "projection.safetensors").read_bytes() == second.read_bytes() != pairs[0][0].read_bytes()
        settings.document.cache_clear()


def test_every_seed_of_an_arm_is_a_bridge_of_its_own(built):
    for arm, kind, length in (("patches", Patches, 8), ("patches_one", Patches, 4), ("pooled", Pooled, 4)):
        maps = [load_bridge(built / f"models/further/arms/maps/{arm}-{n}.safetensors", CPU) for n in range(2)]
        assert all(type(one) is kind and one.shape.prefix_length == length for one in maps)
        assert not torch.equal(maps[0].linear.weight, maps[1].linear.weight)
    assert len(list((built / "models/further/arms/maps").iterdir())) == 6
    assert len(list((built / "models/further/arms/seeds").iterdir())) == 4


def test_the_table_agrees_with_the_studys_own_and_with_the_captions(built):
    rows = {(row["split"], row["arm"]): row for row in table(built / "further/arms/arms.csv")}
    assert {arm for _, arm in rows} == {*parameters.STUDIED, *ARMS} and {row["maps"] for row in rows.values()} == {"2"}
    controls = {(row["split"], row["control"]): row for row in table(built / "plots/controls.csv")}
    facts = {row["split"]: row for row in table(built / "plots/facts.csv") if row["arm"] == "linear"}
    seeds = table(built / "further/arms/seeds.csv")
    captions = by_arm(read_records(built / "data/further/arms/captions.jsonl"))
    assert set(facts) >= {"test", "novel"}
    for (split, arm), row in rows.items():
        own = [float(one["cider"]) for one in seeds if (one["split"], one["arm"]) == (split, arm)]
        assert len(own) == 2 and np.mean(own) == pytest.approx(float(row["cider"]), abs=1e-4)
        assert [min(own), max(own)] == pytest.approx([float(row["lowest"]), float(row["highest"])], abs=1e-4)
        assert len(captions[arm, split, 1]) == SIZES[split] if arm != "linear" else (arm, split, 1) not in captions
        if arm == "linear":
            assert all(
                row[name] == controls[split, arm][name] for name in ("cider", "cider_low", "cider_high", "bleu4")
            )
            assert float(row["difference"]) == float(row["difference_high"]) == 0
        elif arm in parameters.STUDIED:
            assert own[0] == pytest.approx(float(controls[split, arm]["cider"]), abs=1e-5)
    apart = {(row["split"], row["arm"], row["versus"]): row for row in table(built / "further/arms/pairs.csv")}
    assert len(apart) == 2 * 9 * 8 / 2
    for split in ("test", "novel"):
        low, high = (float(apart[split, "linear", "pooled"][f"difference_{end}"]) for end in ("low", "high"))
        mine = rows[split, "pooled"]
        assert [-high, -low] == pytest.approx([float(mine["difference_low"]), float(mine["difference_high"])])
    counts = {arm: int(rows["test", arm]["parameters"]) for arm in (*parameters.STUDIED, *ARMS)}
    width = 64
    assert counts["linear"] == counts["empty"] == 17 * 4 * width and counts["random"] == 0
    assert counts["patches"] == 128 * 2 * width + 8 * width and counts["patches_one"] == 128 * width + 4 * width
    assert counts["pooled"] == 129 * 4 * width and counts["finetuned"] > counts["transformer"] > counts["mlp"]


def test_every_number_of_the_section_on_arms_is_written(built):
    section = (ROOT / "paper/further/arms.tex").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\\result\{(arms\.[a-z]+)\}", section))
    folder = built / "paper/generated/further/arms"
    assert wanted == set(re.findall(r"result@(arms\.[a-z]+)\\", (folder / "numbers.tex").read_text(encoding="utf-8")))
    assert r"\newcommand{\seededtable}" in (folder / "tables.tex").read_text(encoding="utf-8")
    assert r"\seededtable" in section
    assert (folder / "arms.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bridges": {"mine": {"bridge": "patches", "prefix_length": 6}}},
         r"scenes\.bridges\.mine\.prefix_length: a prefix of 6 is no multiple of the 4 patches; change it, or scenes"),
        ({"bridges": {"mine": {"bridge": "mean", "prefix_length": 6}}}, r"scenes\.bridges\.mine\.bridge: Input should"),
        ({"bridges": {"mine": {"bridge": "pooled"}}}, r"scenes\.bridges\.mine\.prefix_length: Field required"),
        ({"bridges": {"mlp": {"bridge": "pooled", "prefix_length": 6}}}, r"scenes\.bridges\.mlp: name it by small"),
        ({"bridges": {}}, r"scenes\.bridges should hold arms by name"),
        ({"bridges": [1]}, r"scenes\.bridges should hold arms by name"),
    ],
)  # fmt: skip
def test_bad_settings_of_arms_are_one_error(built, tmp_path, monkeypatch, change, told):
    for name in ("data", "models", "params.yaml", "paths.yaml"):
        (tmp_path / name).symlink_to(built / name)
    (tmp_path / "further/arms").mkdir(parents=True)
    with (tmp_path / parameters.FILE).open("w", encoding="utf-8") as file:
        YAML().dump({"scenes": {"patches": {"grid": 0}, **change}}, file)
    monkeypatch.chdir(tmp_path)
    settings.document.cache_clear()
    with pytest.raises(InputError, match=rf"further/arms/params\.yaml[\s\S]*{told}"):
        importlib.import_module("further.arms.maps").main()
    settings.document.cache_clear()


def at_head(**changed: str):
    """Reads files of the commit, but these, by name with `_` for `/` and `.`."""

    def read(name: str) -> str:
        return changed.get(re.sub(r"[/.]", "_", name)) or committed(name)

    return read


def test_the_readmes_rows_take_one_seed_where_the_pipeline_was_not_run_on_the_study():
    """dvc.lock has another hash of a result than the pipeline has read, or the pipeline has no end."""
    lock = YAML_.load(committed("dvc.lock"))
    (out,) = (
        out for stage in lock["stages"].values() for out in stage.get("outs", []) if out["path"] == "data/arms.jsonl"
    )
    headline = json.loads(committed("metrics/headline.json"))
    rows = "split,arm,maps,cider,cider_low,cider_high,clip_score,clip_score_shuffled\n"
    rows += "test,linear,3,2.5,2.4,2.6,77,1\ntest,mlp,3,2.71,2.64,2.78,77,1\nnovel,mlp,3,1.4,1.3,1.5,77,1\n"
    for digest, last, whole in (
        (out["md5"], "report", True),
        ("0" * 32, "report", False),
        (out["md5"], "score", False),
    ):
        own = json.dumps(
            {"stages": {last: {"deps": [{"path": "data/arms.jsonl", "md5": digest}, {"path": "x", "md5": ""}]}}}
        )
        read = at_head(further_arms_dvc_lock=own, further_arms_arms_csv=rows)
        told = results(read)
        assert blocks_arms.belongs(read) == whole
        cells = "2.71 [2.64, 2.78] | 1.40 | 77.0 | 76.0" if whole else f"{headline['cider_mlp']:.2f} | | |"
        assert f"| *headline prompt, ClipCap's MLP instead of the linear map* | | {cells} |" in told
        assert ("are of 3 seeds each too" in told) == whole and ("one was trained each" in told) != whole


@needs_commit
def test_the_committed_arms_are_of_the_committed_study():
    if not blocks_arms.belongs(committed):
        pytest.skip("the study was committed without the arms that are trained on it")
    rows, headline = blocks_arms.table(committed), json.loads(committed("metrics/headline.json"))
    assert {arm for _, arm in rows} >= {*parameters.STUDIED, "patches", "pooled"}
    for row in rows.values():
        assert float(row["cider_low"]) <= float(row["cider"]) <= float(row["cider_high"])
        assert float(row["lowest"]) <= float(row["cider"]) <= float(row["highest"])
    assert float(rows["test", "linear"]["cider"]) == pytest.approx(headline["cider"], abs=1e-4)
    assert int(rows["test", "linear"]["maps"]) >= 3
