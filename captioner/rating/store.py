"""A rating study in one SQLite file: pictures, questions, raters with their tokens, and every answer that was given."""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from captioner.foundation.errors import InputError
from captioner.rating.items import PAIR, Item, Sizes, plan
from captioner.rating.table import ANSWERS, ORIGINS, Rating

FORMAT = "captioner-rating-1"
PATIENCE = 30.0  # seconds that a request waits for another one's transaction
SLOWEST = 86_400_000  # milliseconds; a longer answer is written as this
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
TASK = """
SELECT task.position, task.swapped, task.role, item.id, item.kind, item.image, item.captions, item.systems
FROM task JOIN item ON item.id = task.item WHERE task.rater = ?"""


class Conflict(Exception):
    """An answer that the rater's place in the study does not allow; nothing was changed."""


@dataclass(frozen=True)
class Rater:
    """One rater's link and progress."""

    name: str
    token: str
    done: int
    total: int


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class RatingStore:
    """The file behind the rating page. Every change is one transaction, on the disk before the method returns.

    Safe in threads, and for several processes on one machine (SQLite's WAL does not work on network disks).
    """

    def __init__(self, path: Path) -> None:
        """InputError where the file is missing or no rating study."""
        self.path = path
        self._local = threading.local()
        if not path.is_file():
            raise InputError(f"{path}: no such rating study; make one with `captioner rate new {path}`")
        try:
            known = self._about
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
    ) -> RatingStore:
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
    def _database(self) -> sqlite3.Connection:
        """This thread's connection."""
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")  # in WAL mode: a commit has reached the disk
            self._local.connection = connection
        return self._local.connection

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that no other writer can come between; all of it or nothing."""
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")

    @property
    def _about(self) -> dict:
        return {key: json.loads(value) for key, value in self._database.execute("SELECT key, value FROM study")}

    @property
    def origin(self) -> str:
        """Who answers."""
        return self._about["origin"]

    def add_raters(self, count: int) -> list[Rater]:
        """So many more raters, each with a token of 128 random bits and tasks that depend on the seed alone."""
        about = self._about
        sizes = Sizes(**about["sizes"])
        with self._changing() as database:
            items = self._items()
            times = [0] * len(items)
            for item, several in database.execute(
                "SELECT item, COUNT(*) FROM task WHERE role = 'rating' GROUP BY item"
            ):
                times[item] = several
            (known,) = database.execute("SELECT COUNT(*) FROM rater").fetchone()
            for number in range(known + 1, known + count + 1):
                rng = random.Random(f"{about['seed']}/rater/{number}")
                tasks = plan(items, times, sizes, rng)
                token = secrets.token_urlsafe(16)
                database.execute("INSERT INTO rater VALUES (?, ?, ?)", (number, f"rater {number}", token))
                for position, task in enumerate(tasks):
                    times[task.item] += task.role == "rating"
                    row = (number, position, task.item, task.swapped, task.role)
                    database.execute("INSERT INTO task VALUES (?, ?, ?, ?, ?)", row)
        return self.raters()[-count:]

    def _items(self) -> list[Item]:
        rows = self._database.execute("SELECT kind, role, image, captions, systems FROM item ORDER BY id")
        return [
            Item(kind, role, image, tuple(json.loads(captions)), tuple(json.loads(systems)))
            for kind, role, image, captions, systems in rows
        ]

    def raters(self) -> list[Rater]:
        """Every rater, in the order in which they were added."""
        query = """
        SELECT name, token, (SELECT COUNT(*) FROM answer WHERE rater = rater.id AND undone IS NULL),
               (SELECT COUNT(*) FROM task WHERE rater = rater.id) FROM rater ORDER BY id"""
        return [Rater(*row) for row in self._database.execute(query)]

    def rater(self, token: str) -> int | None:
        """The number of the rater with this token, if there is one."""
        found = self._database.execute("SELECT id FROM rater WHERE token = ?", (token,)).fetchone()
        return found and found[0]

    def _place(self, rater: int) -> tuple[int, int]:
        """How many tasks are answered, and how many there are: a rater answers in order, so the next is `done`."""
        query = "SELECT COUNT(*) FROM answer WHERE rater = ? AND undone IS NULL"
        (done,) = self._database.execute(query, (rater,)).fetchone()
        (total,) = self._database.execute("SELECT COUNT(*) FROM task WHERE rater = ?", (rater,)).fetchone()
        return done, total

    def state(self, rater: int) -> dict:
        """Where a rater is: `done`, `total` and the next `task`, None at the end. Nothing in it tells a system, or a
        check from a rating.
        """
        done, total = self._place(rater)
        row = self._database.execute(f"{TASK} AND task.position = ?", (rater, done)).fetchone()
        if row is None:
            return {"done": done, "total": total, "task": None}
        position, swapped, _, _, kind, _, captions, _ = row
        shown = json.loads(captions)[:: -1 if swapped else 1]
        return {"done": done, "total": total, "task": {"position": position, "kind": kind, "captions": shown}}

    def picture(self, rater: int, position: int) -> tuple[str, bytes] | None:
        """MIME type and bytes of the picture of one of the rater's own tasks."""
        query = """
        SELECT picture.kind, picture.content FROM task JOIN item ON item.id = task.item
        JOIN picture ON picture.image = item.image WHERE task.rater = ? AND task.position = ?"""
        return self._database.execute(query, (rater, position)).fetchone()

    def answer(self, rater: int, position: int, value: str, milliseconds: int) -> None:
        """Keep an answer to the rater's next task. The same answer again is taken as the repetition of a request whose
        reply was lost. Conflict for any other task, for another answer, and for one that its kind does not have.
        """
        with self._changing() as database:
            done, total = self._place(rater)
            if position != done or done >= total:
                query = "SELECT value FROM answer WHERE rater = ? AND position = ? AND undone IS NULL"
                if database.execute(query, (rater, position)).fetchone() == (value,):
                    return
                raise Conflict("this is not the next question; go on with the one that is shown")
            kind = database.execute(f"{TASK} AND task.position = ?", (rater, position)).fetchone()[4]
            if value not in ANSWERS[kind]:
                raise Conflict(f"the answer is one of {', '.join(ANSWERS[kind])}")
            row = (rater, position, value, min(max(milliseconds, 0), SLOWEST), now())
            database.execute(
                "INSERT INTO answer (rater, position, value, milliseconds, given) VALUES (?, ?, ?, ?, ?)", row
            )

    def undo(self, rater: int, done: int) -> None:
        """Take the rater's last answer back; it stays in the file, marked. `done` is the number of answers that the
        rater knows of: Conflict where there are others, so that a repeated request takes back one.
        """
        with self._changing() as database:
            if self._place(rater)[0] != done or done == 0:
                raise Conflict("there is no such answer to take back")
            query = "UPDATE answer SET undone = ? WHERE rater = ? AND position = ? AND undone IS NULL"
            database.execute(query, (now(), rater, done - 1))

    def ratings(self) -> list[Rating]:
        """Every answer that counts, by rater and in order; how often it was changed before."""
        about = self._about
        names: Mapping[int, str] = dict(self._database.execute("SELECT id, name FROM rater"))
        query = """
        SELECT rater, position, MAX(CASE WHEN undone IS NULL THEN value END),
               MAX(CASE WHEN undone IS NULL THEN milliseconds END), MAX(CASE WHEN undone IS NULL THEN given END),
               SUM(undone IS NOT NULL) FROM answer GROUP BY rater, position"""
        answers = {(row[0], row[1]): row[2:] for row in self._database.execute(query) if row[2] is not None}
        found = []
        for rater, name in sorted(names.items()):
            for row in self._database.execute(f"{TASK} ORDER BY task.position", (rater,)):
                position, swapped, role, _, kind, image, captions, systems = row
                if (rater, position) not in answers:
                    continue
                value, milliseconds, given, changes = answers[rater, position]
                order = -1 if swapped else 1
                texts, names_of = (json.loads(each)[::order] for each in (captions, systems))
                two = kind == PAIR
                found.append(
                    Rating(
                        study=about["study"], origin=about["origin"], rater=name, position=position, kind=kind,
                        role=role, image=image, left=names_of[0], right=names_of[1] if two else "",
                        left_caption=texts[0], right_caption=texts[1] if two else "", answer=value,
                        milliseconds=milliseconds, given=given, changes=changes,
                    )
                )  # fmt: skip
        return found

    def close(self) -> None:
        """End this thread's connection."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection
