"""What can be asked of captions, and which of it each rater is asked, in which order and on which side; all of it
seeded.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from captioner.foundation.errors import InputError
from captioner.scores.words import BLANKLESS

Captions = Mapping[str, Mapping[str, str]]  # by system, then by image
PAIR, SCALE = "pair", "scale"
RATING, CHECK, REPEAT = "rating", "check", "repeat"
OWN, FOREIGN = "own", "foreign"  # the two sides of an attention check: a reference of this picture, one of another
TOGETHER = "+"  # between the names of systems that wrote the same caption
NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
COMPARED = 60  # references of other pictures that are looked at for an attention check
EVERYWHERE = 0.25  # share of the images above which a word says nothing of any of them
SPACING = 5  # tasks at least between a question and its repetition


@dataclass(frozen=True)
class Item:
    """One question: two captions of a picture (`pair`) or one (`scale`), each with the systems that wrote it."""

    kind: str
    role: str
    image: str
    captions: tuple[str, ...]
    systems: tuple[str, ...]


@dataclass(frozen=True)
class Sizes:
    """How much each rater is asked; `overlap`: how many raters answer each question where there are enough."""

    pairs: int
    scales: int
    overlap: int

    @property
    def checks(self) -> dict[str, int]:
        """Attention checks of each kind: one in ten, at least two where there is a question of the kind."""
        return {kind: max(2, ceil(n / 10)) if n else 0 for kind, n in ((PAIR, self.pairs), (SCALE, self.scales))}

    @property
    def repeats(self) -> int:
        """Pairs that are asked again with the sides exchanged: one in fifteen, at least one where there are ten."""
        return max(self.pairs // 15, int(self.pairs >= 10))


@dataclass(frozen=True)
class Asked:
    """A rater's task: the place of its item, whether its two captions change sides, and its role."""

    item: int
    swapped: bool
    role: str


def check_names(names: Iterable[str]) -> None:
    """InputError for a system's name that the table of ratings could not hold."""
    for name in names:
        if not NAME.fullmatch(name) or name in (OWN, FOREIGN):
            raise InputError(
                f"{name!r}: no name for captions; take up to 40 letters, digits, '_', '-' and '.', and neither "
                f"{OWN!r} nor {FOREIGN!r}"
            )


def chosen_images(captions: Captions, references: Mapping[str, Sequence[str]], count: int, seed: int) -> list[str]:
    """`count` of the images that every system and the references have, drawn by the seed.

    InputError where fewer than two systems or two such images are there.
    """
    check_names(captions)
    if len(captions) < 2:
        raise InputError("captions of one system only; a comparison needs those of two at least")
    shared = sorted(image for image in references if all(image in own for own in captions.values()))
    if len(shared) < 2:
        raise InputError("fewer than two images have a caption of every system and a reference; nothing to compare")
    return random.Random(f"{seed}/images").sample(shared, min(count, len(shared)))


def by_text(captions: Captions, image: str) -> dict[str, str]:
    """The distinct captions of one image with the systems that wrote each, their names joined."""
    texts: dict[str, list[str]] = {}
    for system, own in captions.items():
        texts.setdefault(own[image].strip(), []).append(system)
    return {text: TOGETHER.join(systems) for text, systems in texts.items()}


def questions(captions: Captions, images: Sequence[str], kind: str, count: int, seed: int) -> list[Item]:
    """At most `count` questions of a kind, spread evenly over the systems (or their pairs) and, by chance, images.

    Captions with the same words are one: they are not compared with one another, and rated once.
    """
    rng = random.Random(f"{seed}/{kind}")
    keys: dict[Item, list[Hashable]] = {}  # of each question, the systems or pairs of systems that it is about
    for image in images:
        texts = list(by_text(captions, image).items())
        for several in combinations(texts, 2 if kind == PAIR else 1):
            item = Item(kind, RATING, image, *(tuple(each) for each in zip(*several, strict=True)))
            names = [systems.split(TOGETHER) for systems in item.systems]
            keys[item] = [(a, b) for a in names[0] for b in names[1]] if kind == PAIR else list(names[0])
    items = list(keys)
    rng.shuffle(items)
    return evenly(items, keys, count)


def evenly(items: Sequence[Item], keys: Mapping[Item, Sequence[Hashable]], count: int) -> list[Item]:
    """At most `count` of the items, each in its turn the first one about the key that the fewest chosen are about."""
    waiting: dict[Hashable, list[Item]] = {}
    for item in reversed(items):
        for key in keys[item]:
            waiting.setdefault(key, []).append(item)
    about = dict.fromkeys(waiting, 0)
    found: dict[Item, None] = {}
    while waiting and len(found) < count:
        key = min(waiting, key=about.__getitem__)
        while waiting[key] and waiting[key][-1] in found:
            waiting[key].pop()
        if not waiting[key]:
            del waiting[key]
            continue
        item = waiting[key].pop()
        found[item] = None
        for each in keys[item]:
            about[each] += 1
    return list(found)


def words(text: str) -> set[str]:
    """The words of a text, in lower case; each sign of a script without blanks is one."""
    return set(re.findall(rf"[{BLANKLESS}]|[^\W{BLANKLESS}]+", text.lower()))


def attention_checks(references: Mapping[str, Sequence[str]], images: Sequence[str], seed: int) -> list[Item]:
    """For each image a pair and a scale whose right answers are known: a person's caption of this picture against, or
    only, one of another picture, that shares no word with those of this one but such as stand everywhere.

    An image without such a caption has none.
    """
    rng = random.Random(f"{seed}/checks")
    everything, found = sorted(references), []
    told = {image: set().union(*map(words, references[image])) for image in everything}
    often = Counter(word for each in told.values() for word in each)
    common = {word for word, times in often.items() if times > len(everything) * EVERYWHERE}
    for image in images:
        others = [other for other in rng.sample(everything, min(COMPARED, len(everything))) if other != image]
        texts = [rng.choice(list(references[other])) for other in others]
        foreign = [text for text in texts if (rare := words(text) - common) and not rare & told[image]]
        if foreign:
            own, other = rng.choice(list(references[image])), rng.choice(foreign)
            found.append(Item(PAIR, CHECK, image, (own, other), (OWN, FOREIGN)))
            found.append(Item(SCALE, CHECK, image, (other,), (FOREIGN,)))
    return found


def plan(items: Sequence[Item], times: Sequence[int], sizes: Sizes, rng: random.Random) -> list[Asked]:
    """What the next rater is asked: pairs, then scales; in each the questions that the fewest raters have, in random
    order, sides by chance, attention checks between them, and some pairs again with the sides exchanged.

    `times`: how many raters have each item so far.
    """
    tasks: list[Asked] = []
    for kind, count in ((PAIR, sizes.pairs), (SCALE, sizes.scales)):
        mine = [place for place, item in enumerate(items) if (item.kind, item.role) == (kind, RATING)]
        rng.shuffle(mine)
        mine = sorted(mine, key=lambda place: times[place])[:count]
        checks = [place for place, item in enumerate(items) if (item.kind, item.role) == (kind, CHECK)]
        checks = rng.sample(checks, min(sizes.checks[kind], len(checks)))
        rng.shuffle(mine)
        block = [Asked(place, kind == PAIR and rng.random() < 0.5, RATING) for place in mine]
        for place in checks:
            at = rng.randint(min(2, len(block)), len(block))  # a rater first sees what is asked
            block.insert(at, Asked(place, kind == PAIR and rng.random() < 0.5, CHECK))
        if kind == PAIR:
            again = [at for at, task in enumerate(block) if task.role == RATING and at < len(block) - SPACING]
            for at in rng.sample(again, min(sizes.repeats, len(again))):
                first = block[at]
                block.append(Asked(first.item, not first.swapped, REPEAT))
        tasks += block
    return tasks
