"""The file of a rating study: answers in order, undone, repeated, by many at once; nothing that tells a system."""

from __future__ import annotations

import json
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from made_ratings import study

from captioner.foundation.errors import InputError
from captioner.rating.items import Sizes
from captioner.rating.store import SLOWEST, Conflict, RatingStore
from captioner.rating.table import ANSWERS, read_ratings, write_ratings

SIZES = Sizes(pairs=8, scales=4, overlap=3)


@pytest.fixture
def store(tmp_path):
    made = study(tmp_path / "made.rating", 3, SIZES)
    yield made
    made.close()


def first_answer(state: dict, number: int = 0) -> str:
    return ANSWERS[state["task"]["kind"]][number % 3]


def answer_all(store: RatingStore, rater: int) -> None:
    while (state := store.state(rater))["task"]:
        store.answer(rater, state["task"]["position"], first_answer(state, state["done"]), 1000 + state["done"])


def test_answers_come_back_with_what_was_shown_where(store):
    shown = []
    while (state := store.state(2))["task"]:
        shown.append(state["task"])
        store.answer(2, state["task"]["position"], first_answer(state, state["done"]), 1000 + state["done"])
    ratings = store.ratings()
    assert [rating.position for rating in ratings] == list(range(store.raters()[1].total)) and len(ratings) == len(
        shown
    )
    for rating, task in zip(ratings, shown, strict=True):
        captions = [rating.left_caption, rating.right_caption] if rating.kind == "pair" else [rating.left_caption]
        assert (rating.kind, captions) == (task["kind"], task["captions"])
        assert rating.milliseconds == 1000 + rating.position and rating.origin == "simulated"
        for name, text in ((rating.left, rating.left_caption), (rating.right, rating.right_caption)):
            if rating.role != "check" and name:
                assert {text.split(" by ")[1][0]} <= set(name.split("+"))
    assert {rating.role for rating in ratings} == {"rating", "check"}


def test_nothing_that_a_rater_sees_tells_a_system_or_a_check(store):
    while (state := store.state(1))["task"]:
        assert set(state) == {"done", "total", "task"} and set(state["task"]) == {"position", "kind", "captions"}
        store.answer(1, state["task"]["position"], first_answer(state), 1)


def test_an_answer_counts_once_and_only_for_the_next_task(store):
    state = store.state(1)
    value = first_answer(state)
    store.answer(1, 0, value, 5)
    store.answer(1, 0, value, 9)  # the same request again: its reply was lost
    with pytest.raises(Conflict):
        store.answer(1, 0, next(each for each in ANSWERS[state["task"]["kind"]] if each != value), 5)
    for position in (-1, 2, 10**6):
        with pytest.raises(Conflict):
            store.answer(1, position, value, 5)
    with pytest.raises(Conflict, match="one of"):
        store.answer(1, 1, "best", 5)
    assert [(rating.position, rating.milliseconds) for rating in store.ratings()] == [(0, 5)]
    assert store.state(1)["done"] == 1 and store.state(2)["done"] == 0


def test_an_answer_that_is_taken_back_stays_in_the_file_and_is_counted(store):
    for _ in range(2):
        state = store.state(1)
        store.answer(1, state["done"], first_answer(state), 5)
    store.undo(1, 2)
    with pytest.raises(Conflict):
        store.undo(1, 2)  # the same request again takes back no second answer
    assert store.state(1)["done"] == 1
    state = store.state(1)
    store.answer(1, 1, first_answer(state, 1), SLOWEST + 5)
    first, second = store.ratings()
    assert (first.changes, second.changes, second.milliseconds) == (0, 1, SLOWEST)
    with sqlite3.connect(store.path) as database:
        assert database.execute("SELECT COUNT(*), COUNT(undone) FROM answer").fetchone() == (3, 1)
    store.undo(1, 2)
    assert len(store.ratings()) == 1
    with pytest.raises(Conflict):
        store.undo(2, 0)


def test_many_at_once_lose_nothing(tmp_path):
    """Each rater from two threads at a time, as from two windows: every task has exactly one answer."""
    store = study(tmp_path / "made.rating", 8, SIZES)

    def one(number: int) -> None:
        rater = number % 8 + 1
        while (state := store.state(rater))["task"]:
            try:
                store.answer(rater, state["task"]["position"], first_answer(state), 1)
            except Conflict:
                continue  # the other window was first
        store.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(16)))
    raters = store.raters()
    assert all(rater.done == rater.total > 0 for rater in raters)
    assert len(store.ratings()) == sum(rater.total for rater in raters)


def test_a_study_is_private_and_durable(store):
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert store.database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    tokens = [rater.token for rater in store.raters()]
    assert len(set(tokens)) == 3 and all(len(token) >= 22 for token in tokens)
    assert store.rater(tokens[1]) == 2 and store.rater(tokens[1][:-1]) is None and store.rater("") is None


def test_more_raters_leave_the_others_as_they_are(store, tmp_path):
    answer_all(store, 1)
    before, ratings = store.raters(), store.ratings()
    added = store.add_raters(2)
    assert [rater.name for rater in added] == ["rater 4", "rater 5"]
    assert store.raters()[:3] == before and store.ratings() == ratings
    other = study(tmp_path / "other.rating", 5, SIZES)
    tasks = "SELECT rater, position, item, swapped, role FROM task ORDER BY rater, position"
    both = [each.database.execute(tasks).fetchall() for each in (store, other)]
    assert both[0] == both[1]  # five at once or three and two: the same tasks


def test_the_table_comes_back_as_it_was(store, tmp_path):
    answer_all(store, 1)
    answer_all(store, 3)
    path = tmp_path / "ratings.csv"
    write_ratings(path, store.ratings())
    assert read_ratings(path) == store.ratings()
    assert store.raters()[0].token not in path.read_text(encoding="utf-8")


def edited(path, column: str, value: str) -> None:
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    cells = rows[0].split(",")
    cells[header.split(",").index(column)] = value
    path.write_text("\n".join([header, ",".join(cells), *rows[1:]]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("origin", "robots", "people or practice or simulated"), ("kind", "triple", "pair or scale"),
        ("role", "x", "rating or check"), ("answer", "6", "should be"), ("position", "one", "whole numbers"),
        ("milliseconds", "", "whole numbers"), ("right", "", "names a rater"), ("rater", "", "names a rater"),
        ("image", "a,b", "cells"),
    ],
)  # fmt: skip
def test_a_damaged_table_is_one_error_with_its_line(store, tmp_path, column, value, told):
    answer_all(store, 1)
    path = tmp_path / "ratings.csv"
    write_ratings(path, store.ratings())
    edited(path, column, value)
    with pytest.raises(InputError, match=told) as error:
        read_ratings(path)
    assert f"{path}: line 2" in str(error.value)


def test_other_files_are_no_table_and_no_study(tmp_path):
    table = tmp_path / "x.csv"
    for content in ("", "a,b\n1,2\n"):
        table.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match="its first line"):
            read_ratings(table)
    with pytest.raises(InputError, match="no table of ratings"):
        read_ratings(tmp_path / "none.csv")
    with pytest.raises(InputError, match="no such rating study"):
        RatingStore(tmp_path / "none.rating")
    with pytest.raises(InputError, match="no rating study"):
        RatingStore(table)
    with sqlite3.connect(tmp_path / "other.rating") as database:
        database.execute("CREATE TABLE study (key TEXT, value TEXT)")
        database.execute("INSERT INTO study VALUES ('format', ?)", (json.dumps("other"),))
    with pytest.raises(InputError, match="not of the format"):
        RatingStore(tmp_path / "other.rating")


def test_two_exports_of_one_study_in_a_table_are_told(store, tmp_path):
    answer_all(store, 1)
    write_ratings(tmp_path / "r.csv", [*store.ratings(), store.ratings()[0]])
    with pytest.raises(InputError, match="two answers to task 0"):
        read_ratings(tmp_path / "r.csv")


def test_a_study_is_not_written_over(store):
    with pytest.raises(InputError, match="is there already"):
        study(store.path, 1, SIZES)
    assert len(store.raters()) == 3
