"""The commands `captioner evaluate` and `captioner idf`: coco-caption's metrics for anyone's captions, with intervals,
a comparison of several files, and CLIP-S.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.commands import clip_metrics
from captioner.commands.caption_files import (
    CANDIDATES,
    REFERENCES,
    candidates_of,
    read_document,
    read_names,
    read_references,
)
from captioner.commands.words import add_words
from captioner.foundation.atomic import replacing
from captioner.foundation.errors import InputError, listed
from captioner.scores.words import BLANKLESS, splitter

if TYPE_CHECKING:
    import numpy as np

    from captioner.scores.metrics import Idf, Tokens

COMMANDS = ("evaluate", "idf")
IDF_FORMAT = "captioner-idf-1"
RESAMPLES, CONFIDENCE, FLIPS, SEED = 2000, 0.95, 10_000, 1


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
    evaluate.add_argument("--encoder", metavar="CLIP", help=clip_metrics.HELP)
    add_words(evaluate)
    evaluate.add_argument("--no-java", action="store_true", help="leave METEOR and SPICE out even where Java is")
    idf = commands.add_parser(
        "idf", help="make a table of idf for `evaluate --idf`", description=_IDF, formatter_class=raw,
        epilog="example:\n  captioner idf captions_train2017.json idf.json",
    )  # fmt: skip
    add_words(idf)
    idf.add_argument("references", type=Path, metavar="REFERENCES")
    idf.add_argument("out", type=Path, metavar="OUT")


def run(given: argparse.Namespace) -> None:
    """Run one of `COMMANDS`; bad input ends it with one message and exit status 2."""
    try:
        if given.command == "idf":
            from captioner.scores.metrics import Idf

            references, words = read_references(given.references), splitter(given.words)
            table = Idf.of([[words(text) for text in several] for several in references.values()])
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
    _warn(texts, several, given.words)
    scores, each = measured(texts, several, idf, splitter(given.words), java=not given.no_java)
    if given.images:
        files = read_names(given.references)
        named = [str(files.get(image, image)) for image in both]
        pictures = clip_metrics.Pictures(clip_metrics.opened(given.encoder), [given.images], named, several)
        for name, values in clip_metrics.of_files(texts, pictures, ("CLIP-S", "RefCLIP-S")).items():
            each[name] |= values
            scores[name] |= {metric: float(values[metric].mean()) for metric in ("CLIP-S", "RefCLIP-S")}
    if given.intervals or len(names) > 1:
        for name, values in each.items():
            scores[name]["intervals"] = intervals(values)
    return scores[names[0]] if len(names) == 1 else {"files": scores, "pairs": pairs(each)}


def _warn(texts: Mapping[str, Sequence[str]], several: Sequence[Sequence[str]], words: str) -> None:
    """What makes a figure mean little."""
    if len(several) == 1:
        _say("one image only: every word is as frequent as any other, so CIDEr is 0 by definition (see --idf)")
    for name, own in texts.items():
        if empty := sum(not text.strip() for text in own):
            _say(f"{name}: {empty} captions are empty")
    said = [text for own in texts.values() for text in own] + [text for group in several for text in group]
    if words == "treebank" and any(re.search(f"[{BLANKLESS}]", text) for text in said):
        _say(
            "captions in a script without blanks between words: the words are those of coco-caption's PTBTokenizer, "
            "parted at blanks, so that a sentence counts as one word; take --words characters, or --words jieba for "
            "Chinese, or part the words by blanks in all files"
        )


def measured(
    texts: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    idf: Idf | None,
    split: Callable[[str], Tokens],
    java: bool,
) -> tuple[dict[str, dict], dict[str, dict[str, np.ndarray]]]:
    """Of each file coco-caption's metrics by coco-caption's names, METEOR and SPICE where `java` and they can run; and
    the metrics that have a value for each image [N]. `split` gives a caption's words.
    """
    import numpy as np

    from captioner.commands.java_scorers import available, with_java
    from captioner.scores.metrics import Cider, bleu, rouge_l

    scorers = available() if java else {}
    several = [[split(text) for text in group] for group in references]
    cider = Cider(several, idf)
    scores: dict[str, dict] = {}
    each: dict[str, dict[str, np.ndarray]] = {}
    for name, own in texts.items():
        words = [split(text) for text in own]
        rouge = np.array([rouge_l(tokens, group) for tokens, group in zip(words, several, strict=True)])
        each[name] = {"ROUGE_L": rouge, "CIDEr": cider.scores(words)}
        scores[name] = {f"Bleu_{n}": value for n, value in enumerate(bleu(words, several), start=1)}
        scores[name] |= {metric: float(values.mean()) for metric, values in each[name].items()}
        scores[name] |= {metric: whole for metric, (whole, _) in with_java(scorers, words, several).items()}
    return scores, each


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
