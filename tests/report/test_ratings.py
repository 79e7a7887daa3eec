"""What people say, in the paper: opposite results give opposite sentences, and what is no result says so."""

from __future__ import annotations

from captioner.report import ratings

FOUND = {
    "answers": 300, "pairs": 200, "scales": 100, "raters": 6, "raters_left_out": 1, "images": 54, "by_people": True,
    "ties": 0.25, "checks_passed": 0.9, "repeats_same": None, "connected": True, "half_width": 0.16,
    "wanted_half_width": 0.05, "more_answers": 1945, "more_answers_same_images": None, "alpha_pair": 0.6,
    "alpha_pair_low": 0.5, "alpha_pair_high": 0.7, "alpha_scale": None, "alpha_scale_low": None,
    "alpha_scale_high": None, "current": 1.0,
}  # fmt: skip


def system(name: str, text: str, preferred: str, best: str = "0.99", **more: str) -> dict[str, str]:
    cells = dict.fromkeys(("strength", "rating", "rating_low", "rating_high"), "1.5")
    return {
        "system": name, "text": text, "compared": "30", "rated": "12", **cells, "preferred": preferred,
        "preferred_low": "0.4", "preferred_high": "0.9", "best": best, **more,
    }  # fmt: skip


def trusted(metric: str, measure: str, value: str, low: str = "0.1", high: str = "0.3") -> dict[str, str]:
    return {"metric": metric, "measure": measure, "value": value, "value_low": low, "value_high": high}


ROWS = [system("a", "A photo of", "0.744"), system("none", "", "0.5"), system("mlp", "", "0.2")]


def test_answers_not_by_people_are_no_result():
    assert "nothing in this section is a result" in ratings.not_by_people(False)
    told = ratings.sentences(FOUND, ROWS, [])
    assert told["not_by_people"] == ""
    assert "simulated" in ratings.sentences({**FOUND, "by_people": False}, ROWS, [])["not_by_people"]


def test_raters_are_counted():
    told = ratings.people(FOUND)
    assert "6 raters answered; 1 is left out" in told and r"25\,\% are ties" in told and r"90\,\% were passed" in told
    assert "exchanged" not in told and "One rater" not in told
    alone = ratings.people({**FOUND, "raters": 1, "raters_left_out": 0, "ties": None, "repeats_same": 0.5})
    assert "1 rater answered." in alone and "left out" not in alone and "With one rater" in alone
    assert r"50\,\% answered the same" in alone


def test_the_best_is_sure_or_not_or_none():
    sure = ratings.best(ROWS, True)
    assert "``A photo of''" in sure and r"74\,\% {\scriptsize [40, 90]}" in sure and "others may be" not in sure
    assert "others may be" in ratings.best([system("a", "", "0.7", "0.6"), *ROWS[1:]], True)
    assert "(no prompt)" in ratings.best([ROWS[1]], True) and "order is open" in ratings.best(ROWS, False)
    assert ratings.best([system("a", "", "")], True) == "No pairs were compared."


def test_agreement_is_judged_by_the_lesser():
    assert "single answers" in ratings.agreement(FOUND) and "ordinal" not in ratings.agreement(FOUND)
    assert "tentative" in ratings.agreement({**FOUND, "alpha_pair": 0.7})
    both = {**FOUND, "alpha_pair": 0.9, "alpha_scale": 0.85, "alpha_scale_low": 0.8, "alpha_scale_high": 0.9}
    assert "agree well" in ratings.agreement(both) and "ordinal" in ratings.agreement(both)
    assert "not known" in ratings.agreement({**FOUND, "alpha_pair": None})


def test_how_many_more():
    assert r"1\,945 more pairs" in ratings.more(FOUND) and "no number of them" in ratings.more(FOUND)
    assert "or 70 about the same images" in ratings.more({**FOUND, "more_answers_same_images": 70})
    assert "are reached" in ratings.more({**FOUND, "more_answers": 0, "more_answers_same_images": 0})
    assert "Too few images" in ratings.more({**FOUND, "half_width": None})


def test_captions_of_another_build_are_told():
    assert "All captions" in ratings.current(FOUND)
    assert r"80\,\% are those of this build" in ratings.current({**FOUND, "current": 0.8})
    assert "not those of the prompts" in ratings.current({**FOUND, "current": None})


def test_the_metric_that_goes_with_people():
    rows = [trusted("cider", "tau-b", "0.25", "0.2"), trusted("clip_s", "tau-b", "0.1", "0.0", "0.15"),
            trusted("tokens", "tau-b", "0.9")]  # fmt: skip
    assert "CIDEr-D goes with people most" in ratings.trust(rows) and "no other" in ratings.trust(rows)
    rows[1] = trusted("clip_s", "tau-b", "0.2", "0.0", "0.4")
    assert "1 of the others could be as good" in ratings.trust(rows)
    chance = ratings.trust([trusted("cider", "accuracy of pairs", "0.55", "0.45", "0.6")])
    assert "share of pairs" in chance and "chance could give" in chance
    assert "No metric" in ratings.trust([])


def test_tables():
    told = ratings.systems(ROWS)
    lines = [line for line in told.splitlines() if "&" in line][1:]
    assert [line.split(" & ")[0] for line in lines] == ["``A photo of''", "(no prompt)", "mlp"]
    assert r"74 {\scriptsize [40, 90]} & 99" in lines[0]
    assert "--" in ratings.systems([system("x_y", "", "", "", preferred_low="", preferred_high="")])
    metrics = ratings.metrics([trusted("cider", "tau-b", "0.25"), trusted("tokens", "accuracy of pairs", "0.5")])
    rows = [line for line in metrics.splitlines() if "&" in line][1:]
    assert len(rows) == 2 and rows[0].startswith("CIDEr-D & 0.25") and rows[0].count("--") == 2
