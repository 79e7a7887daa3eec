"""Published human judgements of captions, in the files in which they are published."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from captioner.foundation.errors import InputError
from captioner.rating.table import Rating

CATEGORIES = {1: "HC", 2: "HI", 3: "HM", 4: "MM"}  # Pascal-50S: two right, one wrong, one machine's, two machines'
VOTES = 48  # of each pair of Pascal-50S


@dataclass(frozen=True)
class Judged:
    """Captions with people's judgements, one row a judgement, and the references of each image; `variants`: the kinds
    of Kendall's tau that are published for it.
    """

    name: str
    variants: str
    images: tuple[str, ...]
    captions: tuple[str, ...]
    people: tuple[float, ...]
    references: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class JudgedPairs:
    """Pairs of captions, which of them people prefer (1 the first, -1 the second), and the pair's category."""

    name: str
    images: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    people: tuple[int, ...]
    categories: tuple[str, ...]
    references: Mapping[str, Sequence[str]]


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Where a line stands, and its text; InputError where the file cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield f"{path}: line {number}", line.rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); name the folder with the published files") from error


def read_tokens(path: Path) -> dict[str, str]:
    """The captions of `Flickr8k.token.txt` by id, `image.jpg#0`."""
    captions = {}
    for where, line in _lines(path):
        name, parted, text = line.partition("\t")
        if not parted or "#" not in name:
            raise InputError(f"{where}: should be an id such as 1.jpg#0, a tab and a caption")
        captions[name] = text
    return captions


def by_image(captions: Mapping[str, str]) -> dict[str, list[str]]:
    """The captions of each image."""
    found: dict[str, list[str]] = {}
    for name, text in captions.items():
        found.setdefault(name.partition("#")[0], []).append(text)
    return found


def _judged(name: str, variants: str, rows: Sequence[tuple], references: Mapping, where: Path) -> Judged:
    """The rows (image, caption, judgement) whose caption is none of the image's own references."""
    missing = [image for image, *_ in rows if not references.get(image)]
    if missing:
        raise InputError(f"{where}: judges {missing[0]}, which has no references; are the files of one data set?")
    other = [row for row in rows if row[1] not in references[row[0]]]
    if not other:
        raise InputError(f"{where}: holds no judgement of a caption that is no reference of its image")
    return Judged(name, variants, *(tuple(column) for column in zip(*other, strict=True)), references)


def flickr8k_expert(folder: Path) -> Judged:
    """Flickr8k-Expert: `ExpertAnnotations.txt` (image, caption id, three judgements from 1 to 4) with
    `Flickr8k.token.txt`; each judgement is a row, tau-c, a caption of the image's own references left out (Hodosh et
    al., 2013; Hessel et al., 2021).
    """
    captions, path = read_tokens(folder / "Flickr8k.token.txt"), folder / "ExpertAnnotations.txt"
    rows = []
    for where, line in _lines(path):
        image, caption, *judgements = line.split("\t")
        if caption not in captions or len(judgements) != 3 or not all(each in "1234" and each for each in judgements):
            raise InputError(f"{where}: should be an image, the id of a caption and three judgements from 1 to 4")
        rows += [(image, captions[caption], float(each)) for each in judgements]
    return _judged("flickr8k-expert", "c", rows, by_image(captions), path)


def flickr8k_cf(folder: Path) -> Judged:
    """Flickr8k-CF: `CrowdFlowerAnnotations.txt` (image, caption id, share of yes, yes, no) with `Flickr8k.token.txt`;
    the share is the judgement, tau-b.
    """
    captions, path = read_tokens(folder / "Flickr8k.token.txt"), folder / "CrowdFlowerAnnotations.txt"
    rows = []
    for where, line in _lines(path):
        cells = line.split("\t")
        try:
            image, caption, share, yes, no = cells[0], cells[1], float(cells[2]), int(cells[3]), int(cells[4])
        except (IndexError, ValueError) as error:
            raise InputError(f"{where}: should be an image, the id of a caption, a share, and yes and no") from error
        if caption not in captions or yes + no == 0 or abs(share - yes / (yes + no)) > 0.01:
            raise InputError(f"{where}: names no caption of Flickr8k.token.txt, or its share is not that of yes")
        rows.append((image, captions[caption], yes / (yes + no)))
    return _judged("flickr8k-cf", "b", rows, by_image(captions), path)


PICTURE = re.compile(r"https?://\S+\.(?:jpe?g|png)", re.IGNORECASE)
PARTS = {"8k": 3, "30k": 4, "coco": 4}  # of Composite: how many captions of an image are judged


def composite(folder: Path) -> Judged:
    """Composite (Aditya et al., 2015): `8k_correctness.csv`, `30k_correctness.csv` and `coco_correctness.csv`, as many
    as there are, judgements from 1 to 5, with the references `Flickr8k.token.txt`, `results_20130124.token` and
    `captions_val2014.json`; tau-c. Cells are parted by semicolons; the picture's address is followed by the captions,
    then by their judgements.
    """
    rows: list[tuple] = []
    references: dict[str, list[str]] = {}
    found = [part for part in PARTS if (folder / f"{part}_correctness.csv").is_file()]
    if not found:
        raise InputError(f"{folder}: none of 8k_correctness.csv, 30k_correctness.csv and coco_correctness.csv is here")
    for part in found:
        references |= _composite_references(folder, part)
        rows += _composite_rows(folder / f"{part}_correctness.csv", PARTS[part])
    return _judged("composite", "c", rows, references, folder)


def _composite_references(folder: Path, part: str) -> dict[str, list[str]]:
    if part != "coco":
        captions = read_tokens(folder / {"8k": "Flickr8k.token.txt", "30k": "results_20130124.token"}[part])
        return {Path(image).stem: texts for image, texts in by_image(captions).items()}
    path, found = folder / "captions_val2014.json", {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["annotations"]
        for row in rows:
            found.setdefault(f"COCO_val2014_{row['image_id']:012}", []).append(row["caption"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not COCO's captions of val2014 ({error})") from error
    return found


def _composite_rows(path: Path, count: int) -> Iterator[tuple[str, str, float]]:
    """Image, caption and judgement of a file of Composite, whatever stands before the picture's address."""
    for where, line in list(_lines(path))[1:]:
        cells = next(csv.reader([line], delimiter=";"))
        at = next((place for place, cell in enumerate(cells) if PICTURE.fullmatch(cell.strip(' "'))), None)
        if at is None:
            continue  # the files end with lines that judge nothing
        captions, judgements = cells[at + 1 : at + 1 + count], cells[at + 1 + count : at + 1 + 2 * count]
        try:
            values = [float(each.strip(' "')) for each in judgements]
        except ValueError as error:
            raise InputError(f"{where}: {count} captions should be followed by {count} judgements") from error
        if len(values) != count or not all(1 <= value <= 5 for value in values):
            raise InputError(f"{where}: {count} captions should be followed by {count} judgements from 1 to 5")
        image = Path(cells[at].strip(' "').rsplit("/", 1)[-1]).stem
        yield from ((image, text.strip(), value) for text, value in zip(captions, values, strict=True))


def pascal_50s(folder: Path, most: int = 5) -> JudgedPairs:
    """Pascal-50S (Vedantam et al., 2015): `pair_pascal.mat` (picture and two captions, `category`) and
    `consensus_pascal.mat` (`triplets`, 48 votes a pair, each with a reference). `most`: references an image, the first
    ones. Pairs with as many votes for either are left out.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        pairs, votes = loadmat(folder / "pair_pascal.mat"), loadmat(folder / "consensus_pascal.mat")
        inputs, kinds, triplets = pairs["new_input"][0], pairs["category"].ravel(), votes["triplets"][0]
    except (OSError, KeyError, ValueError, NotImplementedError, MatReadError) as error:
        raise InputError(f"{folder}: pair_pascal.mat and consensus_pascal.mat cannot be read ({error})") from error
    if len(triplets) != VOTES * len(inputs) or len(kinds) != len(inputs):
        raise InputError(f"{folder}: {len(inputs)} pairs should have {VOTES} votes each and a category")
    rows, references = [], {}
    for at, (image, first, second) in enumerate(tuple(each) for each in inputs):
        mine = triplets[at * VOTES : (at + 1) * VOTES]
        tally = Counter(int(_inner(vote[3])) for vote in mine)
        if set(tally) - {1, -1}:
            raise InputError(f"{folder}/consensus_pascal.mat: votes of pair {at + 1} should be 1 or -1")
        name = str(_inner(image))
        references.setdefault(name, list(dict.fromkeys(str(_inner(vote[0])) for vote in mine))[:most])
        if tally[1] != tally[-1]:
            sign = 1 if tally[1] > tally[-1] else -1
            rows.append((name, str(_inner(first)), str(_inner(second)), sign, CATEGORIES[int(kinds[at])]))
    if not rows:
        raise InputError(f"{folder}: no pair has a majority")
    return JudgedPairs("pascal-50s", *(tuple(column) for column in zip(*rows, strict=True)), references)


def judged_scales(
    ratings: Sequence[Rating], references: Mapping[str, Sequence[str]], files: Mapping[str, str]
) -> Judged | None:
    """The ratings from 1 to 5 of a rating study whose captions are no reference of their picture; None without any.

    `files`: the picture's file of an image, where its name is another. InputError for an image without references.
    """
    asked = [rating for rating in ratings if (rating.kind, rating.role) == ("scale", "rating")]
    rows = [(rating.image, rating.left_caption, float(rating.answer)) for rating in asked]
    rows = [row for row in rows if row[1] not in _own(row[0], references)]
    if not rows:
        return None
    renamed = {files.get(image, image): texts for image, texts in references.items()}
    columns = zip(*((files.get(image, image), *rest) for image, *rest in rows), strict=True)
    return Judged("ratings", "bc", *map(tuple, columns), renamed)


def judged_pairs(
    ratings: Sequence[Rating], references: Mapping[str, Sequence[str]], files: Mapping[str, str]
) -> JudgedPairs | None:
    """The pairs of a rating study in which one caption was preferred, neither a reference: as `judged_scales`."""
    rows = []
    for rating in ratings:
        if (rating.kind, rating.role) == ("pair", "rating") and rating.answer != "tie":
            own = _own(rating.image, references)
            if rating.left_caption not in own and rating.right_caption not in own:
                image, sign = files.get(rating.image, rating.image), 1 if rating.answer == "left" else -1
                rows.append((image, rating.left_caption, rating.right_caption, sign, "of pairs"))
    if not rows:
        return None
    renamed = {files.get(image, image): texts for image, texts in references.items()}
    return JudgedPairs("ratings", *(tuple(column) for column in zip(*rows, strict=True)), renamed)


def _own(image: str, references: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if image not in references:
        raise InputError(f"image {image} was rated, but the references have none of it; are both of one data set?")
    return references[image]


def _inner(value: object) -> object:
    """What MATLAB's nested cells hold, at their end."""
    while getattr(value, "dtype", None) is not None and getattr(value, "shape", ()) != ():
        value = value.ravel()[0]
        if hasattr(value, "dtype") and value.dtype.names:
            value = value[0]
    return value
