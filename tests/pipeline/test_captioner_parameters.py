"""What `check` tells of the captioners that params.yaml names."""

from __future__ import annotations

import pytest

from stages.check import problems_of_captioners

GOOD = {"name": "x/git", "revision": "main", "template": "{prompt}", "batch_size": 8, "dtype": "float32"}


def test_none_and_good_ones_pass():
    assert problems_of_captioners({}) == []
    assert problems_of_captioners({"git": GOOD, "llava_2": {**GOOD, "template": "USER: <image>\n{prompt}"}}) == []


@pytest.mark.parametrize("entries", [None, [], "git"])
def test_what_holds_no_models_is_told(entries):
    assert problems_of_captioners(entries) == ["captioners: should hold models by short name, {} for none"]


WRONG = {
    "a blank": ({"a b": GOOD}, "captioners.a b: a short name"),
    "a hyphen, which marks controls": ({"git-blind": GOOD}, "captioners.git-blind: a short name"),
    "a number": ({1: GOOD}, "captioners.1: a short name"),
    "an arm of the study": ({"linear": GOOD}, "captioners.linear: the study has an arm"),
    "a control of the study": ({"shuffled": GOOD}, "captioners.shuffled: the study has an arm"),
    "no section": ({"git": "x/git"}, "captioners.git should hold keys and values"),
    "no prompt": ({"git": {**GOOD, "template": "A photo of"}}, "captioners.git.template: Value error, should hold {"),
    "an unknown key": ({"git": {**GOOD, "beams": 3}}, "captioners.git.beams"),
    "no revision": ({"git": {k: v for k, v in GOOD.items() if k != "revision"}}, "captioners.git.revision"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_entry_is_one_line(name):
    entries, told = WRONG[name]
    (problem,) = problems_of_captioners(entries)
    assert told in problem and "\n" not in problem


def test_all_that_is_wrong_is_told():
    found = problems_of_captioners({"git": {**GOOD, "batch_size": 0, "dtype": "int8"}, "human": GOOD})
    assert len(found) == 3
