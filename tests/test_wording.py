"""Opposite results give opposite sentences."""

from captioner import wording

TEXTS = {"a": "A photo of", "b": "An image of", "c": ""}


def test_best_prompt_says_whether_the_data_can_tell():
    clear = wording.best_prompt(TEXTS, {"a": 2.0, "b": 1.0, "c": 0.5}, {("a", "b"): (0.5, 1.5)})
    assert "2.00, is that of ``A photo of''" in clear and "excludes zero" in clear
    close = wording.best_prompt(TEXTS, {"a": 2.0, "b": 1.99, "c": 0.5}, {("a", "b"): (-0.1, 0.12)})
    assert "includes zero" in close and "excludes" not in close
    turned = wording.best_prompt(TEXTS, {"a": 1.0, "b": 0.2, "c": 2.0}, {("c", "a"): (0.5, 1.5)})
    assert "is that of (no prompt)" in turned
    assert "only prompt" in wording.best_prompt(TEXTS, {"b": 1.0}, {})


def test_controls_can_win():
    assert "depend on their images" in wording.image_matters(2.5, [0.16, 0.01])
    assert "less than a factor of two" in wording.image_matters(0.3, [0.1, 0.2])
    for shuffled, random in ((0.1, 0.05), (0.05, 0.1)):
        assert "ignore their images" in wording.image_matters(0.09, [shuffled, random])


def test_novel_combinations():
    assert "50\\,\\%" in wording.generalisation(2.0, 1.0)
    assert "not below" in wording.generalisation(1.0, 1.2)
    assert "no split" in wording.generalisation(1.0, None)


def test_second_arm():
    assert "is 2.00, above the 1.00" in wording.second_arm(1.0, 2.0)
    assert "is 1.00, not above the 2.00" in wording.second_arm(2.0, 1.0)


def test_prompts_in_a_row():
    assert wording.listed_prompts(["A photo of", ""]) == "``A photo of'', (no prompt)"
