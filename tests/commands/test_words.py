"""`captioner evaluate --words`: what counts as a word in scripts without blanks."""

from __future__ import annotations

import json
import sys

import pytest
from test_evaluate import annotations, results, scores, written

from captioner.cli import main
from captioner.commands.evaluate import read_idf
from captioner.scores.metrics import tokenise
from captioner.scores.words import splitter

CHINESE = {1: ["一只狗在公园里跑", "公园里有狗"], 2: ["两只猫在沙发上睡觉", "猫在睡觉"], 3: ["一个人骑 red 自行车"]}
SAID = {1: "一只狗在公园里", 2: "两只猫在睡觉", 3: "一个人骑 red 车"}


@pytest.fixture
def files(tmp_path):
    """Writes references and candidates in COCO's formats."""
    return lambda references, candidates: [
        written(tmp_path / "references.json", references), written(tmp_path / "candidates.json", candidates)
    ]  # fmt: skip


def by_sign(text: str) -> str:
    """All signs apart, but for the one word of letters."""
    return " ".join(text.replace(" red ", "~")).replace("~", "red")


def test_signs_count_as_words_where_that_is_asked(files, capsys):
    """The same as with blanks put between all signs by hand, and as the warning offers."""
    paths = files(annotations(CHINESE), results(SAID))
    main(["evaluate", *paths, "--no-java"])
    assert "--words characters, or --words jieba" in capsys.readouterr().err
    main(["evaluate", *paths, "--no-java", "--words", "characters", "--json"])
    printed = capsys.readouterr()
    several = {image: [by_sign(text) for text in texts] for image, texts in CHINESE.items()}
    parted = {image: by_sign(text) for image, text in SAID.items()}
    assert printed.err == ""
    assert json.loads(printed.out) == scores(capsys, *files(annotations(several), results(parted)))


@pytest.mark.slow
def test_jieba_parts_chinese_into_words(files, capsys, tmp_path):
    import jieba

    words = splitter("jieba")
    assert words("一个人骑 red 自行车") == (*jieba.lcut("一个人骑"), "red", *jieba.lcut("自行车"))
    assert words("A dog runs.") == tokenise("A dog runs.")
    paths = files(annotations(CHINESE), results(SAID))
    assert scores(capsys, *paths, "--words", "jieba") != scores(capsys, *paths, "--words", "characters")
    main(["idf", "--words", "jieba", paths[0], str(tmp_path / "idf.json")])
    assert ("公园",) in read_idf(tmp_path / "idf.json").frequency


def test_a_missing_jieba_is_told(files, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *files(annotations(CHINESE), results(SAID)), "--words", "jieba"])
    assert ended.value.code == 2 and "pip install jieba" in capsys.readouterr().err
