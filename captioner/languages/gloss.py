"""Facts in English: what a caption of any language asserts, as an English reader would write it down."""

from __future__ import annotations

from captioner.world.language import COUNT_WORDS, RELATION_PHRASES, SIZE_WORDS, VIEWS, Facts
from captioner.world.scene import KINDS, Group

_SIDED = {relation: phrases[-1] for relation, phrases in RELATION_PHRASES.items()}  # the last tells the side


def gloss(facts: Facts) -> str:
    """The facts as one English caption, from which `read_facts` reads the same ones: settings, then objects with the
    relations between neighbours. Where a language names the other thing first, the order is turned.
    """
    parts = [VIEWS[place][0] for place in sorted(facts.settings)]
    chains: list[str] = []
    waiting = list(facts.relations)
    for index, group in enumerate(facts.objects):
        before = facts.objects[index - 1].kind if index else ""
        forward = next((each for each in waiting if (each[0], each[2]) == (before, group.kind)), None)
        backward = next((each for each in waiting if (each[0], each[2]) == (group.kind, before)), None)
        found = forward or backward
        if not found:
            chains.append(_noun(group))
            continue
        waiting.remove(found)
        said = (chains.pop(), _SIDED[found[1]], _noun(group))
        chains.append(" ".join(said if forward else reversed(said)))
    return "; ".join([*parts, ", ".join(chains)] if chains else parts)


def _noun(group: Group) -> str:
    kind = KINDS[group.kind]
    size = SIZE_WORDS[group.size][0] if group.size else ""
    words = " ".join(word for word in (size, group.colour, kind.name if group.count == 1 else kind.plural) if word)
    article = COUNT_WORDS[group.count]
    return f"{'an' if article == 'a' and words[0] in 'aeiou' else article} {words}"
