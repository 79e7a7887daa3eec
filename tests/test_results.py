"""The committed results belong to the committed code, settings and pipeline, and keep the study's promises."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_results_belong_to_the_code():
    done = subprocess.run(["dvc", "repro", "--allow-missing", "--dry"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "up to date" in done.stdout, done.stdout + done.stderr


def test_the_world_is_no_easier_and_the_controls_hold():
    headline = json.loads((ROOT / "metrics/headline.json").read_text(encoding="utf-8"))
    assert 2.0 <= headline["cider_human"] <= 3.0
    assert headline["cider_constant"] <= 0.3
    assert headline["cider"] >= 2.0 and headline["cider_novel"] >= 1.0
    assert headline["cider_loo"] >= 0.8 * headline["cider_human"]
    assert headline["cider_shuffled"] <= 0.2 and headline["cider_random_projection"] <= 0.2
    assert max(headline[f"cider_{name}"] for name in ("zero_prefix", "mean_prefix", "no_prefix")) <= 0.2
    assert min(headline[f"cider_{name}"] for name in ("mlp", "transformer", "empty_prompt_map", "finetuned")) >= 2.0
    assert headline["cider_low"] < headline["cider"] < headline["cider_high"]
    assert 0 < headline["ref_clip_s"] < headline["clip_s"] <= 2.5
    assert headline["object_precision"] >= 0.70 and headline["object_recall"] >= 0.60
