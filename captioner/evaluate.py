"""The commands `captioner evaluate` and `captioner idf`: coco-caption's metrics for anyone's captions."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING, Any

from captioner.atomic import replacing
from captioner.errors import InputError, listed

if TYPE_CHECKING:
    from captioner.metrics import Idf, Tokens

COMMANDS = ("evaluate", "idf")
IDF_FORMAT = "captioner-idf-1"
_MODELS = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")  # what SPICE wants in its lib/

_EVALUATE = """\
BLEU-1..4, ROUGE-L and CIDEr-D as coco-caption computes them, without Java. METEOR and SPICE join them where Java
and the package pycocoevalcap are there (SPICE: its CoreNLP models too).

REFERENCES.json is COCO's annotation format:
  {"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "A dog runs."}]}
CANDIDATES.json is COCO's result format, one caption an image:
  [{"image_id": 1, "caption": "a dog in a park"}]"""
_IDF = """\
Count in how many images' references each n-gram stands, so that CIDEr-D has the same idf whatever is scored. OUT is
  {"format": "captioner-idf-1", "images": 5000, "frequency": {"a": 4990, "a dog": 210}}
with n-grams of 1 to 4 words, the words joined by one space."""


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add `evaluate` and `idf` to the subparsers of the command."""
    raw = argparse.RawDescriptionHelpFormatter
    evaluate = commands.add_parser(
        "evaluate", help="score captions against references as coco-caption does", description=_EVALUATE,
        formatter_class=raw, epilog="example:\n  captioner evaluate captions_val2017.json results.json --json",
    )  # fmt: skip
    evaluate.add_argument("references", type=Path, metavar="REFERENCES.json")
    evaluate.add_argument("candidates", type=Path, metavar="CANDIDATES.json")
    evaluate.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    evaluate.add_argument("--idf", type=Path, metavar="FILE", help="a table made by `captioner idf`, for CIDEr-D")
    evaluate.add_argument("--no-java", action="store_true", help="leave METEOR and SPICE out even where Java is")
    idf = commands.add_parser(
        "idf", help="make a table of idf for `evaluate --idf`", description=_IDF, formatter_class=raw,
        epilog="example:\n  captioner idf captions_train2017.json idf.json",
    )  # fmt: skip
    idf.add_argument("references", type=Path, metavar="REFERENCES.json")
    idf.add_argument("out", type=Path, metavar="OUT")


def run(given: argparse.Namespace) -> None:
    """Run one of `COMMANDS`; bad input ends it with one message and exit status 2."""
    try:
        if given.command == "idf":
            from captioner.metrics import Idf, tokenise

            references = read_references(given.references)
            table = Idf.of([[tokenise(text) for text in several] for several in references.values()])
            write_idf(given.out, table)
            _say(f"{given.out}: {len(table.frequency)} n-grams of {table.images} images")
        else:
            idf = read_idf(given.idf) if given.idf else None
            scores = evaluate(
                *matched(read_references(given.references), read_candidates(given.candidates), given.candidates),
                idf, java=not given.no_java,
            )  # fmt: skip
            if given.json:
                print(json.dumps(scores))
            else:
                print("\n".join(f"{name:<8}{value:>9.4f}" for name, value in scores.items()))
    except InputError as error:
        _say(f"error: {error}")
        raise SystemExit(2) from None


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a file of JSON") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON in UTF-8 ({error}); export the file again") from error


def _is_id(value: object) -> bool:
    return type(value) in (int, str)


def _captioned(rows: object, name: str, path: Path, shape: str) -> list[tuple[int | str, str]]:
    if not isinstance(rows, list):
        raise InputError(f"{path}: {shape}")
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not _is_id(row.get("image_id")) or not isinstance(row.get("caption"), str):
            raise InputError(f"{path}: {name}[{index}] should have image_id (a number or text) and caption (text)")
    return [(row["image_id"], row["caption"]) for row in rows]


def read_references(path: Path) -> dict[int | str, list[str]]:
    """The references of each image that has some, in the order of COCO's annotations file; InputError for others."""
    document = _document(path)
    shape = "not COCO's annotation format, an object with the lists `images` and `annotations`"
    if not isinstance(document, dict) or not isinstance(document.get("images"), list):
        raise InputError(f"{path}: {shape}")
    pairs = _captioned(document.get("annotations"), "annotations", path, shape)
    references: dict[int | str, list[str]] = {}
    for index, image in enumerate(document["images"]):
        if not isinstance(image, dict) or not _is_id(image.get("id")):
            raise InputError(f"{path}: images[{index}] should have id (a number or text)")
        if image["id"] in references:
            raise InputError(f"{path}: image {image['id']!r} is listed twice; keep one")
        references[image["id"]] = []
    for index, (image, text) in enumerate(pairs):
        if image not in references:
            raise InputError(f"{path}: annotations[{index}] is of image {image!r}, which `images` does not list")
        references[image].append(text)
    references = {image: several for image, several in references.items() if several}
    if not references:
        raise InputError(f"{path}: no image has a reference; nothing can be scored")
    return references


def read_candidates(path: Path) -> dict[int | str, str]:
    """The caption of each image in COCO's result format; InputError for another shape or two captions of an image."""
    pairs = _captioned(_document(path), "caption ", path, "not COCO's result format, a list of {image_id, caption}")
    candidates = dict(pairs)
    if len(candidates) < len(pairs):
        seen: set[int | str] = set()
        twice = [repr(image) for image, _ in pairs if image in seen or seen.add(image)]
        raise InputError(f"{path}: more than one caption of these images; keep one each:\n{listed(twice)}")
    return candidates


def matched(
    references: dict[int | str, list[str]], candidates: dict[int | str, str], path: Path
) -> tuple[list[str], list[list[str]]]:
    """Candidates and references of the images that have both, in the order of the references.

    Images without a candidate are counted on standard error; a candidate without references is an InputError.
    """
    unknown = [repr(image) for image in candidates if image not in references]
    if unknown:
        raise InputError(f"{path}: captions of images that have no references; leave them out:\n{listed(unknown)}")
    if not candidates:
        raise InputError(f"{path}: no captions; nothing can be scored")
    if len(candidates) < len(references):
        _say(f"{len(references) - len(candidates)} of {len(references)} images have no candidate and are left out")
    both = [image for image in references if image in candidates]
    return [candidates[image] for image in both], [references[image] for image in both]


def read_idf(path: Path) -> Idf:
    """A table of idf as `write_idf` leaves it; InputError for anything else."""
    from captioner.metrics import NGRAMS, Idf

    document = _document(path)
    if not isinstance(document, dict) or document.get("format") != IDF_FORMAT:
        raise InputError(f"{path}: not a table of idf (format {IDF_FORMAT}); make one with `captioner idf`")
    images, frequency = document.get("images"), document.get("frequency")
    if type(images) is not int or images < 1 or not isinstance(frequency, dict):
        raise InputError(f"{path}: `images` should be a number above 0 and `frequency` an object")
    for gram, count in frequency.items():
        if not 1 <= len(gram.split(" ")) <= NGRAMS or type(count) is not int or not 1 <= count <= images:
            raise InputError(f"{path}: frequency[{gram!r}] should be 1 to {NGRAMS} words and a count of 1 to {images}")
    return Idf(images, {tuple(gram.split(" ")): count for gram, count in frequency.items()})


def write_idf(path: Path, table: Idf) -> None:
    """The table as JSON, n-grams sorted: the same bytes for the same references."""
    rows = {" ".join(gram): count for gram, count in sorted(table.frequency.items())}
    document = {"format": IDF_FORMAT, "images": table.images, "frequency": rows}
    try:
        with replacing(path) as partial:
            partial.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def evaluate(
    candidates: Sequence[str], references: Sequence[Sequence[str]], idf: Idf | None = None, java: bool = True
) -> dict[str, float]:
    """coco-caption's metrics by coco-caption's names; METEOR and SPICE where `java` and they can run."""
    from captioner.metrics import Cider, bleu, rouge_l, tokenise

    words = [tokenise(text) for text in candidates]
    several = [[tokenise(text) for text in group] for group in references]
    scores = {f"Bleu_{n}": value for n, value in enumerate(bleu(words, several), start=1)}
    rouge = [rouge_l(tokens, group) for tokens, group in zip(words, several, strict=True)]
    scores["ROUGE_L"] = sum(rouge) / len(rouge)
    scores["CIDEr"] = float(Cider(several, idf).scores(words).mean())
    return scores | (_with_java(words, several) if java else {})


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
        return _Missing(f"{library} has no {', '.join(absent)}")
    from pycocoevalcap.spice.spice import Spice

    return Spice


def _with_java(words: Sequence[Tokens], several: Sequence[Sequence[Tokens]]) -> dict[str, float]:
    result = {index: [" ".join(tokens)] for index, tokens in enumerate(words)}
    truth = {index: [" ".join(tokens) for tokens in group] for index, group in enumerate(several)}
    scores = {}
    for name in ("METEOR", "SPICE"):
        scorer = _scorer(name)
        if isinstance(scorer, _Missing):
            _say(f"{name} is left out: {scorer.why}")
            continue
        try:
            with _standard_output_to_error():
                scores[name] = float(scorer().compute_score(truth, result)[0])
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
