"""`captioner agreement`: every metric against people's judgements of captions."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.commands import clip_metrics
from captioner.commands.words import add_words
from captioner.foundation.errors import InputError
from captioner.scores.words import splitter

if TYPE_CHECKING:
    import numpy as np

    from captioner.rating.benchmarks import Judged, JudgedPairs
    from captioner.rating.trust import Trust

CONFIDENCE, SEED = 0.95, 1
SETS = {
    "flickr8k-expert": "ExpertAnnotations.txt, Flickr8k.token.txt",
    "flickr8k-cf": "CrowdFlowerAnnotations.txt, Flickr8k.token.txt",
    "composite": "8k_, 30k_, coco_correctness.csv (any of them); Flickr8k.token.txt, results_20130124.token, "
    "captions_val2014.json",
    "pascal-50s": "pair_pascal.mat, consensus_pascal.mat",
    "ratings": "not a folder but the table of `captioner rate export`, with --references",
}
EXAMPLES = f"""files in FOLDER, as they are published:
{chr(10).join(f"  {name:16} {files}" for name, files in SETS.items())}

examples:
  captioner agreement flickr8k-expert Flickr8k_text --images Flicker8k_Dataset --encoder ViT-B/32
  captioner agreement ratings ratings/ratings.csv --references data/captions_test.json

Printed are Kendall's tau-c (Flickr8k-Expert, Composite), tau-b (Flickr8k-CF), both (ratings from 1 to 5), or the share
of pairs in which the metric prefers the caption that people prefer, with 95 % bootstrap intervals over images. Captions
that are a reference of their picture are left out. BLEU is of single captions; METEOR and SPICE join where Java is,
CLIP-S, RefCLIP-S and the CLIP score with --images.

exit status: 0 done, 1 not possible (the message says why), 2 wrong arguments
"""


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand."""
    parser = commands.add_parser(
        "agreement", help="hold every metric against people's judgements of captions", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("set", choices=SETS, metavar="SET", help=", ".join(SETS))
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--references", type=Path, metavar="FILE", help="of ratings: references, as for `evaluate`")
    parser.add_argument("--images", type=Path, nargs="+", metavar="FOLDER", help="the pictures, for CLIP-S")
    parser.add_argument("--encoder", metavar="CLIP", help=clip_metrics.HELP)
    add_words(parser)
    parser.add_argument("--no-java", action="store_true", help="leave METEOR and SPICE out even where Java is")
    parser.add_argument("--json", action="store_true", help="a JSON list of rows instead of a table")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the agreement of every metric."""
    if (given.set == "ratings") != (given.references is not None):
        raise InputError("--references goes with the set `ratings`, and only with it")
    rows = [row for judged in opened(given) for row in trusted(judged, given)]
    if given.json:
        told = []
        for row in rows:
            figures = {"value": row.value.mean, "low": row.value.low, "high": row.value.high}
            known = {name: figure if isfinite(figure) else None for name, figure in figures.items()}
            told.append({"metric": row.metric, "measure": row.measure, **known, "judgements": row.judgements})
        print(json.dumps(told))
        return 0
    for row in sorted(rows, key=lambda row: row.measure):
        value = row.value
        print(
            f"{row.metric:<10} {row.measure:<12} {value.mean:>7.3f}  [{value.low:.3f}, {value.high:.3f}]  "
            f"{row.judgements} judgements"
        )
    return 0


def opened(given: argparse.Namespace) -> list[Judged | JudgedPairs]:
    """The judgements that the arguments name."""
    from captioner.rating import benchmarks

    match given.set:
        case "flickr8k-expert":
            return [benchmarks.flickr8k_expert(given.folder)]
        case "flickr8k-cf":
            return [benchmarks.flickr8k_cf(given.folder)]
        case "composite":
            return [benchmarks.composite(given.folder)]
        case "pascal-50s":
            return [benchmarks.pascal_50s(given.folder)]
    return own_ratings(given.folder, given.references)


def own_ratings(path: Path, references: Path) -> list[Judged | JudgedPairs]:
    """The project's own ratings: those from 1 to 5, and the pairs without ties; captions that are a reference of their
    picture are left out.
    """
    from captioner.commands.caption_files import read_names, read_references
    from captioner.rating.benchmarks import judged_pairs, judged_scales
    from captioner.rating.table import PEOPLE, read_ratings

    ratings = read_ratings(path)
    origins = sorted({rating.origin for rating in ratings} - {PEOPLE})
    if origins:
        print(f"warning: {path}: answers marked {', '.join(origins)}; what follows is no result", file=sys.stderr)
    known = {str(image): several for image, several in read_references(references).items()}
    files = {str(image): name for image, name in read_names(references).items()}
    found = [judged_scales(ratings, known, files), judged_pairs(ratings, known, files)]
    if not any(found):
        raise InputError(f"{path}: no rating of a caption; serve a study with `captioner rate serve`, then export it")
    return [judged for judged in found if judged]


def trusted(judged: Judged | JudgedPairs, given: argparse.Namespace) -> list[Trust]:
    """Every metric against the judgements."""
    import numpy as np

    from captioner.rating.benchmarks import Judged
    from captioner.rating.trust import accuracies, correlations

    if isinstance(judged, Judged):
        values = measured([judged.captions], judged, given)[0]
        return correlations(values, np.array(judged.people), judged.images, judged.variants, CONFIDENCE, SEED)
    first, second = measured([judged.first, judged.second], judged, given)
    people = np.array(judged.people)
    return accuracies(first, second, people, judged.categories, judged.images, CONFIDENCE, SEED)


def measured(
    several: Sequence[Sequence[str]], judged: Judged | JudgedPairs, given: argparse.Namespace
) -> list[dict[str, np.ndarray]]:
    """Every metric [N] of each of several sequences of captions [N] of the judged images."""
    from captioner.commands.java_scorers import available

    asked = [list(zip(judged.images, captions, strict=True)) for captions in several]
    distinct = list(dict.fromkeys(pair for pairs in asked for pair in pairs))
    values = of_captions(distinct, judged.references, given, {} if given.no_java else available())
    place = {pair: row for row, pair in enumerate(distinct)}
    rows = [[place[pair] for pair in pairs] for pairs in asked]
    return [{name: own[each] for name, own in values.items()} for each in rows]


def of_captions(
    pairs: Sequence[tuple[str, str]],
    references: Mapping[str, Sequence[str]],
    given: argparse.Namespace,
    java: Mapping[str, type],
) -> dict[str, np.ndarray]:
    """Every metric [M] of pairs of an image and a caption; the idf of CIDEr-D is that of all images' references."""
    import numpy as np
    from tqdm import tqdm

    from captioner.commands.java_scorers import with_java
    from captioner.scores.metrics import NGRAMS, Cider, Idf, bleu, rouge_l

    split = splitter(given.words)
    known = {image: [split(text) for text in texts] for image, texts in references.items()}
    words, several = [split(text) for _, text in pairs], [known[image] for image, _ in pairs]
    each = list(zip(words, several, strict=True))
    alone = np.array([bleu([own], [group]) for own, group in tqdm(each, "BLEU", disable=None, leave=False)])
    found = {f"Bleu_{n + 1}": alone[:, n] for n in range(NGRAMS)}
    found["ROUGE_L"] = np.array([rouge_l(*one) for one in each])
    found["CIDEr"] = Cider(several, Idf.of(list(known.values()))).scores(words)
    found |= {name: values for name, (_, values) in with_java(java, words, several).items()}
    if given.images:
        images = list(dict.fromkeys(image for image, _ in pairs))
        row = {image: at for at, image in enumerate(images)}
        encoder = clip_metrics.opened(given.encoder)
        pictures = clip_metrics.Pictures(encoder, given.images, images, [references[image] for image in images])
        found |= pictures.scores([text for _, text in pairs], [row[image] for image, _ in pairs])
    return found
