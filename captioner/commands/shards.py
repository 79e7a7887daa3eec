"""Captions of very many pictures, a shard after another or on many machines side by side, by Ray Data.

The pictures are cut into shards of equal size in the order given; what is made of a shard is a file of its own in the
output folder, whole or not at all, and the same whichever engine made it. A run that was interrupted makes those that
are missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.foundation.atomic import replacing
from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from captioner.application.captioner import Captioner, Prepared
    from captioner.application.project import Places, Settings

RUN = "run.json"  # of an output folder: what its shards are made of
Row = dict[str, object]


@dataclass(frozen=True)
class Work:
    """What is done with every shard."""

    places: Places
    settings: Settings
    prompts: tuple[str, ...]
    top_k: int
    batch_size: int  # pictures a pass
    workers: int  # processes that read pictures beside each model
    background: str  # colour that shows where a picture is transparent


class Shards:
    """The pictures of a run in shards, and the folder that takes what is made of them."""

    def __init__(self, folder: Path, pictures: Sequence[tuple[str, str | None]], size: int, work: Work) -> None:
        """`pictures`: paths, each with a message where there is none to read. InputError where the folder holds the
        shards of another run.
        """
        self.folder, self.pictures, self.size = folder, list(pictures), size
        told = {"pictures": self.pictures, "size": size, "prompts": work.prompts, "top_k": work.top_k}
        told["background"] = work.background
        models = {name: str(path) for name, path in asdict(work.places).items()}
        text = json.dumps({**told, "models": models, "settings": asdict(work.settings)}, sort_keys=True)
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        path = folder / RUN
        if path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("sha256") != digest:
            raise InputError(f"{folder}: holds captions of other pictures, prompts or models; choose another --out")
        with replacing(path) as partial_path:
            content = {"pictures": len(self.pictures), "shard": size, "prompts": work.prompts, "sha256": digest}
            partial_path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def __len__(self) -> int:
        return -(-len(self.pictures) // self.size)

    def path(self, number: int) -> Path:
        """The file of a shard."""
        return self.folder / f"part-{number:06d}.jsonl"

    def missing(self) -> list[Row]:
        """The shards that are still to be made, each a row for the engine."""
        return [
            {"shard": number, "pictures": self.pictures[number * self.size : (number + 1) * self.size]}
            for number in range(len(self))
            if not self.path(number).is_file()
        ]

    def write(self, made: Row) -> None:
        """Keep what an engine has made of a shard."""
        with replacing(self.path(int(made["shard"]))) as path:
            path.write_bytes(made["lines"])


class Describe:
    """Captions of a shard's pictures: the one class that both engines run. Loads its models once."""

    def __init__(self, work: Work) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from captioner.application.captioner import Captioner

        self.work = work
        self.captioner = Captioner.load(work.places, work.settings)

    def __call__(self, row: Row) -> Row:
        """The lines of a shard: a JSON object for each picture and prompt, with `error` for a picture that cannot be
        read; how many pictures were `done`, and how many of them `skipped`.
        """
        from torch.utils.data import DataLoader

        from captioner.commands.caption import record

        pictures = [(path, problem) for path, problem in row["pictures"]]
        lines: list[dict] = []
        skipped = 0
        loader = DataLoader(pictures, self.work.batch_size, num_workers=self.work.workers, collate_fn=self._read)
        for batch in loader:
            good = [(path, picture) for path, picture, problem in batch if not problem]
            told = self.captioner.caption([picture for _, picture in good], self.work.prompts, self.work.top_k)
            found = iter(told)
            for path, _, problem in batch:
                skipped += bool(problem)
                lines += (
                    [{"image": str(path), "error": problem}] if problem else [record(path, one) for one in next(found)]
                )
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        content = text.encode("utf-8", "surrogateescape")
        return {"shard": row["shard"], "lines": content, "done": len(pictures), "skipped": skipped}

    @property
    def _read(self):
        return partial(read_all, self.captioner, self.work.background)


def read_all(
    captioner: Captioner, background: str, pictures: Sequence[tuple[str, str | None]]
) -> list[tuple[Path, Prepared | None, str | None]]:
    """Each picture as the models take it, or why it cannot be read."""
    from captioner.commands.caption import read

    return [read(captioner, Path(path), problem, background) for path, problem in pictures]


def by_local(rows: Sequence[Row], work: Work) -> Iterator[Row]:
    """What is made of the shards, here, one after another."""
    describe = Describe(work)
    for row in rows:
        yield describe(row)


def by_ray(rows: Sequence[Row], work: Work, address: str | None, models: int, gpus: float) -> Iterator[Row]:
    """What is made of the shards by `models` processes of a Ray cluster, each with so many GPUs, as they are done.

    `address` is that of a running cluster, "auto" for this machine's; None starts one here for the time of the run. The
    pictures and the models have to lie at the same paths on every machine.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InputError("--engine ray: Ray is not installed; pip install 'captioner[scale]'") from error

    started = not ray.is_initialized()
    if started:
        local = {} if address else {"num_cpus": models + 1, "include_dashboard": False}  # one for what feeds them
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error", **local)
        except ConnectionError as error:
            raise InputError(f"--address {address}: no Ray cluster there ({error})") from error
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        data = ray.data.from_items(list(rows), override_num_blocks=len(rows)).map(
            Describe,
            fn_constructor_args=(work,),
            num_cpus=1,
            num_gpus=gpus,
            compute=ray.data.ActorPoolStrategy(size=models),
        )
        yield from data.iter_rows()
    finally:
        if started:
            ray.shutdown()
