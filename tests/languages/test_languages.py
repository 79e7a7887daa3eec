"""What holds in every language: captions say what their scenes hold, and the reader hears exactly that."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from captioner.languages.gloss import gloss
from captioner.languages.known import LANGUAGES, MIXED, document, identified
from captioner.scores.metrics import Cider
from captioner.world import language as world
from captioner.world.language import STYLES, check_facts, read_facts
from captioner.world.scene import KINDS, Group

CODES = list(LANGUAGES)
UNSIDED = {"en": ("next to", "beside"), "de": ("neben", "direkt neben"), "zh": ("旁边",)}


def unsided(code: str, told: str) -> bool:
    said = told.replace("links neben", "").replace("rechts neben", "")
    return any(word in said for word in UNSIDED[code])


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("code", CODES)
def test_the_reader_hears_exactly_what_the_style_tells(scenes, code, style):
    """Each group that is told comes back with its kind and count, its colour and size where the style tells them."""
    language, rng = LANGUAGES[code], random.Random(f"{code}/{style}")
    for scene in scenes[:600]:
        truth = {group.kind: group for group in scene.groups}
        for opening in language.openings:
            told = language.phrase(scene, style, rng, opening)
            facts = language.read_facts(language.sentence(told))
            sized = style == "full" or (style == "relation" and len(scene.groups) == 1)
            for said in facts.objects:
                group = truth.pop(said.kind) if said.kind in truth else None
                assert group, told
                size = group.size if sized and group.size != "medium" else ""
                assert said == Group(group.kind, "" if style == "short" else group.colour, size, group.count), told
            truth |= {group.kind: group for group in scene.groups}
            heard, every = len(facts.objects), len(scene.groups)
            if style in ("full", "scene", "short"):
                assert heard == every
            elif style == "relation":
                assert heard == min(2, every)
                assert len(facts.relations) == int(every > 1 and not unsided(code, told)), told
                for relation in facts.relations:
                    first, second = (group.kind for group in scene.groups[:2])
                    turned = {"left": "right", "right": "left"}.get(scene.relation)
                    assert relation in {(second, scene.relation, first), (first, turned, second)}, told
            else:
                assert 1 <= heard <= min(2, every)
            assert facts.settings <= {scene.setting}
            if style in ("full", "plain", "verb", "scene"):
                assert facts.settings == {scene.setting}, told
            if style == "short":
                assert not facts.settings


@pytest.mark.parametrize("code", CODES)
def test_facts_are_judged_alike(scenes, code):
    """Nothing that is told is wrong of its own scene; of another scene it is as wrong as the same facts in English."""
    language, rng = LANGUAGES[code], random.Random(code)
    for scene, other in zip(scenes[:400], scenes[400:800], strict=True):
        told = language.phrase(scene, rng.choice(STYLES), rng)
        assert not [key for key, n in language.check_facts(told, scene).items() if n and key[1] == "wrong"], told
        facts = language.read_facts(told)
        english = read_facts(gloss(facts))
        assert (Counter(english.objects), english.settings, english.relations) == (
            Counter(facts.objects), facts.settings, facts.relations,
        ), told  # fmt: skip
        if code == "en":
            assert +language.check_facts(told, other) == +check_facts(told, other)


def test_english_is_the_study_s_own(scenes):
    english = LANGUAGES["en"]
    for index, scene in enumerate(scenes[:300]):
        draws = [random.Random(index), random.Random(index)]
        assert english.references(scene, draws[0], 5) == world.references(scene, draws[1], 5)
        assert english.document(scene, draws[0], 4, 0.6) == world.document(scene, draws[1], 4, 0.6)


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
def test_each_caption_is_in_its_own_language(scenes, code):
    language, rng = LANGUAGES[code], random.Random(code)
    for scene in scenes[:300]:
        for text in language.references(scene, rng, len(STYLES)):
            assert identified(text) == code, text
        assert all(identified(text) == code for text in [language.document(scene, rng, 3, 0.5)])
    with pytest.raises(KeyError):
        language.phrase(scenes[0], "sonnet", rng)


@pytest.mark.parametrize("text", ["", "a red car auf einer Straße", "ein 狗 and a dog", "xyz", "on a 街道 mit Hund"])
def test_a_mixture_is_no_language(text):
    assert identified(text) == MIXED


@pytest.mark.parametrize("code", CODES)
def test_no_sentence_counts_as_one_word(scenes, code):
    """CIDEr-D of a caption against others of the same scene is not 0, and highest for itself."""
    language = LANGUAGES[code]
    told = [language.references(scene, random.Random(n), 5) for n, scene in enumerate(scenes[:40])]
    words = [[language.words(text) for text in several] for several in told]
    assert min(len(text) for several in words for text in several) >= 2
    assert max(len(word) for several in words for text in several for word in text) < 20
    cider = Cider([several[1:] for several in words])
    own = cider.scores([several[0] for several in words])
    shuffled = cider.scores([several[0] for several in words[1:] + words[:1]])
    assert own.mean() > 3 * shuffled.mean() > 0


def test_german_words_keep_umlauts_and_compounds():
    assert LANGUAGES["de"].words("Zwei grüne Äpfel, die am Straßenrand liegen.") == (
        "zwei", "grüne", "äpfel", "die", "am", "straßenrand", "liegen",
    )  # fmt: skip


def test_documents_change_their_language_where_they_may(scenes):
    rng, kinds = random.Random(5), Counter()
    for scene in scenes[:600]:
        text, code = document(scene, rng, CODES, 4, 0.5, 0.3)
        kinds[code] += 1
        if code != MIXED:
            assert identified(text) == code
    assert set(kinds) == {*CODES, MIXED} and 0.22 < kinds[MIXED] / 600 < 0.38
    alone = [document(scene, rng, ["de"], 2, 0.5, 0.0)[1] for scene in scenes[:20]]
    assert set(alone) == {"de"}
    assert {document(scene, rng, CODES, 4, 0.5, 1.0)[1] for scene in scenes[:20]} == {MIXED}


def test_every_kind_has_its_words():
    for language in LANGUAGES.values():
        for kind in KINDS:
            assert any(found.kind == kind for found in language.read_facts(_one(language, kind)).objects)


def _one(language, kind: str) -> str:
    scene = world.Scene(KINDS[kind].settings[0], (Group(kind, "", "medium", 1),), "", "")
    return language.phrase(scene, "short", random.Random(0))
