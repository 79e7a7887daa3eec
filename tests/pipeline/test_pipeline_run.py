"""The real pipeline, at reduced sizes, in a temporary clone: built, rebuilt, experimented with, interrupted, fed
with bad input.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import audited
import pytest
from committed import committed, needs_commit
from faults import killed
from ruamel.yaml import YAML
from small_study import SMALL, commit_all, edit, hashes, latex, ran, share, shell, small, tree, working_tree

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    """Where the first build writes down which files it opens."""
    return tmp_path_factory.mktemp("audit") / "log"


@pytest.fixture(scope="module")
def builds(tmp_path_factory, log) -> tuple[Path, Path]:
    """Two clones of the working tree as it is, with small sizes and three prompts, built at the same time: one is
    audited, the other is killed twice and has another place, umask, locale, time zone and order of sets.
    """
    first = working_tree(tmp_path_factory.mktemp("clone"))
    edit(first, small)
    commit_all(first, "small study")
    second = tmp_path_factory.mktemp("again") / "auch hier é"
    shell("git", "clone", "-q", str(first), str(second), cwd=first)
    targets = [] if latex() else ["figures", "report"]
    other = {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kolkata", "OMP_NUM_THREADS": "3"}

    def faulty() -> None:
        for stage, whom in (("project", "all"), ("caption", "stage")):
            assert killed(second, stage, 6.0, whom, *targets, **other), stage
        shell("sh", "-c", 'umask 077; exec dvc repro "$@"', "sh", *targets, cwd=second, **other)

    with ThreadPoolExecutor() as pool:
        waiting = [
            pool.submit(shell, "dvc", "repro", *targets, cwd=first, PYTHONHASHSEED="0", **audited.variables(log)),
            pool.submit(faulty),
        ]
        for build in waiting:
            build.result()
    share(first, tmp_path_factory)
    return first, second


@pytest.fixture(scope="module")
def clone(builds) -> Path:
    """The first of the two, its results committed."""
    folder, _ = builds
    shell("git", "add", "-A", cwd=folder)
    shell("git", "commit", "-q", "-m", "built", cwd=folder)
    shell("git", "tag", "built", cwd=folder)
    return folder


def test_everything_declared_is_written(clone):
    for path in hashes(clone / "dvc.lock"):
        assert (clone / path).exists(), path
    headline = json.loads((clone / "metrics/headline.json").read_text())
    for name in (
        "cider", "cider_novel", "cider_shuffled", "cider_random_projection", "cider_finetuned", "cider_human", "bleu4",
        "rouge_l", "clip_score", "clip_score_shuffled", "entropy_weighted_clip_score", "tokens",
    ):  # fmt: skip
        assert isinstance(headline[name], (int, float)), name
    assert not [path for path in (clone / ".checkpoints").iterdir() if not path.name.startswith("captions-")]


def test_nothing_is_captioned_twice(clone):
    """A folder of the store for each map, split and prompt: the headline prompt is one of those that are compared."""
    params = YAML(typ="safe", pure=True).load((clone / "params.yaml").read_text(encoding="utf-8"))
    assert params["prompt"] in params["prompts"].values()
    maps = params["scenes"]["projection"]["seeds"] + 1  # with that of the empty prompt
    val, others = maps - 1, 2 * 2  # the MLP and the transformer on test and novel
    assert len(list((clone / ".checkpoints").glob("captions-*"))) == 2 * maps * len(params["prompts"]) + val + others


def test_no_training_image_or_text_shows_a_held_out_pair(clone):
    from captioner.world.scene import Scene

    split = json.loads((clone / "data/split.json").read_text())
    facts = json.loads((clone / "data/facts.json").read_text())
    held_out = {tuple(pair) for pairs in split["held_out"].values() for pair in pairs}
    assert len(split["held_out"]["colours"]) == 12 and len(split["held_out"]["settings"]) == 8
    for name, keys in split["splits"].items():
        for key in keys:
            assert bool(Scene.from_json(facts[str(key)]).pairs & held_out) == (name == "novel")


def test_the_frozen_decoder_is_not_the_tuned_one(clone):
    """`project` and everything after it leave both backbones as `backbones` wrote them."""
    recorded = hashes(clone / "dvc.lock")
    assert shell("dvc", "status", "backbones", cwd=clone).stdout.strip().endswith("up to date.")
    assert recorded["models/decoder"] != recorded["models/finetuned"]


@pytest.mark.needs_latex
def test_the_paper_prints_the_figures(clone):
    if not latex():
        pytest.skip("latexmk is not installed")
    assert (clone / "paper/report.pdf").stat().st_size > 50_000
    if shutil.which("pdftotext"):
        text = shell("pdftotext", "paper/report.pdf", "-", cwd=clone).stdout
        headline = json.loads((clone / "metrics/headline.json").read_text())
        assert f"{headline['cider_human']:.2f}" in text


def test_nothing_to_do_a_second_time(clone):
    targets = [] if latex() else ["figures", "report"]
    assert not ran(shell("dvc", "repro", *targets, cwd=clone).stdout)


WHAT = 'What, exactly, is this? "中文": it\'s'


@pytest.fixture(scope="module")
def what(clone) -> str:
    """What DVC says while it tries another headline prompt."""
    prompt = WHAT.replace('"', '\\"')
    return shell("dvc", "exp", "run", "-n", "what", "-S", f'prompt="{prompt}"', cwd=clone).stdout


@pytest.fixture(scope="module")
def more(clone, what) -> str:
    """What DVC says while it tries, on top of that, one more prompt and one fewer."""
    changes = ("-S", '+prompts.snapshot="A snapshot of"', "-S", "~prompts.unrelated")
    return shell("dvc", "exp", "run", "-n", "more", *changes, cwd=clone).stdout


def test_a_headline_prompt_reruns_only_its_captions(clone, what):
    stages = ["check", "caption", "captioners", "score", "compare", "figures", "report"]
    assert sorted(ran(what)) == sorted([*stages, *(["paper"] if latex() else [])])  # their order hangs on the hash seed
    params = YAML(typ="safe", pure=True).load((clone / "params.yaml").read_text(encoding="utf-8"))
    assert params["prompt"] == WHAT
    row = json.loads((clone / "data/arms.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert row["text_with_prompt"].startswith(WHAT)


def test_one_more_prompt_captions_that_one_only(clone, more):
    assert [name for name in ran(more) if name.startswith("caption")] == ["caption_prompt@snapshot"]
    table = (clone / "plots/prompts.csv").read_text()
    assert "snapshot" in table and "unrelated" not in table
    table = shell("dvc", "exp", "show", "--csv", cwd=clone).stdout
    assert "more" in table and "what" in table and "cider" in table
    difference = shell("dvc", "metrics", "diff", "built", cwd=clone).stdout
    assert "metrics/headline.json" in difference and "clip_score" in difference


def test_an_experiment_in_a_temporary_folder_uses_its_own_code(clone):
    source = clone / "captioner" / "report" / "paper_tables.py"
    original = source.read_text(encoding="utf-8")
    assert '"commonest", "cut"' in original
    source.write_text(original.replace('"commonest", "cut"', '"most frequent", "cut"'), encoding="utf-8")
    try:
        shell("dvc", "exp", "run", "--temp", "-n", "own-code", "report", cwd=clone)
    finally:
        source.write_text(original, encoding="utf-8")
    shown = f"{experiment(clone, 'own-code')}:paper/generated/tables.tex"
    assert "most frequent" in shell("git", "show", shown, cwd=clone).stdout


def experiment(clone: Path, name: str) -> str:
    """The commit of an experiment."""
    refs = shell("git", "for-each-ref", "--format=%(refname)", "refs/exps", cwd=clone).stdout.split()
    return next(ref for ref in refs if ref.endswith(f"/{name}"))


def test_a_second_build_gives_the_same_bytes(clone, builds):
    """Of all results that git keeps; dvc.lock, which has the hash of every output, lists its stages in the order in
    which they ran, which among those that do not wait for one another hangs on the hash seed.
    """
    _, other = builds
    first = shell("git", "ls-tree", "-r", "built", cwd=clone).stdout.splitlines()
    lock = [line for line in first if line.endswith("\tdvc.lock")]
    assert len(lock) == 1
    assert [line for line in tree(other) if not line.endswith("\tdvc.lock")] == [x for x in first if x not in lock]
    read = YAML(typ="safe", pure=True).load
    assert read((other / "dvc.lock").read_text()) == read(shell("git", "show", "built:dvc.lock", cwd=clone).stdout)


def test_each_stage_opens_what_it_declares(clone, log):
    """Files of the project, as Python's audit hook sees them. `data/checked.txt` only has to be there; `report` opens
    the judge where it is another model than the encoder; no Python opens safetensors.
    """
    found = audited.Audit(log, clone)
    other = "captioner/decoders/decoder.py"  # opened where the decoder is none that `captioner.captioning.gpt2` knows
    elsewhere = {
        "report": {"models/judge"}, "caption": {other}, "caption_prompt": {other},
        "ratings": {"data/prompt_scores"},  # opened where people have answered
        # Opened where other captioners are named.
        "captioners": {
            "data/images", "data/manifest.csv", "captioner/captioning/said.py", "captioner/decoders/vocabulary.py",
            "captioner/vision_language/pretrained.py",
        },
    }  # fmt: skip
    lock = YAML(typ="safe", pure=True).load(shell("git", "show", "built:dvc.lock", cwd=clone).stdout)["stages"]
    for name, stage in lock.items():
        declared = [entry["path"] for entry in stage["deps"]]
        own = [entry["path"] for entry in stage["outs"]]
        opened = found.read(name)
        for path in opened:
            empty = path.endswith("/__init__.py")  # hold no code, which test_pipeline_declared sees to
            known = path in ("params.yaml", "paths.yaml") or path.startswith(".checkpoints/") or empty
            assert known or audited.inside(path, declared) or audited.inside(path, own), f"{name} opens {path}"
        unseen = {path for path in declared if not any(audited.inside(each, [path]) for each in opened)}
        unseen = {path for path in unseen if not path.endswith(".safetensors")} - {"data/checked.txt"}
        assert unseen <= elsewhere.get(name.split("@")[0], set()), name
        assert not found.elsewhere(name), name


def test_a_build_opens_no_socket_and_unpickles_nothing_but_its_own_workers_messages(builds, log):
    found = audited.Audit(log, builds[0])
    # urllib3 finds out at import whether there is IPv6, by binding a socket to this machine; it connects to nothing.
    assert {told for told in found.all("socket") if not told.startswith("family")} <= {"socket.bind ('::1', 0)"}
    assert {told.split(".")[0] for told in found.all("pickle")} <= {"multiprocessing"}, found.all("pickle")
    assert found.all("pickle") and len(found.events) > 15  # the hook was there


def test_an_archive_inside_another_repository_is_built(tmp_path):
    """Without a repository of its own, in a folder with a blank and a letter outside ASCII, as `./run` builds it."""
    shell("git", "init", "-q", cwd=tmp_path)
    folder = working_tree(tmp_path / "aus dem Archiv é")
    edit(folder, lambda params: [params["scenes"][name].update(SMALL[name]) for name in ("data", "split")])
    shell("dvc", "config", "--local", "core.no_scm", "true", cwd=folder)
    done = shell("python", "-m", "tools.progress", "split", cwd=folder, LC_ALL="C")
    assert ran(done.stdout) == ["check", "data", "split"] and "==> stage 3 of " in done.stderr
    assert (folder / "dvc.lock").exists()
    assert not shell("git", "ls-files", cwd=tmp_path).stdout  # DVC's autostage leaves the other repository alone


def test_a_killed_training_goes_on_where_it_was(clone, tmp_path):
    other = tmp_path / "killed"
    shutil.copytree(clone, other)
    wanted = (other / "models/projections/1.safetensors").read_bytes()
    edit(other, lambda params: params["scenes"]["projection"].update(epochs=8))
    first = subprocess.Popen(
        ["python", "-m", "stages.project"], cwd=other, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while len(list(other.glob(".checkpoints/project-*/[01]/state.pt"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert len(list(other.glob(".checkpoints/project-*/[01]/state.pt"))) == 2
    assert (other / "models/projections/1.safetensors").read_bytes() == wanted  # the old result, whole
    resumed = shell("python", "-m", "stages.project", cwd=other)
    assert "  0%|" not in resumed.stderr.replace("\r", "\n").splitlines()[0]
    result = (other / "models/projections/1.safetensors").read_bytes()
    shell("python", "-m", "stages.project", cwd=other)
    assert (other / "models/projections/1.safetensors").read_bytes() == result
    assert not list(other.glob(".checkpoints/project-*"))


BAD = {
    "unknown study": (lambda p: p.update(study="photos"), "study: 'photos'"),
    "wrong type": (lambda p: p["scenes"]["projection"].update(epochs="many"), "scenes.projection.epochs"),
    "out of range": (lambda p: p["scenes"]["projection"].update(learning_rate=-1.0), "scenes.projection.learning_rate"),
    "unknown key": (lambda p: p["scenes"]["caption"].update(beams=4), "scenes.caption.beams"),
    "missing key": (lambda p: p["scenes"]["caption"].pop("batch_size"), "scenes.caption.batch_size"),
    "prompt no text": (lambda p: p.update(prompt=3), "prompt: "),
    "unknown top key": (lambda p: p.update(promt="x"), "promt: unknown"),
    "too long": (lambda p: p.update(prompt="word " * 100), "prompt: 100 tokens"),
    "too long in Chinese": (lambda p: p["prompts"].update(zh="照片" * 20), "prompts.zh: 121 tokens"),
    "heads": (lambda p: p["scenes"]["mappers"].update(heads=3), "scenes.mappers.heads"),
    "no derangement": (lambda p: p["controls"].update(derangements=0), "controls.derangements"),
    "too few images": (lambda p: p["scenes"]["data"].update(test_images=1000), "scenes.split: test and novel"),
    "no such device": (lambda p: p["scenes"]["runtime"].update(device="cuda"), "scenes.runtime.device"),
    "bad prompt name": (lambda p: p["prompts"].update({"a b": "x"}), "prompts.a b"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_parameters_end_in_one_clear_error(name, clone, tmp_path):
    change, told = BAD[name]
    for file in ("params.yaml", "paths.yaml", "stages", "captioner", "paper"):
        copy = shutil.copytree if (ROOT / file).is_dir() else shutil.copy2
        copy(ROOT / file, tmp_path / file)
    (tmp_path / "params.yaml").write_text(committed("params.yaml"), encoding="utf-8")
    edit(tmp_path, change)
    done = shell("python", "-X", "importtime", "-m", "stages.check", cwd=tmp_path, check=False)
    errors = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert (
        done.returncode == 1 and errors[0].startswith("error: params.yaml") and any(told in line for line in errors)
    ), errors
    assert "Traceback" not in done.stderr
    assert " torch" not in done.stderr  # in a moment, before anything heavy is loaded
    assert not (tmp_path / "data").exists()


def test_bad_data_ends_in_one_clear_error(clone, tmp_path):
    other = tmp_path / "bad"
    shutil.copytree(clone, other, ignore=shutil.ignore_patterns(".git", ".dvc"))
    archive = other / "data/images/test.tar"
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    done = shell("python", "-m", "stages.embed", cwd=other, check=False)
    assert done.returncode == 1 and "data/images/test.tar" in done.stderr and "Traceback" not in done.stderr
    edit(other, lambda params: params.update(prompt="very long " * 200))
    done = shell("python", "-m", "stages.caption", cwd=other, check=False)
    assert done.returncode == 1 and "prompt 'very long" in done.stderr and "shorten" in done.stderr


def test_the_command_gives_the_studys_own_caption(clone, tmp_path):
    from captioner.photographs.images import ManifestReader, read_manifest

    os.chdir(clone)
    try:
        row = json.loads((clone / "data/captions/detailed.jsonl").read_text(encoding="utf-8").splitlines()[0])
        manifest = read_manifest(clone / "data/manifest.csv")
        picture = tmp_path / "picture.png"
        ManifestReader(manifest).open(row["image_id"]).save(picture)
    finally:
        os.chdir(ROOT)
    line = ("python", "-m", "captioner", "caption", str(picture), "--prompt", "A detailed photo of", "--format", "json")
    assert json.loads(shell(*line, cwd=clone).stdout)["caption"] == row["text"]


OF_RESULTS = ("readme", "results", "ablation", "optional_pipelines", "pipeline_declared", "progress")


def unpack(repository: Path, commit: str, folder: Path) -> None:
    """Lay a commit's files over those of a folder."""
    packed = subprocess.run(["git", "archive", commit], cwd=repository, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)


def judged(folder: Path, *names: str, check: bool = True) -> tuple[str, list[str]]:
    """What these test files say in a folder, and their skipped tests."""
    files = [f"tests/pipeline/test_{name}.py" for name in names]
    said = shell("python", "-m", "pytest", "-q", "-rfs", *files, cwd=folder, check=check).stdout
    return said, [line for line in said.splitlines() if line.startswith("SKIPPED")]


@pytest.fixture(scope="module")
def rebuilt(clone, more, tmp_path_factory) -> Path:
    """The published commit, and over it what a user has built: another seed, other sizes, another headline prompt,
    one prompt more and some fewer. Without data and models: results and dvc.lock tell enough.
    """
    folder = tmp_path_factory.mktemp("rebuilt")
    unpack(ROOT, "HEAD", folder)
    commit_all(folder, "as published")
    unpack(clone, experiment(clone, "more"), folder)
    return folder


@needs_commit
def test_the_tests_of_results_pass_after_a_rebuild(rebuilt):
    said, skipped = judged(rebuilt, *OF_RESULTS)
    assert len(skipped) == 1 and "of the committed one" in skipped[0], said  # what was not rebuilt


@needs_commit
def test_they_pass_before_a_rebuild(rebuilt, tmp_path):
    other = tmp_path / "edited"
    shutil.copytree(rebuilt, other)
    edit(other, lambda params: params["scenes"]["projection"].update(epochs=3))
    said, skipped = judged(other, "results", "progress")
    assert len(skipped) == 1 and "not built yet: ./run" in skipped[0], said


@needs_commit
def test_they_fail_on_damaged_and_on_committed_outdated_results(rebuilt, tmp_path):
    other = tmp_path / "damaged"
    shutil.copytree(rebuilt, other)
    headline = json.loads((other / "metrics/headline.json").read_text())
    (other / "metrics/headline.json").write_text(json.dumps({**headline, "cider_low": headline["cider_high"] + 1}))
    edit(other, lambda params: params["scenes"]["projection"].update(epochs=3))
    commit_all(other, "edited, not built")
    said, skipped = judged(other, "results", check=False)
    for name in ("test_what_holds_of_any_results", "test_results_belong_to_the_code"):
        assert f"FAILED tests/pipeline/test_results.py::{name}" in said, said
    assert not skipped, said
