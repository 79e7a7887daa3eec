"""German declension from its tables: articles, endings of adjectives by the three patterns, nouns in four cases.

Tables: Duden, "Die Grammatik", 9th edition, sections on articles, adjectives and nouns.
"""

from __future__ import annotations

from dataclasses import dataclass

CASES = ("nominative", "accusative", "dative", "genitive")
GENDERS = ("m", "f", "n")
PLURAL = "p"  # the plural has no genders
_COLUMNS = (*GENDERS, PLURAL)


def _table(*rows: str) -> dict[tuple[str, str], str]:
    """A row a case, a column a gender and one for the plural; `-` is nothing."""
    return {
        (case, column): "" if cell == "-" else cell
        for case, row in zip(CASES, rows, strict=True)
        for column, cell in zip(_COLUMNS, row.split(), strict=True)
    }


ARTICLES = {
    "definite": _table("der die das die", "den die das die", "dem der dem den", "des der des der"),
    "indefinite": _table("ein eine ein -", "einen eine ein -", "einem einer einem -", "eines einer eines -"),
}
ENDINGS = {  # of an adjective: after a definite article, after an indefinite one, after none or a numeral
    "weak": _table("e e e en", "en e e en", "en en en en", "en en en en"),
    "mixed": _table("er e es en", "en e es en", "en en en en", "en en en en"),
    "strong": _table("er e es e", "en e es e", "em er em en", "en er en er"),
}
INVARIABLE = ("orange", "rosa")  # colours that are nouns by origin stay as they are
PATTERNS = {"definite": "weak", "indefinite": "mixed", "": "strong"}  # by the article before the adjective


@dataclass(frozen=True)
class Noun:
    """A noun of the strong or the mixed declension, whose singular changes in the genitive alone."""

    singular: str
    gender: str
    plural: str = ""  # nominative; "" where it has none
    genitive: str = ""  # singular; "" for that by rule

    def form(self, case: str, plural: bool = False) -> str:
        """The noun in this case and number.

        Dative plural: -n, unless it ends in -n or -s. Genitive singular of masculines and neuters: -es after a sibilant
        or a single syllable, else -s.
        """
        if plural:
            return self.plural + ("n" if case == "dative" and self.plural[-1] not in "ns" else "")
        if case != "genitive" or self.gender == "f":
            return self.singular
        if self.genitive:
            return self.genitive
        return self.singular + ("es" if self.singular.endswith(("s", "ß", "x", "z")) else "s")


def inflected(adjective: str, article: str, case: str, column: str) -> str:
    """The adjective as it stands before a noun of this gender (or `PLURAL`), after this kind of article."""
    return adjective if adjective in INVARIABLE else adjective + ENDINGS[PATTERNS[article]][case, column]


def declined(
    noun: Noun, article: str, case: str, adjectives: tuple[str, ...] = (), count: str = "", plural: bool = False
) -> str:
    """A noun phrase: article ("definite", "indefinite" or "" for none), numeral, adjectives, noun.

    KeyError for another article or case.
    """
    column = PLURAL if plural else noun.gender
    words = [ARTICLES[article][case, column] if article else "", count]
    described = "" if article == "indefinite" and plural else article  # no indefinite article in the plural
    words += [inflected(adjective, described, case, column) for adjective in adjectives]
    return " ".join(word for word in (*words, noun.form(case, plural)) if word)
