"""What counts as a word of a caption, and which captions no blanks part."""

from __future__ import annotations

import sys
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.config.score import ScoreConfig
from captioner.foundation.errors import InputError
from captioner.scores.metrics import Cider, tokenise
from captioner.scores.words import BLANKLESS, WORDS, problem_of_words, runs_together, splitter

UNPARTED = [
    "一只红色的狗在公园里跑。",
    "赤い犬が公園を走っています",
    "สุนัขสีแดงวิ่งอยู่ในสวน",
    "ឆ្កែក្រហមរត់នៅក្នុងសួន",
    "𠮷野家𠮷野家𠮷野家",
]
PARTED = [
    "一只 红色 的 狗 在 公园 里 跑 。",
    "สุนัข สีแดง วิ่ง อยู่ ใน สวน",
    "A dog named 一只红色的狗 runs in the park",
    "",
    "狗",
]
ENGLISH = st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cs", "Cc"]))


def test_the_setting_and_the_commands_know_the_same_words():
    assert get_args(get_type_hints(ScoreConfig)["words"]) == tuple(WORDS)


@given(ENGLISH)
def test_without_such_a_script_all_are_coco_captions_words(text):
    assert all(splitter(name)(text) == tokenise(text) for name in WORDS)


@pytest.mark.slow
@given(st.lists(st.from_regex(f"[{BLANKLESS}]", fullmatch=True)))
def test_blanks_put_by_hand_change_nothing_for_characters(signs):
    assert splitter("characters")("".join(signs)) == tokenise(" ".join(signs))


@pytest.mark.parametrize("text", UNPARTED)
def test_a_sentence_without_blanks_is_many_words(text):
    assert runs_together(text)
    assert len(splitter("characters")(text)) > len(tokenise(text))


@pytest.mark.parametrize("text", PARTED)
def test_what_blanks_part_is_scored_as_it_stands(text):
    assert not runs_together(text) and problem_of_words("treebank", [text]) is None


def test_the_problem_names_count_example_and_cure():
    told = problem_of_words("treebank", [*UNPARTED, *PARTED])
    assert "5 of 10 captions" in told and UNPARTED[0][:40] in told and "set characters, or jieba" in told
    assert problem_of_words("characters", UNPARTED) is problem_of_words("jieba", UNPARTED) is None
    assert problem_of_words("treebank", ["A dog."] * 9 + UNPARTED[:1]) is None  # a tenth is tolerated
    assert problem_of_words("treebank", []) is None


def test_cider_of_chinese_is_above_zero_by_characters_alone():
    references = [
        ["一只狗在公园里跑", "公园里有一只狗"],
        ["两只猫在沙发上睡觉", "猫在沙发上睡觉"],
        ["一辆红色的车", "街上有车"],
    ]
    said = ["一只狗在公园跑", "两只猫在睡觉", "街上有一辆车"]
    found = {
        name: Cider([list(map(WORDS[name], several)) for several in references]).scores(list(map(WORDS[name], said)))
        for name in ("treebank", "characters")
    }
    assert (found["treebank"] == 0).all() and (found["characters"] > 0.3).all()


def test_a_missing_jieba_is_one_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(InputError, match="words: jieba: the package is not installed; pip install jieba"):
        splitter("jieba")
