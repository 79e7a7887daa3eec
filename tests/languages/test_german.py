"""German is right: nouns by Wiktionary's list, adjectives and verbs by lemma, paradigms by the grammar's own tables."""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, files

import pytest

from captioner.languages import german
from captioner.languages.declension import CASES, Noun, declined
from captioner.languages.known import LANGUAGES
from captioner.world.language import OPENINGS, STYLES
from captioner.world.scene import KINDS, Group, Scene

GERMAN = LANGUAGES["de"]
NAMES = {"nominative": "nominativ", "accusative": "akkusativ", "dative": "dativ", "genitive": "genitiv"}
OTHERS = (
    german.STREET, german.PARK, german.MEADOW, german.BEACH, german.SANDS, german.FARM, german.FIELD, german.BARN,
    german.LAKE, german.SHORE, german.LAND, german.HILL, german.KITCHEN, german.LIVING, german.BEDROOM,
)  # fmt: skip


@pytest.fixture(scope="module")
def dictionary() -> dict[str, list[dict[str, str]]]:
    """Every entry of the list of German nouns that the grammar's nouns have, by lemma."""
    try:
        (path,) = [each for each in files("german-nouns") if each.name == "nouns.csv"]
    except PackageNotFoundError:
        pytest.skip("the package german-nouns is not installed: pip install --no-deps -r tests/requirements.txt")
    wanted = {noun.singular for noun in (*german.NOUNS.values(), *OTHERS)} | {"Straßenrand", "Meer", "Wasser", "Schnee"}
    found = defaultdict(list)
    with path.locate().open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["lemma"] in wanted and "Substantiv" in row["pos"]:
                found[row["lemma"]].append(row)
    assert set(found) == wanted
    return found


def genders(row: dict[str, str]) -> set[str]:
    return {row[name] for name in row if name and name.startswith("genus") and row[name]}


def stated(row: dict[str, str], case: str, number: str) -> set[str]:
    """The forms that an entry gives, its variants too."""
    name = f"{NAMES[case]} {number}"
    return {value for key, value in row.items() if key and value and re.fullmatch(rf"{name}( \d|\*)*", key)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nouns_are_those_of_the_dictionary(dictionary, kind):
    """One entry has the gender and every form, in all cases of both numbers."""
    noun = german.NOUNS[kind]

    def agrees(row: dict[str, str]) -> bool:
        return noun.gender in genders(row) and all(
            noun.form(case, plural) in stated(row, case, "plural" if plural else "singular")
            for case in CASES
            for plural in (False, True)
        )

    assert any(agrees(row) for row in dictionary[noun.singular]), noun


@pytest.mark.slow
@pytest.mark.parametrize("noun", OTHERS, ids=lambda noun: noun.singular)
def test_places_have_the_gender_of_the_dictionary(dictionary, noun):
    assert any(
        noun.gender in genders(row) and noun.form("dative") in stated(row, "dative", "singular")
        for row in dictionary[noun.singular]
    )


@pytest.mark.parametrize(
    ("text", "gender"), [("am Straßenrand", "m"), ("am Meer", "n"), ("am Wasser", "n"), ("im Schnee", "m")]
)
def test_contracted_articles_are_masculine_or_neuter(dictionary, text, gender):
    """am = an dem, im = in dem: the dative of both genders alone."""
    assert any(gender in genders(row) for row in dictionary[text.split()[1]])
    assert text in [place for places in german.PLACES.values() for place in places]


@pytest.mark.slow
def test_every_form_of_adjectives_and_verbs_is_known():
    simplemma = pytest.importorskip("simplemma", reason="pip install --no-deps -r tests/requirements.txt")
    places = {adjective for views in german.VIEWS.values() for adjective, _ in views if adjective}
    for adjective in {*german.COLOURS.values(), *filter(None, sum(german.SIZES.values(), ()))} | places:
        forms = german._forms(adjective)
        assert len(forms) == (1 if adjective in ("orange", "rosa") else 5)
        assert all(simplemma.is_known(form, lang="de") for form in forms), adjective
    lemmas = {"parkt": "parken", "steht": "stehen", "sitzt": "sitzen", "grast": "grasen", "wächst": "wachsen",
              "fliegt": "fliegen", "liegt": "liegen"}  # fmt: skip
    assert {forms for forms in german.VERBS.values()} == set(lemmas.items())
    for form, lemma in lemmas.items():
        assert simplemma.lemmatize(form, lang="de") == lemma


# Paradigms of Duden, "Die Grammatik": nominative, accusative, dative, genitive; singular m, f, n, then plural.
WEAK = """der rote Apfel|die rote Katze|das rote Haus|die roten Häuser
den roten Apfel|die rote Katze|das rote Haus|die roten Häuser
dem roten Apfel|der roten Katze|dem roten Haus|den roten Häusern
des roten Apfels|der roten Katze|des roten Hauses|der roten Häuser"""
MIXED = """ein roter Apfel|eine rote Katze|ein rotes Haus|rote Häuser
einen roten Apfel|eine rote Katze|ein rotes Haus|rote Häuser
einem roten Apfel|einer roten Katze|einem roten Haus|roten Häusern
eines roten Apfels|einer roten Katze|eines roten Hauses|roter Häuser"""
STRONG = """roter Apfel|rote Katze|rotes Haus|drei rote Häuser
roten Apfel|rote Katze|rotes Haus|drei rote Häuser
rotem Apfel|roter Katze|rotem Haus|drei roten Häusern
roten Apfels|roter Katze|roten Hauses|drei roter Häuser"""


@pytest.mark.parametrize(
    ("article", "paradigm", "count"), [("definite", WEAK, ""), ("indefinite", MIXED, ""), ("", STRONG, "drei")]
)
def test_paradigms(article, paradigm, count):
    nouns = [german.NOUNS[kind] for kind in ("apple", "cat", "house", "house")]
    for case, row in zip(CASES, paradigm.splitlines(), strict=True):
        for place, (noun, expected) in enumerate(zip(nouns, row.split("|"), strict=True)):
            plural = place == 3
            assert declined(noun, article, case, ("rot",), count if plural else "", plural) == expected


def test_forms_by_rule():
    assert declined(german.NOUNS["ball"], "indefinite", "dative", ("klein", "rosa")) == "einem kleinen rosa Ball"
    assert Noun("Bus", "m", "Busse", "Busses").form("genitive") == "Busses"
    assert [Noun("x", "n", plural).form("dative", plural=True) for plural in ("Autos", "Wagen", "Bälle")] == [
        "Autos", "Wagen", "Bällen",
    ]  # fmt: skip
    with pytest.raises(KeyError):
        declined(german.STREET, "indefinite", "ablative")


CATS = Scene("park", (Group("cat", "black", "small", 2), Group("dog", "white", "large", 1)), "left", "clear")


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ("", "zwei Katzen|ein Hund"), ("Ein Foto von", "zwei Katzen|einem Hund"),
        ("Dieses Bild zeigt", "zwei Katzen|einen Hund"),
    ],
)  # fmt: skip
def test_an_opening_governs_the_case(opening, expected):
    told = GERMAN.phrase(CATS, "short", random.Random(1), opening)
    assert sorted(told.split(" und ")) == sorted(expected.split("|"))


def test_every_phrase_agrees_with_the_case_of_its_opening(scenes):
    """The article of the first word is that of the noun's gender in this case; the relative clause ends with a verb."""
    singular = {noun.singular: noun.gender for noun in (*german.NOUNS.values(), *OTHERS)}
    rng = random.Random("agree")
    for scene in scenes[:400]:
        for opening, case in german.GOVERNED.items():
            told = GERMAN.phrase(scene, rng.choice(STYLES), rng, opening)
            first, *rest = told.split()
            noun = next(word.strip(",") for word in rest if word[0].isupper())
            if first not in german.NUMERALS.values():
                assert first == german.declined(Noun("x", singular[noun]), "indefinite", case).split()[0], told
            told = GERMAN.phrase(scene, "verb", rng, opening)
            clause = told.split(", ")[1]
            assert clause.split()[0] in ("der", "die", "das")
            assert clause.split()[-1] in {form for forms in german.VERBS.values() for form in forms}, told


def test_openings_stand_where_the_english_ones_do():
    assert list(GERMAN.openings.values()) == [OPENINGS[text] for text in OPENINGS]
