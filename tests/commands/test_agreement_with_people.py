"""`captioner agreement`: figures by hand on small files of the published formats, and on ratings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_ratings import simulated
from PIL import Image
from published import TOKENS, composite, flickr, pascal
from scipy import stats

from captioner.application.project import Project
from captioner.cli import main
from captioner.rating import trust
from captioner.rating.table import write_ratings
from captioner.scores.metrics import Cider, Idf, bleu, rouge_l, tokenise

TEXT = {"Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr"}
LINES = (
    "1.jpg 2.jpg#0 1 1 2", "2.jpg 1.jpg#0 2 2 1", "3.jpg.1 1.jpg#1 3 2 4", "1.jpg 3.jpg.1#0 4 4 3",
    "2.jpg 3.jpg.1#0 4 3 4",
)  # fmt: skip
EXPERT = "".join(line.replace(" ", "\t") + "\n" for line in LINES)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(trust, "RESAMPLES", 60)


def rows(capsys, *arguments: object) -> dict[tuple[str, str], dict]:
    with pytest.raises(SystemExit) as ended:
        main(["agreement", *map(str, arguments), "--json", "--no-java"])
    told = capsys.readouterr()
    assert ended.value.code == 0, told.err
    return {(row["metric"], row["measure"]): row for row in json.loads(told.out)}


def test_flickr8k_expert_by_hand(tmp_path, capsys):
    found = rows(capsys, "flickr8k-expert", flickr(tmp_path, EXPERT))
    assert {metric for metric, _ in found} == TEXT and {measure for _, measure in found} == {"tau-c"}
    references: dict[str, list] = {}
    for name, text in TOKENS.items():
        references.setdefault(name.partition("#")[0], []).append(tokenise(text))
    lines = [line.split("\t") for line in EXPERT.splitlines()]
    words, several = [tokenise(TOKENS[line[1]]) for line in lines], [references[line[0]] for line in lines]
    people = [float(each) for line in lines for each in line[2:]]
    by_hand = {
        "ROUGE_L": [rouge_l(*pair) for pair in zip(words, several, strict=True)],
        "CIDEr": Cider(several, Idf.of(list(references.values()))).scores(words),
        "Bleu_2": [bleu([own], [group])[1] for own, group in zip(words, several, strict=True)],
    }
    for metric, values in by_hand.items():
        wanted = stats.kendalltau(np.repeat(values, 3), people, variant="c").statistic
        assert found[metric, "tau-c"]["value"] == pytest.approx(wanted), metric
        assert found[metric, "tau-c"]["judgements"] == 15


def test_the_other_sets(tmp_path, capsys):
    crowd = "1.jpg\t2.jpg#0\t0.5\t2\t2\n2.jpg\t3.jpg.1#0\t0\t0\t3\n2.jpg\t1.jpg#1\t1.0\t3\t0\n"
    found = rows(capsys, "flickr8k-cf", flickr(tmp_path, crowd=crowd))
    assert found["ROUGE_L", "tau-b"]["judgements"] == 3 and {measure for _, measure in found} == {"tau-b"}
    found = rows(capsys, "composite", composite(tmp_path))
    assert found["CIDEr", "tau-c"]["judgements"] == 5
    found = rows(capsys, "pascal-50s", pascal(tmp_path, [30, 10]))
    assert {measure for _, measure in found} == {"accuracy", "accuracy HC", "accuracy MM"}
    assert all(0 <= row["value"] <= 1 for row in found.values())


@pytest.mark.slow
def test_own_ratings_with_pictures(tmp_path, capsys, study, pictures):
    """Captions that say more of what the references say are preferred: every metric of words sees it."""
    ratings = simulated({"a": 2.0, "b": -2.0}, 3, 9, 12, 1, scales=12)
    texts = {"a": "a red thing number", "b": "nothing like it"}
    named = []
    for one in ratings:
        image = int(one.image.removesuffix(".png"))
        said = {side: f"{texts[name]}{image}" if name in texts else name for side, name in
                (("left_caption", one.left), ("right_caption", one.right))}  # fmt: skip
        said["right_caption"] = said["right_caption"] if one.right else ""
        named.append(type(one)(**{**vars(one), "image": pictures[image].name, **said}))
    write_ratings(tmp_path / "ratings.csv", named)
    references = {path.name: [f"one red thing number{n}", "x"] for n, path in enumerate(pictures)}
    (tmp_path / "r.json").write_text(json.dumps(references), encoding="utf-8")
    found = rows(
        capsys, "ratings", tmp_path / "ratings.csv", "--references", tmp_path / "r.json", "--images",
        pictures[0].parent, "--encoder", Project(study).places.judge,
    )  # fmt: skip
    assert {metric for metric, _ in found} == TEXT | {"CLIP-S", "RefCLIP-S", "CLIP score"}
    for metric in ("ROUGE_L", "CIDEr"):
        assert found[metric, "tau-b"]["low"] > 0 and found[metric, "accuracy of pairs"]["value"] > 0.8


def test_what_is_no_result_and_what_is_missing_is_told(tmp_path, capsys):
    write_ratings(tmp_path / "ratings.csv", simulated({"a": 1.0, "b": 0.0}, 2, 3, 4, 1, scales=4))
    (tmp_path / "r.json").write_text(json.dumps({f"{n}.png": ["x", "y z"] for n in range(3)}), encoding="utf-8")
    arguments = ["agreement", "ratings", str(tmp_path / "ratings.csv"), "--no-java"]
    with pytest.raises(SystemExit):
        main([*arguments, "--references", str(tmp_path / "r.json")])
    told = capsys.readouterr()
    assert "answers marked simulated" in told.err and "tau-b" in told.out and "judgements" in told.out
    with pytest.raises(SystemExit, match="--references goes with"):
        main(arguments)
    with pytest.raises(SystemExit, match="cannot be read"):
        main(["agreement", "flickr8k-cf", str(tmp_path)])


def test_pictures_are_found_in_any_of_the_folders(tmp_path):
    from captioner.commands.clip_metrics import located
    from captioner.foundation.errors import InputError

    folders = [tmp_path / "one", tmp_path / "two"]
    for number, folder in enumerate(folders):
        folder.mkdir()
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
    assert located(folders, "0", {".png"}) == (folders[0], "0.png")
    assert located(folders, "1.png", {".png"}) == (folders[1], "1.png")
    with pytest.raises(InputError, match="no picture 2"):
        located(folders, "2", {".png"})


def test_an_encoder_that_is_not_there_is_told(tmp_path):
    from captioner.commands.clip_metrics import opened
    from captioner.foundation.errors import InputError

    for name, told in ((str(Path(tmp_path)), "no such origin"), ("nobody/no-such-model", "cannot be fetched")):
        with pytest.raises(InputError, match=told):
            opened(name)
