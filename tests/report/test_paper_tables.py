"""The paper's tables from rows as the result tables have them."""

from captioner.report import paper_tables


def row(prompt, group, cider, split="test", **more):
    cells = dict.fromkeys(
        ("cider_low", "cider_high", "cider_seed_sd", "rouge_l", "clip_score", "clip_score_low", "clip_score_high",
         "lift", "wins", "tokens", "per_token"), "0.5",
    )  # fmt: skip
    return {"split": split, "prompt": prompt, "text": f"Text {prompt}", "group": group, **cells, "cider": cider, **more}


ROWS = [row("a", "seen", "1"), row("b", "seen", "2"), row("c", "unseen", "9"), row("b", "seen", "0.25", "novel")]


def test_a_best_is_marked_within_its_group_only():
    told = paper_tables.prompts(ROWS).splitlines()
    bold = [line for line in told if "textbf" in line]
    assert len(bold) == 1 and "Text b" in bold[0] and r"\textbf{2.00}" in bold[0]
    order = [line.split("''")[0] for line in told if "Text" in line]
    assert order == ["``Text b", "``Text a", "``Text c"]
    assert "& 0.25 &" in bold[0] and "& -- &" in next(line for line in told if "Text a" in line)


def test_a_missing_figure_is_a_dash():
    told = paper_tables.prompts([row("a", "seen", "1", cider_seed_sd="", per_token="")])
    assert "& -- & -- &" in told and "& -- \\\\" in told


def test_arms_stand_in_their_order_with_the_headline_in_bold():
    cells = dict.fromkeys(
        ("cider_low", "cider_high", "difference", "difference_low", "difference_high", "bleu4", "rouge_l", "clip_score",
         "clip_s", "ref_clip_s", "tokens"), "0.5",
    )  # fmt: skip
    rows = [
        {"split": "test", "control": "linear", **cells, "cider": "2", "distinct": "0.25", "difference": ""},
        {"split": "novel", "control": "linear", **cells, "cider": "1.5", "distinct": "1"},
        {"split": "test", "control": "human", **dict.fromkeys(cells, ""), "cider": "3", "distinct": ""},
    ]
    told = paper_tables.arms(rows, {"human": "a person_", "mlp": "absent", "linear": "linear map"})
    lines = [line for line in told.splitlines() if line.startswith(("a person", "linear map", "absent"))]
    assert [line.split(" & ")[0] for line in lines] == [r"a person\_", "linear map"]
    assert r"\textbf{2.00}" in lines[1] and "& 1.50 &" in lines[1] and lines[1].endswith(r"25.0 \\")
    assert lines[0].count("--") == 9


def test_clip_metrics_of_each_prompt():
    more = {"clip_score_with_prompt": "33.3", "clip_s": "1.234", "ref_clip_s": "0.8", "cider_lift": "0.77"}
    told = paper_tables.clip_metrics([row("a", "seen", "1", **more), row("c", "unrelated", "2", **more)])
    lines = [line for line in told.splitlines() if "Text" in line]
    assert len(lines) == 2 and all("& 33.3 & 1.234 & 0.800 &" in line and "0.77" in line for line in lines)


def test_contests_are_within_groups():
    cells = dict.fromkeys(("low", "high", "p", "p_wilcoxon", "p_equivalence", "rank_biserial", "win_rate"), "0.0004")
    pairs = {("b", "a"): {**cells, "difference": "1", "d_z": "", "verdict": "differs"}}
    told = paper_tables.contests(ROWS, pairs)
    assert "Text b'' against" in told and "$<$.001" in told and "Text c" not in told and "differs" in told


def test_long_prompts_are_cut_at_a_word():
    assert paper_tables.shortened("word " * 20, 12) == "``word word ...''"
    assert paper_tables.shortened("") == "(no prompt)" and paper_tables.shortened("x" * 50, 10) == f"``{'x' * 10} ...''"


def test_every_setting_is_printed_once():
    told = paper_tables.parameters({"a_b": 1, "c": "", "d": [0.5, 2.0], "e": [], "f": True, "g": 1e-05, "h": "x%"})
    for cell in (r"\texttt{a\_b} & 1", "(empty)", "0.5, 2", "(none)", "True", "1e-05", r"x\%"):
        assert told.count(cell) >= 1, cell
    assert [line.count("&") for line in told.splitlines() if line.endswith(r"\\")] == [5, 5, 5, 5]


def test_digits():
    assert [paper_tables.digits(key) for key in ("headline.cider", "headline.bleu4", "compare.extremes_gap")] == [
        2,
        3,
        1,
    ]
