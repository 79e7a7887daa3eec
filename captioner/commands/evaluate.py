"""The commands `captioner evaluate` and `captioner idf`: coco-caption's metrics for anyone's captions, with intervals,
a comparison of several files, and CLIP-S.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.commands.caption_files import (
    CANDIDATES,
    REFERENCES,
    Id,
    read_candidates,
    read_document,
    read_names,
    read_references,
)
from captioner.foundation.atomic import replacing
from captioner.foundation.errors import InputError, listed

if TYPE_CHECKING:
    import numpy as np

    from captioner.scores.metrics import Idf

COMMANDS = ("evaluate", "idf")
IDF_FORMAT = "captioner-idf-1"
RESAMPLES, CONFIDENCE, FLIPS, SEED = 2000, 0.95, 10_000, 1
BLANKLESS = "[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]"  # Thai, Lao; Japanese, Chinese


_EVALUATE = f"""\
BLEU-1..4, ROUGE-L and CIDEr-D as coco-caption computes them, without Java. METEOR and SPICE join them where Java
and the package pycocoevalcap are there (SPICE: its CoreNLP models too).

REFERENCES is one of
{REFERENCES}

CANDIDATES, one caption an image, is one of
{CANDIDATES}

With several files of candidates each pair of them is compared, paired by image, over the images that all of them
have: difference, 95 % bootstrap interval, sign-flip permutation test, corrected by Holm over the pairs of a metric.
With --images, CLIP-S and RefCLIP-S (Hessel et al., 2021) join the metrics."""
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
    evaluate.add_argument("references", type=Path, metavar="REFERENCES")
    evaluate.add_argument("candidates", type=Path, nargs="+", metavar="CANDIDATES")
    evaluate.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    evaluate.add_argument("--idf", type=Path, metavar="FILE", help="a table made by `captioner idf`, for CIDEr-D")
    evaluate.add_argument("--intervals", action="store_true", help="with 95 %% bootstrap intervals over images")
    evaluate.add_argument("--images", type=Path, metavar="FOLDER", help="the pictures, for CLIP-S and RefCLIP-S")
    evaluate.add_argument(
        "--encoder", type=Path, metavar="FOLDER",
        help="the CLIP of --images: a folder that a study made (default: the judge of the project in this folder)",
    )  # fmt: skip
    evaluate.add_argument("--no-java", action="store_true", help="leave METEOR and SPICE out even where Java is")
    idf = commands.add_parser(
        "idf", help="make a table of idf for `evaluate --idf`", description=_IDF, formatter_class=raw,
        epilog="example:\n  captioner idf captions_train2017.json idf.json",
    )  # fmt: skip
    idf.add_argument("references", type=Path, metavar="REFERENCES")
    idf.add_argument("out", type=Path, metavar="OUT")


def run(given: argparse.Namespace) -> None:
    """Run one of `COMMANDS`; bad input ends it with one message and exit status 2."""
    try:
        if given.command == "idf":
            from captioner.scores.metrics import Idf, tokenise

            references = read_references(given.references)
            table = Idf.of([[tokenise(text) for text in several] for several in references.values()])
            write_idf(given.out, table)
            _say(f"{given.out}: {len(table.frequency)} n-grams of {table.images} images")
        else:
            found = judged(given)
            print(json.dumps(found) if given.json else shown(found))
    except InputError as error:
        _say(f"error: {error}")
        raise SystemExit(2) from None


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def judged(given: argparse.Namespace) -> dict:
    """What `evaluate` prints: of one file its scores (and `intervals`), of several `files` and `pairs`."""
    idf = read_idf(given.idf) if given.idf else None
    references = read_references(given.references)
    names = [str(path) for path in given.candidates]
    if len(set(names)) < len(names):
        raise InputError(f"{listed([name for name in set(names) if names.count(name) > 1])}\n  named twice")
    captions = {str(path): candidates_of(path, references) for path in given.candidates}
    both = [image for image in references if all(image in own for own in captions.values())]
    if not both:
        raise InputError("no image has a caption in every file; nothing can be compared")
    if len(both) < len(references):
        _say(f"{len(references) - len(both)} of {len(references)} images have no candidate and are left out")
    several = [references[image] for image in both]
    texts = {name: [own[image] for image in both] for name, own in captions.items()}
    _warn(texts, several)
    scores, each = measured(texts, several, idf, java=not given.no_java)
    if given.images:
        files = read_names(given.references)
        with_clip(each, texts, several, [files.get(image, image) for image in both], given)
        for name, values in each.items():
            scores[name] |= {metric: float(values[metric].mean()) for metric in ("CLIP-S", "RefCLIP-S")}
    if given.intervals or len(names) > 1:
        for name, values in each.items():
            scores[name]["intervals"] = intervals(values)
    return scores[names[0]] if len(names) == 1 else {"files": scores, "pairs": pairs(each)}


def candidates_of(path: Path, references: Mapping[Id, Sequence[str]]) -> dict[Id, str]:
    """The captions of a file under the references' ids; a number and its digits are one id, a file name counts with
    and without its ending.

    InputError for a caption without references, and for a file without captions.
    """
    candidates = read_candidates(path)
    if not candidates:
        raise InputError(f"{path}: no captions; nothing can be scored")
    other = {Path(str(image)).stem: image for image in references} | {str(image): image for image in references}
    known = {image: image if image in references else other.get(str(image)) for image in candidates}
    known = {image: other.get(Path(str(image)).stem) if home is None else home for image, home in known.items()}
    unknown = [repr(image) for image, home in known.items() if home is None]
    if unknown:
        raise InputError(f"{path}: captions of images that have no references; leave them out:\n{listed(unknown)}")
    if len(set(known.values())) < len(known):
        raise InputError(f"{path}: two captions of one image, once with and once without an ending; keep one")
    return {known[image]: text for image, text in candidates.items()}


def _warn(texts: Mapping[str, Sequence[str]], several: Sequence[Sequence[str]]) -> None:
    """What makes a figure mean little."""
    if len(several) == 1:
        _say("one image only: every word is as frequent as any other, so CIDEr is 0 by definition (see --idf)")
    for name, own in texts.items():
        if empty := sum(not text.strip() for text in own):
            _say(f"{name}: {empty} captions are empty")
    said = [text for own in texts.values() for text in own] + [text for group in several for text in group]
    if any(re.search(BLANKLESS, text) for text in said):
        _say(
            "captions in a script without blanks between words: the words are coco-caption's, parted at blanks, so "
            "that a sentence counts as one word; part the words by blanks in all files first"
        )


def measured(
    texts: Mapping[str, Sequence[str]], references: Sequence[Sequence[str]], idf: Idf | None, java: bool
) -> tuple[dict[str, dict], dict[str, dict[str, np.ndarray]]]:
    """Of each file coco-caption's metrics by coco-caption's names, METEOR and SPICE where `java` and they can run; and
    the metrics that have a value for each image [N].
    """
    import numpy as np

    from captioner.commands.java_scorers import with_java
    from captioner.scores.metrics import Cider, bleu, rouge_l, tokenise

    several = [[tokenise(text) for text in group] for group in references]
    cider = Cider(several, idf)
    scores: dict[str, dict] = {}
    each: dict[str, dict[str, np.ndarray]] = {}
    for name, own in texts.items():
        words = [tokenise(text) for text in own]
        rouge = np.array([rouge_l(tokens, group) for tokens, group in zip(words, several, strict=True)])
        each[name] = {"ROUGE_L": rouge, "CIDEr": cider.scores(words)}
        scores[name] = {f"Bleu_{n}": value for n, value in enumerate(bleu(words, several), start=1)}
        scores[name] |= {metric: float(values.mean()) for metric, values in each[name].items()}
        scores[name] |= with_java(words, several) if java else {}
    return scores, each


def with_clip(
    each: Mapping[str, dict[str, np.ndarray]],
    texts: Mapping[str, Sequence[str]],
    several: Sequence[Sequence[str]],
    names: Sequence[Id],
    given: argparse.Namespace,
) -> None:
    """Add CLIP-S and RefCLIP-S [N] of every file; `names` are the pictures' files in the order of the images."""
    import torch

    from captioner.application.project import Project
    from captioner.encoders.encoder import load_encoder
    from captioner.photographs.images import ImageReader, picture_suffixes
    from captioner.scores.similarity import DEPICTS, clip_s, ref_clip_s

    folder = given.encoder or Project(Path.cwd()).places.judge
    encoder = load_encoder(folder, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    reader = ImageReader(given.images)
    files = [_file(given.images, str(name), picture_suffixes()) for name in names]
    pictures = encoder.embed(lambda row: reader.open(files[row]), range(len(files)), 64, label="CLIP-S").numpy()
    vectors = encoder.encode_texts([DEPICTS + text for group in several for text in group]).numpy()
    described, at = [], 0
    for group in several:
        described.append(vectors[at : at + len(group)])
        at += len(group)
    for name, own in texts.items():
        told = encoder.encode_texts([DEPICTS + text for text in own]).numpy()
        each[name]["CLIP-S"] = clip_s(pictures, told)
        each[name]["RefCLIP-S"] = ref_clip_s(each[name]["CLIP-S"], told, described)


def _file(folder: Path, name: str, suffixes: set[str]) -> str:
    """The picture's file in the folder: the name itself, or with one of the endings that Pillow reads."""
    for one in (name, *(f"{name}{suffix}" for suffix in sorted(suffixes))):
        if (folder / one).is_file():
            return one
    raise InputError(f"{folder}: no picture {name} (with or without an ending), though the references list it")


def intervals(values: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """The 95 % bootstrap interval over images of each metric that has a value an image."""
    from captioner.statistics.intervals import Bootstrap

    bootstrap = Bootstrap(len(next(iter(values.values()))), 1, RESAMPLES, CONFIDENCE, SEED)
    found = {name: bootstrap.interval(one[None]) for name, one in values.items()}
    return {name: [interval.low, interval.high] for name, interval in found.items()}


def pairs(each: Mapping[str, Mapping[str, np.ndarray]]) -> list[dict]:
    """A row a metric and pair of files: the first minus the second, paired by image; p is Holm's over the pairs."""
    from captioner.statistics.intervals import Bootstrap
    from captioner.statistics.pairwise import compare

    first = next(iter(each.values()))
    bootstrap = Bootstrap(len(next(iter(first.values()))), 1, RESAMPLES, CONFIDENCE, SEED)
    order, rows = list(each), []
    for metric in first:
        told = compare({name: values[metric][None] for name, values in each.items()}, 1e-9, bootstrap, FLIPS, SEED)
        for (one, other), pair in told.items():
            if order.index(one) < order.index(other):
                kept = {key: getattr(pair, key) for key in ("difference", "low", "high", "p", "win_rate")}
                rows.append({"metric": metric, "file": one, "versus": other, **kept})
    return rows


def shown(found: dict) -> str:
    """The object of `judged` as a table."""
    if "files" not in found:
        return "\n".join(_lines(found))
    lines = []
    for name, scores in found["files"].items():
        lines += [name, *(f"  {line}" for line in _lines(scores))]
    for row in found["pairs"]:
        lines.append(
            f"{row['metric']}: {row['file']} minus {row['versus']}: {row['difference']:+.4f} "
            f"[{row['low']:+.4f}, {row['high']:+.4f}], p {row['p']:.4f}, better on {row['win_rate']:.0%} of the images"
        )
    return "\n".join(lines)


def _lines(scores: dict) -> list[str]:
    lines = []
    for name, value in scores.items():
        if name != "intervals":
            low, high = scores.get("intervals", {}).get(name, (None, None))
            lines.append(f"{name:<9}{value:>8.4f}" + ("" if low is None else f"  [{low:.4f}, {high:.4f}]"))
    return lines


def read_idf(path: Path) -> Idf:
    """A table of idf as `write_idf` leaves it; InputError for anything else."""
    from captioner.scores.metrics import NGRAMS, Idf

    document = read_document(path)
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
    if os.path.isdir(path):
        raise InputError(f"{path}: a folder, which stays; name a file")
    try:
        with replacing(path) as partial:
            partial.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
