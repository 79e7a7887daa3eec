"""The file of a rating study: its tables, a connection for each thread, and transactions that are on the disk."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Self

from captioner.foundation.errors import InputError
from captioner.rating.items import Item, Sizes
from captioner.rating.table import ORIGINS

FORMAT = "captioner-rating-1"
PATIENCE = 30.0  # seconds that a request waits for another one's transaction
SCHEMA = """
CREATE TABLE study (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE picture (image TEXT PRIMARY KEY, kind TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE item (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, role TEXT NOT NULL,
  image TEXT NOT NULL REFERENCES picture, captions TEXT NOT NULL, systems TEXT NOT NULL
);
CREATE TABLE rater (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE);
CREATE TABLE task (
  rater INTEGER NOT NULL REFERENCES rater, position INTEGER NOT NULL, item INTEGER NOT NULL REFERENCES item,
  swapped INTEGER NOT NULL, role TEXT NOT NULL, PRIMARY KEY (rater, position)
) WITHOUT ROWID;
CREATE TABLE answer (
  id INTEGER PRIMARY KEY, rater INTEGER NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL,
  milliseconds INTEGER NOT NULL, given TEXT NOT NULL, undone TEXT,
  FOREIGN KEY (rater, position) REFERENCES task
);
CREATE UNIQUE INDEX counted ON answer (rater, position) WHERE undone IS NULL;
"""


class Database:
    """A rating study's file, safe in threads and for several processes on one machine (SQLite's WAL does not work on
    network disks).
    """

    def __init__(self, path: Path) -> None:
        """InputError where the file is missing or no rating study."""
        self.path = path
        self._local = threading.local()
        if not path.is_file():
            raise InputError(f"{path}: no such rating study; make one with `captioner rate new {path}`")
        try:
            known = self.about
        except (sqlite3.DatabaseError, ValueError) as error:
            raise InputError(f"{path}: no rating study ({error}); make one with `captioner rate new`") from error
        if known.get("format") != FORMAT:
            raise InputError(f"{path}: not of the format {FORMAT}; make a new study with `captioner rate new`")

    @classmethod
    def create(
        cls,
        path: Path,
        items: Sequence[Item],
        pictures: Iterable[tuple[str, str, bytes]],
        sizes: Sizes,
        seed: int,
        origin: str,
    ) -> Self:
        """A new study without raters; `pictures` are name, MIME type and bytes. InputError where the file exists.

        `origin` says who will answer (see `table.ORIGINS`) and stands in every row that is exported.
        """
        if origin not in ORIGINS:
            raise InputError(f"{origin!r}: answers come from one of {', '.join(ORIGINS)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.touch(0o600, exist_ok=False)  # the tokens are for its owner alone
        except FileExistsError as error:
            raise InputError(f"{path}: is there already, with its answers; choose another name") from error
        try:
            connection = sqlite3.connect(path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
            about = {"format": FORMAT, "study": path.stem, "seed": seed, "origin": origin, "sizes": asdict(sizes)}
            rows = [(key, json.dumps(value)) for key, value in about.items()]
            with connection:
                connection.executemany("INSERT INTO study VALUES (?, ?)", rows)
                connection.executemany("INSERT INTO picture VALUES (?, ?, ?)", pictures)
                connection.executemany(
                    "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (place, item.kind, item.role, item.image, json.dumps(item.captions), json.dumps(item.systems))
                        for place, item in enumerate(items)
                    ],
                )
            connection.close()
        except BaseException:
            path.unlink()
            raise
        return cls(path)

    @property
    def database(self) -> sqlite3.Connection:
        """This thread's connection."""
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")  # in WAL mode: a commit has reached the disk
            self._local.connection = connection
        return self._local.connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that no other writer can come between; all of it or nothing."""
        database = self.database
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")

    @property
    def about(self) -> dict:
        """What was settled when the study was made."""
        return {key: json.loads(value) for key, value in self.database.execute("SELECT key, value FROM study")}

    def close(self) -> None:
        """End this thread's connection."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection
