"""Words as Stanford's PTBTokenizer gives them: odd cases written down once, real captions beside Java where it is."""

# ruff: noqa: RUF001
from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from captioner.scores.metrics import Cider, bleu, rouge_l, tokenise
from captioner.scores.treebank import treebank_words

CAPTIONS = sorted((Path(__file__).parents[3] / "shared/coco-mini/annotations").glob("*.json"))

# Sentences of this project's own; the words were printed by PTBTokenizer 3.4.1 (-preserveLines -lowerCase) and put
# through coco-caption's list of punctuation, each sentence followed by a neutral line.
GOLDEN = [
    ("The girl's kite is stuck, isn't it?", "the girl 's kite is stuck is n't it"),
    ("They're gonna fly; we'd wanna watch, I've gotta go.", "they 're gon na fly we 'd wan na watch i 've got ta go"),
    ("You cannot park here, lemme see, gimme that!", "you can not park here lem me see gim me that"),
    ("It’s the man’s “lucky” hat – or so he’d say…", "it 's the man 's lucky hat or so he 'd say"),
    ("He won`t eat his dog's-eye view sandwich", "he wo n`t eat his dog 's eye view sandwich"),
    (
        "'Tis the '90s: rock 'n' roll and O'Brien at five o'clock",
        "'t is the '90s rock 'n' roll and o'brien at five o'clock",
    ),
    ("Y'all saw ma'am's jack-o'-lantern and s'mores", "y' all saw ma'am 's jack-o lantern and s'mores"),
    ("A couple from the 1950s in their 20's, class of '05", "a couple from the 1950s in their 20 's class of '05"),
    ("A clock reads 10:30pm, the other 8:25.", "a clock reads 10:30 pm the other 8:25"),
    (
        "10 a.m. in the U.S., J.R. and Ph.D. students of non-U.S. schools",
        "10 a.m. in the u.s. j.r. and ph.d. students of non-u.s. schools",
    ),
    (
        "Mr. Lee and Dr. May at St. Paul Blvd. near Main St. The end",
        "mr. lee and dr. may at st. paul blvd. near main st. the end",
    ),
    ("Plan B. The train is no. 7 but there is no. Track", "plan b the train is no. 7 but there is no track"),
    ("In Mass. the mass. was held by Jr. clerks, etc.", "in mass. the mass was held by jr. clerks etc."),
    ("Bus No. 12 on pp. 3 of fig. 4, vol. 5", "bus no. 12 on pp. 3 of fig. 4 vol 5"),
    ("A B&W photo of M&M's, AT&T, m&ms and salt&pepper", "a b&w photo of m&m 's at&t m & ms and salt & pepper"),
    ('3/4" pipe, 5\'6" man, 1/2-eaten pie, 1 1/2 cups, 24/7', "3/4 pipe 5 6 man 1/2-eaten pie 1 1/2 cups 24/7"),
    ("$5.00 and £3, €4, 99¢, US$20, 50%, #1 and 3.5mm", "$ 5.00 and # 3 $ 4 99 cents us$ 20 50 % # 1 and 3.5 mm"),
    ("1,000-foot drop,well-lit a.b-c black-and-white x-ray-", "1,000-foot drop,well-lit a.b-c black-and-white x-ray"),
    ("men/women, and/or/not, a/b/c/d, w/o, w/ cheese", "men/women and/or/not a/b/c / d w/o w / cheese"),
    ("a man.A dog runs.Then it stops... wait...what?!", "a man.a dog runs.then it stops wait what ?!"),
    ("a dog., then a cat.; dog.: and dog.!", "a dog. then a cat. dog. and dog"),
    (
        "(a dog) [a cat] {a cow} <b>bold</b> <3 a<b",
        "-lrb- a dog -rrb- -lsb- a cat -rsb- -lcb- a cow -rcb- <b> bold </b> < 3 a < b",
    ),
    ("a smile :) :-( ;D =P (: ^_^ :'(", "a smile :-rrb- :--lrb- ;d =p -lrb- ^_^ :'-lrb-"),
    ("**star** ___ --- ------ == ~ | ^ \\ * !! ?? ! !?", "** star ** ___ ------ = = ~ | ^ \\ * !! ?? !?"),
    (
        "my_file.txt node.js man.dog 3.jpg v1.0 www.example.com/a?b me@example.org",
        "my_file txt node.js man.dog 3.jpg v1 .0 www.example.com/a?b me@example.org",
    ),
    (
        "http://example.org/x_y, https://example.org. #sunset @someone",
        "http://example.org/x_y https://example.org #sunset @someone",
    ),
    ("call (555) 555-1234 or 1-800-555-1234", "call -lrb-555-rrb- 555-1234 or 1-800-555-1234"),
    ("-5 degrees, +3, a-1, 5-6, 1.5-2.5, 1:30-2:30", "-5 degrees +3 a-1 5-6 1.5-2 .5 1:30 -2:30"),
    ("café-bar, naïve, Straße, 日本語, ½ cup, x² 5°C ™", "café-bar naïve straße 日本語 1/2 cup x ² 5 ° c ™"),
    ("Tom &amp; Jerry &lt;3 it&apos;s", "tom & jerry < 3 it 's"),
    ("\"a 'quoted' word\" ``like'' «this»", "a quoted word like this"),
    ("C++ and C# and F# but not D#", "c++ and c# and f# but not d #"),
    ("dog!cat a?b etc. a.m.-p.m. U.S.-based anti-U.S.", "dog!cat a?b etc. a.m.-p.m. u.s.-based anti-u.s."),
    ("don'ts and can't've, DON'T, HE'S here", "do n'ts and ca n't 've do n't he 's here"),
]


@pytest.mark.parametrize(("caption", "words"), GOLDEN)
def test_odd_cases(caption, words):
    assert " ".join(treebank_words(caption)) == words


@pytest.mark.parametrize("text", ["a" * 5000, "a." * 2000, "a-" * 2000, "a,1_" * 1000, "<a " * 500, "a'" * 2000])
def test_long_chunks_end(text):
    """No rule backtracks without end."""
    assert treebank_words(text)


def test_words_hold_no_white_space_and_no_punctuation_alone():
    rng = np.random.default_rng(0)
    signs = list("ab'.,-!?:;()<>&@#/_$5 \u2019\u00bd\u00e9\u00a0\n")
    for _ in range(300):
        words = treebank_words("".join(rng.choice(signs, 30)))
        assert all(word and not word.isspace() and " " not in word for word in words)
        assert not {".", ",", "'", "-", "--", "...", "!", "?", ":", ";"} & set(words)


@pytest.mark.skipif(shutil.which("java") is None, reason="Java, the oracle, is not here")
@pytest.mark.skipif(not CAPTIONS, reason="shared/coco-mini is not beside the project")
def test_real_captions_are_split_as_java_splits_them():
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    several: dict[int, list[dict]] = {}
    for path in CAPTIONS:
        for row in json.loads(path.read_text(encoding="utf-8"))["annotations"]:
            several.setdefault(row["image_id"], []).append(row)
    java = {image: [tuple(text.split()) for text in texts] for image, texts in PTBTokenizer().tokenize(several).items()}
    ours = {image: [tokenise(row["caption"]) for row in rows] for image, rows in several.items()}
    differing = sum(a != b for image in java for a, b in zip(java[image], ours[image], strict=True))
    assert differing <= sum(map(len, java.values())) / 1000

    def scores(words):
        candidates, references = [texts[0] for texts in words.values()], [texts[1:] for texts in words.values()]
        rouge = [rouge_l(*pair) for pair in zip(candidates, references, strict=True)]
        return [*bleu(candidates, references), np.mean(rouge), Cider(references).scores(candidates).mean()]

    np.testing.assert_allclose(scores(ours), scores(java), rtol=0, atol=0.0005)
