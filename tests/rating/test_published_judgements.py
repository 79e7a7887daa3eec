"""Human judgements in the files in which they are published, small ones written here."""

from __future__ import annotations

import pytest
from made_ratings import simulated
from published import composite, flickr, pascal

from captioner.foundation.errors import InputError
from captioner.rating import benchmarks


def test_expert_has_a_row_a_judgement_and_no_own_reference(tmp_path):
    found = benchmarks.flickr8k_expert(
        flickr(tmp_path, "1.jpg\t2.jpg#0\t1\t1\t2\n1.jpg\t1.jpg#1\t4\t4\t4\n2.jpg\t1.jpg#0\t1\t2\t1\n")
    )
    assert (found.images, found.people) == (("1.jpg",) * 3 + ("2.jpg",) * 3, (1, 1, 2, 1, 2, 1))
    assert set(found.captions) == {"Two cats sleep .", "A dog runs ."} and found.variants == "c"
    assert found.references["1.jpg"] == ["A dog runs .", "A brown dog ."] and len(found.references) == 3


def test_crowdflower_has_the_share_of_yes(tmp_path):
    crowd = "1.jpg\t2.jpg#0\t0.3333333\t1\t2\n2.jpg\t3.jpg.1#0\t0\t0\t3\n2.jpg\t2.jpg#1\t1.0\t3\t0\n"
    found = benchmarks.flickr8k_cf(flickr(tmp_path, crowd=crowd))
    assert found.people == pytest.approx((1 / 3, 0)) and found.variants == "b"
    assert found.captions == ("Two cats sleep .", "A man on a bike .")


@pytest.mark.parametrize(
    ("expert", "crowd", "told"),
    [
        ("1.jpg\t9.jpg#0\t1\t1\t1\n", "1.jpg\t9.jpg#0\t1\t1\t0\n", "line 1"),
        ("1.jpg\t2.jpg#0\t1\t1\n", "1.jpg\t2.jpg#0\t1\t1\n", "line 1"),
        ("1.jpg\t2.jpg#0\t1\t1\t5\n", "1.jpg\t2.jpg#0\t0.9\t1\t2\n", "line 1"),
        ("1.jpg\t1.jpg#0\t1\t1\t1\n", "1.jpg\t1.jpg#0\t1\t1\t0\n", "no reference of its image"),
        ("7.jpg\t1.jpg#0\t1\t1\t1\n", "7.jpg\t1.jpg#0\t1\t1\t0\n", "has no references"),
        ("", "", "no judgement"),
    ],
)
def test_damaged_files_of_flickr8k_are_one_error(tmp_path, expert, crowd, told):
    flickr(tmp_path, expert, crowd)
    for read in (benchmarks.flickr8k_expert, benchmarks.flickr8k_cf):
        with pytest.raises(InputError, match=told):
            read(tmp_path)


def test_missing_files_are_named(tmp_path):
    for read in (benchmarks.flickr8k_expert, benchmarks.flickr8k_cf, benchmarks.composite, benchmarks.pascal_50s):
        with pytest.raises(InputError, match=str(tmp_path)):
            read(tmp_path)


def test_composite_joins_its_parts(tmp_path):
    found = benchmarks.composite(composite(tmp_path))
    assert found.captions == ("A cat .", "Two dogs", "A bus", "Buses", "A car") and found.people == (1, 3, 4, 5, 1)
    assert found.images == ("1", "1") + ("COCO_val2014_000000000042",) * 3 and found.variants == "c"
    assert found.references["COCO_val2014_000000000042"] == ["A red bus", "Bus stop"]


@pytest.mark.parametrize(
    "row", ["1;http://a/1.jpg;A;B;C;1;2", "1;http://a/1.jpg;A;B;C;1;2;9", "1;http://a/1.jpg;A;B;C;1;2;x"]
)
def test_damaged_files_of_composite_are_one_error(tmp_path, row):
    composite(tmp_path)
    (tmp_path / "8k_correctness.csv").write_text(f"header\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        benchmarks.composite(tmp_path)


def test_pascal_has_the_majority_and_the_category(tmp_path):
    found = benchmarks.pascal_50s(pascal(tmp_path, [30, 10]))
    assert found.people == (1, -1) and found.categories == ("HC", "MM")
    assert found.first == ("a dog", "one bus") and found.second == ("a cat", "two buses")
    assert found.images == ("2008_1.jpg", "2008_2.jpg")
    assert found.references["2008_2.jpg"] == [f"reference {number} of 2008_2.jpg" for number in range(5)]


def test_pascal_leaves_draws_out_and_tells_of_damage(tmp_path):
    assert benchmarks.pascal_50s(pascal(tmp_path, [24, 48])).images == ("2008_2.jpg",)
    with pytest.raises(InputError, match="no pair has a majority"):
        benchmarks.pascal_50s(pascal(tmp_path, [24, 24]))
    with pytest.raises(InputError, match="votes each and a category"):
        benchmarks.pascal_50s(pascal(tmp_path, [1, 2], (1,)))
    (tmp_path / "pair_pascal.mat").write_bytes(b"no matlab")
    with pytest.raises(InputError, match="cannot be read"):
        benchmarks.pascal_50s(tmp_path)


def test_own_ratings_leave_references_checks_and_ties_out():
    ratings = simulated({"a": 1.0, "b": 0.0}, 2, 4, 6, 1, scales=4)
    references = {f"{number}.png": [f"a of {number}", "another"] for number in range(4)}
    scales = benchmarks.judged_scales(ratings, references, {"1.png": "one.jpg"})
    assert len(scales.people) == sum((r.kind, r.left) == ("scale", "b") for r in ratings)
    assert "1.png" not in scales.images and set(scales.images) <= set(scales.references)
    assert benchmarks.judged_pairs(ratings, references, {}) is None  # each has a caption that is a reference
    other = {image: ["another"] for image in references}
    pairs = benchmarks.judged_pairs(ratings, other, {})
    chosen = [r for r in ratings if (r.kind, r.role) == ("pair", "rating") and r.answer != "tie"]
    assert pairs.people == tuple(1 if rating.answer == "left" else -1 for rating in chosen)
    with pytest.raises(InputError, match="references have none of it"):
        benchmarks.judged_scales(ratings, {}, {})
