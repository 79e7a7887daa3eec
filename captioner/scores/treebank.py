"""The words of a caption as Stanford's PTBTokenizer 3.4.1 splits them when coco-caption calls it, without Java.

The rules were found by asking the tokeniser, not taken from its source: at each place the rule that reads furthest
wins, what it looks ahead for included; of equals the first.
"""

from __future__ import annotations

import re
from functools import lru_cache

# What counts as a letter or digit: as in Unicode, less raised, lowered and fraction digits. Joined by single `_`.
_ALNUM = r"(?:(?![_\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f\u2150-\u218f])[\w\u00ad])"
_WORD = rf"(?:{_ALNUM}+(?:_{_ALNUM}+)*)"
_LETTER = r"(?:(?![\d_\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f\u2150-\u218f])[\w\u00ad])"
_HYPHEN = r"[-\u2010\u2011]"
_APOSTROPHE = r"(?:['\u2019]|&apos;)"
_URL_END = r"""[^\s"<>|.!?(){},-]"""

# Abbreviations that keep their period wherever they stand (as single letters do), with a capital only (states),
# and before a number only.
_ABBREVIATIONS = (
    "adj|adm|adv|al|ala|alex|apr|ariz|assn|assoc|asst|atty|aug|ave|bhd|bldg|blvd|brig|bros|calif|capt|cf|cie|cmdr|co"
    "|col|colo|comdr|conn|corp|cos|cpl|ct|dak|dec|dept|det|dr|drs|elec|ens|esq|est|etc|ext|feb|fla|fri|ft|ga|gen|gov"
    "|govs|hon|inc|ind|insp|intl|invt|jan|jos|jr|jul|jun|kan|kans|ky|lieut|lt|ltd|maj|mar|md|messrs|mfg|mich|minn|mlle"
    "|mme|mo|mon|mont|mr|mrs|ms|msgr|mt|mtg|natl|neb|nev|nov|oct|okla|penn|pfc|ph|plc|pres|prof|profs|pte|pty|pvt|rd"
    "|rep|reps|rev|rt|sen|sens|sep|sept|seq|sfc|sgt|spc|sq|sr|st|ste|supt|sys|tel|tenn|thu|thurs|tue|tues|univ|va|vs"
    "|vt|wed|wis|wisc|wm|wyo"
)
_STATES = "ark|az|del|ill|la|mass|miss|ore|pa|tex|wash"
_BEFORE_NUMBERS = "art|ca|fig|figs|no|nos|op|pp"
# Before one of these with a capital the period after a single letter ends a sentence.
_STARTERS = (
    "A|About|According|After|An|As|At|But|Earlier|He|Her|Here|However|If|In|It|Last|Many|More|Now|Once|One|Other|Our"
    "|She|Since|So|Some|Such|That|The|Their|Then|There|These|They|This|We|What|When|While|Yet|You"
)
_FILES = (
    "bat|bmp|cgi|class|cpp|c|dll|docx?|exe|gif|gz|html?|h|jar|java|jpe?g|mov|mp3|pdf|php|pl|png|ppt|ps|py|sql|tar|txt"
    "|wav|xml|x|zip"
)
_WITH_APOSTROPHE = (
    "be'er|c'mon|cap'n|d'y[ea]|d'ja|dunkin'|e'er|hawai'i|li'l|ma'am|nat'l|ne'er|nor'easter|ol'|qu'[a-z]{2,}|s'mores"
    "|somethin'|xi'an|'em|'till?|'cause|'n'?(?![a-z])"
).replace("'", "['\u2019]")

# Each rule's first group is the token.
_RULES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(<[!/?]?[A-Za-z][\w.:-]*(?:\s+[A-Za-z][\w:-]*(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[\w./-]+))?)*\s*/?>)",
        rf"((?i:https?)://[^\s\"<>|()]+{_URL_END})",
        rf"((?:www\.(?:[^\s\"<>|.!?(){{}},]+\.)+[A-Za-z]{{2,4}}|(?:{_LETTER}{_ALNUM}*\.)+(?i:com|net|org|edu))"
        rf"(?:/[^\s\"<>|()]+{_URL_END})?)",
        r"([A-Za-z0-9][^\s\"<>|()]*@[^\s\"<>|().]+(?:\.[^\s\"<>|().]+)*)",
        r"(@[A-Za-z_]\w*|\#[^\W\d_]+)",
        r"(\(\d{2,3}\)\s?\d{3,4}[- ]?\d{3,5})",
        r"((?i:can))(?i:not)(?!\w)|((?i:gon|wan))(?i:na)(?!\w)|((?i:got))(?i:ta)(?!\w)",
        r"((?i:gim|lem))(?i:me)(?!\w)|((?i:'t))(?i:is|was)",
        rf"({_APOSTROPHE}(?i:[msd]|re|ve|ll))(?![A-Za-z])",
        r"((?i:n['\u2019`]t))(?![A-Za-z])",
        rf"({_LETTER}+?)(?i:n['\u2019`]t)",
        rf"({_ALNUM}+){_APOSTROPHE}(?i:[msd]|re|ve|ll)(?![A-Za-z])",
        rf"((?i:{_WITH_APOSTROPHE}))",
        rf"((?:[dDoOlL]['\u2019]{_LETTER}|[A-HJ-XZn]['\u2019][A-Za-z])[A-Za-z]{_ALNUM}*(?:{_HYPHEN}{_WORD}+)*)",
        r"([lLdDjJ]['\u2019])|([yY]['\u2019])(?=[A-Za-z])",
        r"(['\u2019][2-9]0s)(?!\w)|(['\u2019]\d\d)(?=\s|$)",
        r"([A-Z]+(?:(?:&|&amp;)[A-Z]+)+)",
        r"([cC]\+\+|[cCfF]\#)",
        rf"((?:{_LETTER}{_ALNUM}*[.!?])+{_LETTER}{_ALNUM}*)",
        rf"((?:{_ALNUM}+\.)+(?i:{_FILES}))(?!\w)",
        r"((?:[A-Za-z]\.){2,}|(?i:ph\.d\.|ed\.d\.))",
        rf"([A-Za-z])\.\s+(?:{_STARTERS})(?!\w)",
        rf"((?i:[a-z]|{_ABBREVIATIONS})\.)",
        rf"((?=[A-Z])(?i:{_STATES})\.)",
        rf"((?i:{_BEFORE_NUMBERS})\.)\s*\d",
        rf"({_WORD}(?:{_HYPHEN}{_WORD})*\.|[A-Z]+(?:&[A-Z]+)+\.)[,;:]",
        r"([A-Za-z0-9]+(?:-[A-Za-z]+){0,2}(?:\\?/[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}){1,2})",
        rf"({_ALNUM}(?:{_ALNUM}|_(?={_ALNUM})|[.,])*(?:{_HYPHEN}(?:(?:[A-Za-z]\.){{2,}}|{_WORD}))+)",
        r"([-+]?(?:\d*(?:[.,:]\d+)+|\d+))",
        r"((?:\d{1,4}-)?\d{1,4}(?:\\?/|\u2044)\d{1,4})",
        rf"({_WORD})",
        r"([<>]?[:;=][-o*']?[()DdPpO\\{@|\[\]])(?![A-Za-z0-9])",
        r"(\([-^x=~<>']_?[-^x=~<>']\)|[-^x=~<>']_[-^x=~<>'])",
        r"([A-Z]*\$)",
        r"(&(?:amp|lt|gt|quot|nbsp|mdash|apos);|&\#\d+;)",
        r"(<<|>>|-{2,}|_+|\*+|@+|\#+|[?!]{2,})",
        r"(\S)",
    )
)
_WRITTEN = {
    "(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-",
    "\u00a3": "#", "\u20ac": "$", "\u00a4": "$", "\u00a2": "cents",
    "\u00bc": "1/4", "\u00bd": "1/2", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3",
    "&amp;": "&", "&lt;": "<", "&gt;": ">",
}  # fmt: skip
# Written as one of coco-caption's PUNCTUATIONS, which it drops. Its brackets are in upper case: they stay.
_DROPPED = frozenset({"''", "``", "--", "---", "----", "...", "&quot;", "&nbsp;", "&mdash;", "&apos;"}).union(
    "'`.?!,:-;\"\u00ab\u00bb\u2010\u2011\u2012\u2013\u2014\u2015\u2018\u2019\u201c\u201d\u2026\u2039\u203a\u00ad"
)
_CONTRACTION = re.compile(rf"{_APOSTROPHE}(?=(?:[msd]|re|ve|ll)$)|(?<=^n)['\u2019](?=t$)")
_BRACKETS = re.compile(r"[()]")
_STARTER = re.compile(rf"(?:{_STARTERS})(?!\w)")
_SPANS_SPACES = re.compile(r"<|\(\d{2,3}\)\s")


def _written(token: str) -> str:
    if token in _WRITTEN:
        return _WRITTEN[token]
    if len(token) > 1 and not token.isalnum():
        token = _CONTRACTION.sub("'", token.replace("\u00ad", "").replace("&amp;", "&"))
        token = _BRACKETS.sub(lambda found: _WRITTEN[found[0]], token)
    return token


def _read(text: str) -> list[str]:
    tokens = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        best, furthest = "", -1
        for rule in _RULES:
            found = rule.match(text, at)
            if found and found.end() > furthest:
                furthest, best = found.end(), found[found.lastindex]
        tokens.append(best)
        at += len(best)
    written = (_written(token.lower()) for token in tokens if token not in _DROPPED)
    return [word for token in written for word in token.split()]


@lru_cache(maxsize=1 << 16)
def _chunk(chunk: str, following: str) -> tuple[str, ...]:
    return tuple(_read(f"{chunk} {following}")[:-1] if following else _read(chunk))


def treebank_words(text: str) -> list[str]:
    """The words of one line in lower case, those of coco-caption's list of punctuation left out."""
    if _SPANS_SPACES.search(text):
        return _read(text)
    words: list[str] = []
    chunks = text.split()
    for chunk, following in zip(chunks, [*chunks[1:], ""], strict=False):
        context = ""  # stands for what follows, where that counts
        if chunk.endswith("."):
            context = "0" if following[:1].isdigit() else "The" if _STARTER.match(following) else ""
        words += _chunk(chunk, context)
    return words
