"""Score tables become arrays by prompt, seed and image, whatever their order; what is not crossed is refused."""

import numpy as np
import pandas as pd
import pytest

from captioner.foundation.errors import InputError
from captioner.statistics.crossed import cross


def scores(order=None, seeds=(1, 2), images=(7, 3, 5)):
    rows = [
        {
            "split": split,
            "seed": seed,
            "image_id": image,
            "caption": f"{split} {seed} {image}",
            "cider": 100 * seed + image,
        }
        for split in ("test", "novel")
        for seed in seeds
        for image in images
    ]
    table = pd.DataFrame(rows)
    return table if order is None else table.sample(frac=1, random_state=order, ignore_index=True)


def test_values_stand_at_their_prompt_seed_and_image():
    tables = {"a": scores(1), "b": scores(2)}
    found = cross(tables, "test", ("cider",))
    assert (found.prompts, found.seeds, found.images) == (("a", "b"), (1, 2), (3, 5, 7))
    np.testing.assert_array_equal(found["cider"][1], [[103, 105, 107], [203, 205, 207]])
    assert found.captions[0, 1, 2] == "test 2 7"
    for p, table in enumerate(tables.values()):
        assert table["caption"][found.rows[p, 0, 1]] == "test 1 5"


def test_only_the_rows_of_the_arm_count():
    """Places are those in the whole table, in which the arm's rows stand among others."""
    both = pd.concat([scores(3).assign(arm="empty", cider=0.0), scores(4).assign(arm="linear")], ignore_index=True)
    found = cross({"a": both}, "test", ("cider",), "linear")
    np.testing.assert_array_equal(found["cider"][0], [[103, 105, 107], [203, 205, 207]])
    assert (both["arm"][found.rows.ravel()] == "linear").all()
    assert not cross({"a": both}, "test", ("cider",), "empty")["cider"].any()
    with pytest.raises(InputError, match="no column arm"):
        cross({"a": scores()}, "test", ("cider",), "linear")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (scores(images=(7, 3)), "other seeds or images"),
        (scores(seeds=(1,)), "other seeds or images"),
        (scores().drop(columns="seed"), "no column seed"),
        (pd.concat([scores(), scores()]), "several captions"),
    ],
)
def test_what_is_not_crossed_is_refused(other, told):
    with pytest.raises(InputError, match=told):
        cross({"a": scores(), "b": other}, "test", ("cider",))


def test_a_seed_without_an_image_is_refused():
    table = scores().drop(index=0)
    with pytest.raises(InputError, match="not every seed"):
        cross({"a": table, "b": table}, "test", ("cider",))
