"""`captioner caption`: captions for pictures in files, in folders, or listed on standard input."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from captioner.commands import decoding, source
from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from captioner.application.captioner import Captioner, Described, Likely, Prepared
    from captioner.application.project import Places, Settings
    from captioner.application.unjudged import Unjudged
    from captioner.decoding.base import Decoding

MOST = 1_000_000  # pictures a pass, tokens shown
SKIPPED = 3  # exit status where some pictures could not be read
COLUMNS = ("image", "prompt", "caption", "clip_score", "log_probability", "entropy", "tokens", "next_tokens")
EXAMPLES = """examples:
  captioner caption cat.jpg
  captioner caption holiday/ --prompt "A detailed photo of" --prompt "This image shows" --format csv > captions.csv
  captioner caption cat.jpg --prompt "A photo of a" --top-k 5          the five most likely next words
  captioner caption cat.jpg --decoding nucleus --samples 5 --best-of-n --format json   five are drawn, CLIP picks one
  find . -name '*.jpg' | captioner caption --format json | jq .caption
  captioner caption --model scenes.captioner cat.jpg                   without the project
  captioner caption cat.jpg --captioner microsoft/git-base-coco         another captioner, by name or folder
  captioner caption holiday/ --out captions/ --engine ray --models 8 --gpus 1   very many, on a Ray cluster

fields: image, prompt, caption, clip_score (100 x cosine), log_probability (mean nats per token), entropy (mean, divided
by ln|V|; 0 is certain, 1 knows nothing), tokens, next_tokens (most likely after the prompt); with --decoding beam or
nucleus, in JSON also captions (all of them, each with its caption, clip_score, ... tokens)

exit status: 0 every picture was captioned, 3 some were skipped (standard error names them), 1 nothing was done (the
message says why), 2 wrong arguments
"""


def count(text: str) -> int:
    """A whole number from 0 to `MOST`."""
    value = int(text)
    if not 0 <= value <= MOST:
        raise ValueError(text)
    return value


def colour(text: str) -> str:
    """The name or the code of a colour as Pillow knows them, "black" or "#ff8000"."""
    from PIL import ImageColor

    ImageColor.getrgb(text)
    return text


def positive(text: str) -> int:
    """A whole number from 1 to `MOST`."""
    if count(text) < 1:
        raise ValueError(text)
    return int(text)


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand."""
    parser = commands.add_parser(
        "caption", help="caption pictures", description=__doc__, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="a picture, a folder of pictures, or - for a list of paths, one a line"
    )
    parser.add_argument(
        "--prompt", action="append", metavar="TEXT",
        help="text before the caption, '' for none; may be repeated (default: the study's headline prompt)",
    )  # fmt: skip
    parser.add_argument("--top-k", type=count, default=0, metavar="N", help="show the N most likely next tokens")
    parser.add_argument("--format", choices=("text", "json", "csv"), default="text", help="default: text")
    parser.add_argument(
        "--background", type=colour, default="white", metavar="COLOUR",
        help="behind what is transparent: a name or #rrggbb (default: white)",
    )  # fmt: skip
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N", help="pictures a pass (default: 32)")
    decoding.add(parser)
    many = parser.add_argument_group("very many pictures")
    many.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="write part-000000.jsonl, ... here instead of standard output; run again, it goes on where it was",
    )  # fmt: skip
    many.add_argument("--engine", choices=("local", "ray"), default="local", help="with --out (default: local)")
    many.add_argument("--address", metavar="ADDRESS", help="of a Ray cluster, or auto (default: one on this machine)")
    many.add_argument("--models", type=positive, default=1, metavar="N", help="models at work side by side, by Ray")
    many.add_argument("--gpus", type=float, default=0.0, metavar="N", help="GPUs of each of them (default: 0)")
    many.add_argument("--shard", type=positive, default=512, metavar="N", help="pictures a file (default: 512)")
    many.add_argument("--workers", type=count, default=0, metavar="N", help="processes that read, beside each model")
    other = parser.add_argument_group("another captioner, without a project")
    other.add_argument(
        "--captioner",
        metavar="NAME",
        help="an image-text-to-text model of transformers: on the hub, or a folder's path",
    )
    other.add_argument(
        "--template", default="{prompt}", metavar="TEXT",
        help='what it reads, such as "USER: <image>\\n{prompt} ASSISTANT:" (default: {prompt})',
    )  # fmt: skip
    other.add_argument("--revision", default="main", metavar="NAME", help="on the hub (default: main)")
    other.add_argument(
        "--dtype", choices=("float32", "bfloat16", "float16"), default="float32", help="(default: float32)"
    )
    other.add_argument("--device", default="auto", help="auto, cpu or cuda:1 (default: auto)")
    other.add_argument("--max-new-tokens", type=positive, default=30, metavar="N", help="(default: 30)")
    source.add(parser)
    parser.set_defaults(run=run)


def listed(paths: Iterable[str], stdin: TextIO) -> Iterator[tuple[Path, str | None]]:
    """Each picture that the paths name, a folder's in order of their names; with a message where one names none."""
    for text in paths:
        if text == "-":
            lines = (line.rstrip("\r\n") for line in stdin)
            yield from listed((line for line in lines if line and line != "-"), stdin)
            continue
        path = Path(text)
        if not os.path.isdir(path):
            yield path, None
            continue
        from captioner.photographs.images import picture_suffixes

        suffixes, files = picture_suffixes(), sorted(each for each in path.rglob("*") if each.is_file())
        inside = [each for each in files if each.suffix.lower() in suffixes]
        others = Counter(each.suffix.lower() or each.name for each in files if each.suffix.lower() not in suffixes)
        if others:
            told = ", ".join(f"{suffix} ({number})" for suffix, number in sorted(others.items()))
            print(f"{path}: files left out that are no pictures of a known kind: {told}", file=sys.stderr)
        yield from ((each, None) for each in inside) if inside else [(path, f"{path}: no pictures in this folder")]


def batches(items: Iterator, size: int) -> Iterator[list]:
    """The items in lists of at most this size."""
    while batch := list(islice(items, size)):
        yield batch


def read(
    captioner: Captioner, path: Path, problem: str | None, background: str
) -> tuple[Path, Prepared | None, str | None]:
    """The picture as the models take it, what is transparent in `background`, or why it cannot be read."""
    from captioner.photographs.images import decode

    if problem:
        return path, None, problem
    try:
        return path, captioner.prepare(decode(path.read_bytes(), str(path), background=background)), None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        return path, None, f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"
    except InputError as error:
        return path, None, str(error)


def tokens(likely: Iterable[Likely]) -> list[dict]:
    """Likely tokens as they are written; the stop token is the one with an empty text and `stop`."""
    return [
        {"token": each.text, "probability": round(each.probability, 5), **({"stop": True} if each.stop else {})}
        for each in likely
    ]


def record(path: Path, made: Described) -> dict:
    """The fields of one caption."""
    return {
        "image": str(path), "prompt": made.prompt, "caption": made.caption.text,
        "clip_score": None if made.clip_score is None else round(made.clip_score, 2),
        "log_probability": round(made.caption.mean_log_probability, 4), "entropy": round(made.entropy, 4),
        "tokens": made.caption.tokens, "next_tokens": tokens(made.next_tokens),
    }  # fmt: skip


def shown(text: str) -> str:
    """The text with control characters written out, so that it cannot steer a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


class Writer:
    """Records to a stream in one of the three formats, each at once."""

    def __init__(self, stream: TextIO, format: str) -> None:
        self.stream, self.format = stream, format
        self._image: str | None = None
        if format == "csv":
            self._csv = csv.writer(stream, lineterminator="\n")
            self._csv.writerow(COLUMNS)

    def write(self, row: dict) -> None:
        """One record."""
        if self.format == "json":
            self.stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        elif self.format == "csv":
            cells = {**row, "next_tokens": json.dumps(row["next_tokens"], ensure_ascii=False)}
            self._csv.writerow([cells[name] for name in COLUMNS])
        else:
            self._text(row)

    def _text(self, row: dict) -> None:
        if row["image"] != self._image:
            self.stream.write(f"{shown(row['image'])}\n")
            self._image = row["image"]
        scored = "" if row["clip_score"] is None else f"CLIP score {row['clip_score']:.1f}, "
        self.stream.write(
            f"  [{shown(row['prompt']) or 'no prompt'}] {shown(row['caption'])}\n"
            f"    {scored}log-probability {row['log_probability']:.2f}, "
            f"entropy {row['entropy']:.2f}, {row['tokens']} tokens\n"
        )
        if row["next_tokens"]:
            told = (
                f"{'(end)' if each.get('stop') else repr(each['token'])} {each['probability']:.1%}"
                for each in row["next_tokens"]
            )
            self.stream.write(f"    next: {', '.join(told)}\n")


def run(given: argparse.Namespace) -> int:
    """Caption what is named, a batch at a time."""
    if not given.paths and sys.stdin.isatty():
        raise InputError("no pictures named; give files or folders, or a list of paths on standard input (see --help)")
    if not given.out and (given.engine != "local" or given.address):
        raise InputError("--engine and --address: only together with --out, the folder for the captions")
    if given.address and given.engine != "ray":
        raise InputError("--address: only together with --engine ray")
    from tqdm import tqdm

    if given.captioner:
        captioner, headline = other_captioner(given), ""
    else:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from captioner.application.captioner import Captioner

        opened, places = source.opened(given)
        headline = opened.settings.prompt
    prompts = list(dict.fromkeys(text.strip() for text in given.prompt or [headline]))
    way = None if given.captioner else decoding.chosen(given, opened.settings.seed)
    if given.out:
        return run_shards(given, places, opened.settings, prompts)
    if not given.captioner:
        captioner = Captioner.load(places, opened.settings)
    for prompt in prompts:
        captioner.check_prompt(prompt)
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")  # a file's name may be no text at all
    writer, skipped = Writer(sys.stdout, given.format), 0
    with (
        ThreadPoolExecutor(2) as pool,
        tqdm(desc="caption", unit=" pictures", file=sys.stderr, mininterval=1.0) as progress,
    ):
        for batch in batches(listed(given.paths or ["-"], sys.stdin), given.batch_size):
            done = list(pool.map(lambda each: read(captioner, *each, given.background), batch))
            for _, _, problem in done:
                if problem:
                    skipped += 1
                    progress.write(f"skipped: {shown(problem)}", file=sys.stderr)
            good = [(path, picture) for path, picture, problem in done if not problem]
            for row in rows(captioner, good, prompts, way, given):
                writer.write(row)
            sys.stdout.flush()
            progress.update(len(done))
    return SKIPPED if skipped else 0


def other_captioner(given: argparse.Namespace) -> Unjudged:
    """The model of transformers that the arguments name."""
    for name in ("out", "model", "encoder", "decoder", "judge", "top_k"):
        if getattr(given, name):
            raise InputError(f"--{name.replace('_', '-')}: not together with --captioner")
    if decoding.chosen(given, 0):
        raise InputError("--decoding: not together with --captioner, whose captions are greedy")
    from pydantic import ValidationError

    from captioner.application.unjudged import Unjudged
    from captioner.config.captioners import CaptionerConfig
    from captioner.config.runtime import RuntimeConfig

    name = str(Path(given.captioner).absolute()) if Path(given.captioner).is_dir() else given.captioner
    try:
        config = CaptionerConfig(
            name=name, revision=given.revision, template=given.template.replace("\\n", "\n"),
            batch_size=given.batch_size, dtype=given.dtype,
        )  # fmt: skip
        runtime = RuntimeConfig(threads=min(os.cpu_count() or 1, 256), device=given.device, dtype="float32")
    except ValidationError as error:
        faults = "; ".join(f"--{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise InputError(faults) from error
    return Unjudged.load(config, runtime, given.max_new_tokens)


def rows(
    captioner: Captioner,
    pictures: list[tuple[Path, Prepared]],
    prompts: list[str],
    way: Decoding | None,
    given: argparse.Namespace,
) -> Iterator[dict]:
    """The fields of every caption of these pictures, greedy ones where there is no other way of decoding."""
    if way:
        yield from decoding.records(captioner, pictures, prompts, way, given)
        return
    results = captioner.caption([picture for _, picture in pictures], prompts, given.top_k)
    for (path, _), several in zip(pictures, results, strict=True):
        for made in several:
            yield record(path, made)


def run_shards(given: argparse.Namespace, places: Places, settings: Settings, prompts: list[str]) -> int:
    """Caption what is named into the files of a folder, by the engine that was chosen."""
    from tqdm import tqdm

    from captioner.commands import shards

    work = shards.Work(
        replace(places, **{name: path.absolute() for name, path in vars(places).items()}), settings, tuple(prompts),
        given.top_k, given.batch_size, given.workers, given.background,
    )  # fmt: skip
    pictures = [(str(path.absolute()), problem) for path, problem in listed(given.paths or ["-"], sys.stdin)]
    whole = shards.Shards(given.out, pictures, given.shard, work)
    rows = whole.missing()
    left = sum(len(row["pictures"]) for row in rows)
    if given.engine == "ray":
        made = shards.by_ray(rows, work, given.address, given.models, given.gpus) if rows else iter(())
    else:
        made = shards.by_local(rows, work) if rows else iter(())
    skipped = 0
    with tqdm(
        desc="caption", total=len(pictures), initial=len(pictures) - left, unit=" pictures", file=sys.stderr
    ) as progress:
        for each in made:
            whole.write(each)
            skipped += each["skipped"]
            progress.update(each["done"])
    if skipped:
        print(f"{skipped} pictures could not be read; their lines hold `error`", file=sys.stderr)
    return SKIPPED if skipped else 0
