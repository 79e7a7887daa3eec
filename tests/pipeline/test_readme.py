"""The README's tables are those of the committed results, its drawing and tree those of the folder. Results that were
rebuilt here, on another machine or with other parameters, do not count until they are committed. To renew the tables:
python -m tools.readme, which takes the results of the folder.
"""

from __future__ import annotations

import json
import re

import pytest
from committed import committed, files, needs_commit
from ruamel.yaml import YAML

from tools.readme import BLOCKS, BUILT, MEASURED, README, Read, block, in_folder


def holds(name: str, read: Read) -> None:
    """The README and what its block tells of, both as `read` gives them."""
    expected = f"<!-- {name}:begin -->\n{BLOCKS[name](read)}\n<!-- {name}:end -->"
    assert block(name).search(read("README.md")).group(0) == expected, "renew it: python -m tools.readme"


@pytest.mark.slow
@needs_commit
@pytest.mark.parametrize("name", [*BUILT, *MEASURED])
def test_block_of_results(name):
    """In the commit: a build changes the folder's results and leaves its README."""
    holds(name, committed)


@pytest.mark.usefixtures("dvc_alone")
@pytest.mark.parametrize("name", [pytest.param("pipeline", marks=pytest.mark.slow), "stages"])
def test_block_of_the_pipeline(name):
    """In the folder: no build changes dvc.yaml, and whoever edits it sees at once what to renew."""
    holds(name, in_folder)


def test_every_key_of_the_headline_is_explained():
    text = README.read_text(encoding="utf-8")
    for key in json.loads(in_folder("metrics/headline.json")):
        assert f"`{key}`" in text, key


def test_tree_names_what_is_there():
    text = README.read_text(encoding="utf-8")
    tree = text.split("<!-- tree:begin -->")[1].split("<!-- tree:end -->")[0]
    shown = set(re.findall(r"(?:^|\s{2,})([\w./]+)(?=\s{2,})", tree, re.MULTILINE))
    tops = {name.split("/")[0] for name in files()}
    for name in shown - {"data/", "models/"}:
        assert name.rstrip("/").split("/")[0] in tops, name


def test_the_built_in_share_is_the_one_of_the_settings():
    params = YAML(typ="safe", pure=True).load(committed("params.yaml"))
    assert f"{params['scenes']['decoder']['tied']:.0%}".replace("%", " %") in committed("README.md")
