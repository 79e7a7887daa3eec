"""METEOR and SPICE by the Java programs of pycocoevalcap, where they are there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from captioner.scores.metrics import Tokens

_MODELS = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")  # what SPICE wants in its lib/


def _say(line: str) -> None:
    print(line, file=sys.stderr)


@dataclass(frozen=True)
class _Missing:
    why: str


def _scorer(name: str) -> type | _Missing:
    """pycocoevalcap's class, or what is missing for it to run; nothing is fetched."""
    if shutil.which("java") is None:
        return _Missing("no java on the path")
    package = importlib.util.find_spec("pycocoevalcap")
    if package is None:
        return _Missing("the package pycocoevalcap is not installed")
    if name == "METEOR":
        from pycocoevalcap.meteor.meteor import Meteor

        return Meteor
    library = Path(next(iter(package.submodule_search_locations))) / "spice" / "lib"
    absent = [jar for jar in _MODELS if not (library / jar).is_file()]
    if absent:
        return _Missing(f"its CoreNLP models are not there ({', '.join(absent)})")
    from pycocoevalcap.spice.spice import Spice

    return Spice


def available() -> dict[str, type]:
    """The scorers that can run; what is left out is told on standard error, each with its reason."""
    found = {}
    for name in ("METEOR", "SPICE"):
        scorer = _scorer(name)
        if isinstance(scorer, _Missing):
            _say(f"{name} is left out: {scorer.why}")
        else:
            found[name] = scorer
    return found


def with_java(
    scorers: Mapping[str, type], words: Sequence[Tokens], several: Sequence[Sequence[Tokens]]
) -> dict[str, tuple[float, np.ndarray]]:
    """The metrics of these candidates by `available` scorers: of all of them, and of each [N]. A program that fails is
    told on standard error, and its metric is not there.
    """
    import numpy as np

    result = {index: [" ".join(tokens)] for index, tokens in enumerate(words)}
    truth = {index: [" ".join(tokens) for tokens in group] for index, group in enumerate(several)}
    scores = {}
    for name, scorer in scorers.items():
        try:
            with _standard_output_to_error():
                whole, each = scorer().compute_score(truth, result)
            values = [one["All"]["f"] if isinstance(one, dict) else one for one in each]
            scores[name] = float(whole), np.array(values, dtype=np.float64)
        except (
            OSError,
            ValueError,
            CalledProcessError,
        ) as error:  # a broken pipe, a line that is no number, a failed exit
            _say(f"{name} is left out: its Java program failed ({error})")
    return scores


@contextmanager
def _standard_output_to_error() -> Iterator[None]:
    """What the block and the programs it starts print goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
