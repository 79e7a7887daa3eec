"""Groups of prompts."""

from captioner.comparison.groups import group, told


def test_groups():
    assert group("x", " A photo of ", {"A photo of"}, ["x"]) == "seen"
    assert group("x", "Stocks", {"A photo of"}, ["x"]) == "unrelated"
    assert group("y", "Stocks", {"A photo of"}, ["x"]) == "unseen"


def test_prompts_are_told_with_text_and_group_and_spaces_are_of_no_account():
    found = told({"x": "A photo of", "y": "Stocks"}, [" A photo of "], ["x", "y"])
    assert found == {"x": {"text": "A photo of", "group": "seen"}, "y": {"text": "Stocks", "group": "unrelated"}}
