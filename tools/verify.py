"""Rebuilds a commit from nothing in a clone and holds every output against the dvc.lock of the commit.

    python -m tools.verify [COMMIT] [--folder FOLDER]     what ./run verify does

The clone lies in .checkpoints/ unless --folder names another place. It is built with nothing that the commit holds of
results, goes on where it was if it was interrupted, and is removed when all is equal. Exit status: 0 all equal, 1
differences or no build.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ruamel.yaml import YAML

from tools.progress import stage_names

ROOT = Path(__file__).parents[1]
BEGUN = ".verify-begun"  # in the clone's .git: results are cleared, the build may go on


def git(*arguments: str, cwd: Path = ROOT) -> str:
    """What git says; its own message ends the program where it fails."""
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"error: git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def load(text: str) -> Mapping:
    """A YAML text."""
    return YAML(typ="safe", pure=True).load(text)


def outputs(lock: Mapping, names: list[str]) -> dict[str, tuple[str, str]]:
    """The stage and the hash of every output, for the stages of these names."""
    return {
        out["path"]: (name, out["md5"])
        for name, stage in lock["stages"].items()
        if name in names
        for out in stage.get("outs", ())
    }


def leaves(content: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every value of a JSON document by its dotted key."""
    if isinstance(content, (dict, list)):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            yield from leaves(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, content


def values(name: str, text: str) -> dict[str, object] | None:
    """Every value of a JSON or CSV file by its key; None for another kind of file."""
    if name.endswith(".json"):
        return dict(leaves(json.loads(text)))
    if name.endswith(".csv"):
        rows = list(csv.DictReader(io.StringIO(text)))
        return {f"row {number}, {key}": cell for number, row in enumerate(rows, 2) for key, cell in row.items()}
    return None


def real(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def told(name: str, before: str, after: str) -> str:
    """How the values of a file differ."""
    old, new = values(name, before), values(name, after)
    if old is None or new is None:
        return ""
    changed = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
    gaps = {
        key: abs(a - b)
        for key in changed
        if (a := real(old.get(key))) is not None and (b := real(new.get(key))) is not None
    }
    parts = []
    if gaps:
        most = max(sorted(gaps), key=gaps.get)
        parts.append(
            f"{len(gaps)} of {len(old)} values, at most by {gaps[most]:.6g} ({most}: {old[most]} here {new[most]})"
        )
    if texts := sorted(set(changed) - set(gaps)):
        shown = "; ".join(f"{key}: {old.get(key)!r} here {new.get(key)!r}" for key in texts[:3])
        parts.append(f"{len(texts)} texts ({shown}{'; ...' if len(texts) > 3 else ''})")
    return ": " + ", ".join(parts)


def clear(folder: Path, paths: list[str]) -> None:
    """Remove what the commit holds of results, so that nothing is taken for built."""
    for path in [*paths, "dvc.lock"]:
        whole = folder / path
        shutil.rmtree(whole) if whole.is_dir() else whole.unlink(missing_ok=True)


def prepared(folder: Path, commit: str, paths: list[str]) -> None:
    """A clone of the commit without results in this folder, or the one that an interrupted run has left."""
    mark = folder / ".git" / BEGUN
    if mark.is_file():
        if git("rev-parse", "HEAD", cwd=folder).strip() != commit:
            sys.exit(f"error: {folder}: holds another commit; remove it or name another --folder")
        print(f"==> going on in {folder}", file=sys.stderr)
        return
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"error: {folder}: is not empty; name another --folder")
    git("clone", "-q", "--no-checkout", str(ROOT), str(folder))
    git("checkout", "-q", "--detach", commit, cwd=folder)
    clear(folder, paths)
    mark.touch()


def main(arguments: list[str]) -> int:
    """Rebuild and compare; the exit status."""
    parser = argparse.ArgumentParser("./run verify", description=__doc__.partition("\n")[0])
    parser.add_argument("commit", nargs="?", default="HEAD")
    parser.add_argument("--folder", type=Path, help="where to build (default: in .checkpoints)")
    given = parser.parse_args(arguments)
    if not (ROOT / ".git").exists():
        sys.exit("error: no git repository here, so there is no commit to verify; git clone one")
    commit = git("rev-parse", "--verify", f"{given.commit}^{{commit}}").strip()
    pipeline, params, lock = (load(git("show", f"{commit}:{name}")) for name in ("dvc.yaml", "params.yaml", "dvc.lock"))
    names = stage_names(pipeline, params)
    if os.environ.get("NO_PAPER") == "1":
        names.remove("paper")
    wanted = outputs(lock, names)
    if missing := [name for name in names if name not in lock["stages"]]:
        sys.exit(f"error: {commit[:12]}: dvc.lock lacks the stages {', '.join(missing)}; build and commit first: ./run")
    folder = (given.folder or ROOT / ".checkpoints" / f"verify-{commit[:12]}").absolute()
    prepared(folder, commit, list(outputs(lock, list(lock["stages"]))))
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    targets = ["figures", "report"] if os.environ.get("NO_PAPER") == "1" else []
    status = subprocess.run([sys.executable, "-m", "tools.progress", *targets], cwd=folder, env=variables).returncode
    if status:
        print("==> not built; ./run verify goes on where it was", file=sys.stderr)
        return status
    found = outputs(load((folder / "dvc.lock").read_text(encoding="utf-8")), names)
    different = [path for path in wanted if found.get(path) != wanted[path]]
    for path in wanted:
        stage, word = wanted[path][0], "different" if path in different else "equal    "
        print(f"{word}  {path}  ({stage}){changes(folder, commit, path) if path in different else ''}")
    print(f"{commit[:12]}: {len(wanted) - len(different)} of {len(wanted)} outputs are equal to the byte")
    if stale := sorted(set(lock["stages"]) - set(names) - {"paper"}):
        print(f"in dvc.lock, but no stages of dvc.yaml: {', '.join(stale)}")
    if different:
        print(f"the rebuilt ones are in {folder}; on another kind of processor training rounds differently (README)")
        return 1
    shutil.rmtree(folder)
    return 0


def changes(folder: Path, commit: str, path: str) -> str:
    """How the values of an output that git keeps differ from the commit's."""
    if not path.endswith((".json", ".csv")) or not git("ls-tree", "--name-only", commit, "--", path).strip():
        return ""
    return told(path, git("show", f"{commit}:{path}"), (folder / path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
