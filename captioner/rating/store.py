"""A rating study in one SQLite file: pictures, questions, raters with their tokens, and every answer that was given."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from captioner.rating.database import Database
from captioner.rating.items import PAIR, Item, Sizes, plan
from captioner.rating.table import ANSWERS, Rating

SLOWEST = 86_400_000  # milliseconds; a longer answer is written as this
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


class RatingStore(Database):
    """What raters are asked and what they answer. Every change is on the disk before the method returns."""

    @property
    def origin(self) -> str:
        """Who answers."""
        return self.about["origin"]

    def add_raters(self, count: int) -> list[Rater]:
        """So many more raters, each with a token of 128 random bits and tasks that depend on the seed alone."""
        about = self.about
        sizes = Sizes(**about["sizes"])
        with self.changing() as database:
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
        rows = self.database.execute("SELECT kind, role, image, captions, systems FROM item ORDER BY id")
        return [
            Item(kind, role, image, tuple(json.loads(captions)), tuple(json.loads(systems)))
            for kind, role, image, captions, systems in rows
        ]

    def raters(self) -> list[Rater]:
        """Every rater, in the order in which they were added."""
        query = """
        SELECT name, token, (SELECT COUNT(*) FROM answer WHERE rater = rater.id AND undone IS NULL),
               (SELECT COUNT(*) FROM task WHERE rater = rater.id) FROM rater ORDER BY id"""
        return [Rater(*row) for row in self.database.execute(query)]

    def rater(self, token: str) -> int | None:
        """The number of the rater with this token, if there is one."""
        found = self.database.execute("SELECT id FROM rater WHERE token = ?", (token,)).fetchone()
        return found and found[0]

    def _place(self, rater: int) -> tuple[int, int]:
        """How many tasks are answered, and how many there are: a rater answers in order, so the next is `done`."""
        query = "SELECT COUNT(*) FROM answer WHERE rater = ? AND undone IS NULL"
        (done,) = self.database.execute(query, (rater,)).fetchone()
        (total,) = self.database.execute("SELECT COUNT(*) FROM task WHERE rater = ?", (rater,)).fetchone()
        return done, total

    def state(self, rater: int) -> dict:
        """Where a rater is: `done`, `total` and the next `task`, None at the end. Nothing in it tells a system, or a
        check from a rating.
        """
        done, total = self._place(rater)
        row = self.database.execute(f"{TASK} AND task.position = ?", (rater, done)).fetchone()
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
        return self.database.execute(query, (rater, position)).fetchone()

    def answer(self, rater: int, position: int, value: str, milliseconds: int) -> None:
        """Keep an answer to the rater's next task. The same answer again is taken as the repetition of a request whose
        reply was lost. Conflict for any other task, for another answer, and for one that its kind does not have.
        """
        with self.changing() as database:
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
        with self.changing() as database:
            if self._place(rater)[0] != done or done == 0:
                raise Conflict("there is no such answer to take back")
            query = "UPDATE answer SET undone = ? WHERE rater = ? AND position = ? AND undone IS NULL"
            database.execute(query, (now(), rater, done - 1))

    def ratings(self) -> list[Rating]:
        """Every answer that counts, by rater and in order."""
        return collected(self)


def collected(store: RatingStore) -> list[Rating]:
    """Every answer that counts, by rater and in order; how often it was changed before."""
    about = store.about
    names: Mapping[int, str] = dict(store.database.execute("SELECT id, name FROM rater"))
    query = """
    SELECT rater, position, MAX(CASE WHEN undone IS NULL THEN value END),
           MAX(CASE WHEN undone IS NULL THEN milliseconds END), MAX(CASE WHEN undone IS NULL THEN given END),
           SUM(undone IS NOT NULL) FROM answer GROUP BY rater, position"""
    answers = {(row[0], row[1]): row[2:] for row in store.database.execute(query) if row[2] is not None}
    found = []
    for rater, name in sorted(names.items()):
        for row in store.database.execute(f"{TASK} ORDER BY task.position", (rater,)):
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
