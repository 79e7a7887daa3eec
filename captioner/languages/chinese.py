"""Chinese: measure words between numeral and noun, what describes before what is described, no blanks."""

from __future__ import annotations

import random
import re

from captioner.languages.language import Language, listed
from captioner.scores.metrics import Tokens
from captioner.scores.words import characters
from captioner.world.language import STYLES, Facts
from captioner.world.scene import Group, Scene

# Noun and measure word: those that CC-CEDICT gives for the noun, or for its last part where it gives none; the general
# one where it gives none for either.
NOUNS = {
    "car": ("汽车", "辆"), "bus": ("公共汽车", "辆"), "truck": ("卡车", "辆"), "bicycle": ("自行车", "辆"),
    "dog": ("狗", "只"), "cat": ("猫", "只"), "horse": ("马", "匹"), "cow": ("牛", "头"), "sheep": ("绵羊", "只"),
    "bird": ("鸟", "只"), "tree": ("树", "棵"), "house": ("房子", "座"), "umbrella": ("雨伞", "把"),
    "kite": ("风筝", "个"), "ball": ("球", "个"), "boat": ("船", "条"), "chair": ("椅子", "把"),
    "table": ("桌子", "张"), "lamp": ("台灯", "盏"), "sofa": ("沙发", "张"), "cup": ("杯子", "个"),
    "apple": ("苹果", "个"), "book": ("书", "本"), "vase": ("花瓶", "个"),
}  # fmt: skip
COLOURS = {
    "red": "红色", "orange": "橙色", "yellow": "黄色", "green": "绿色", "blue": "蓝色", "purple": "紫色",
    "pink": "粉红色", "brown": "棕色", "black": "黑色", "white": "白色",
}  # fmt: skip
SIZES = {"small": ("小", "很小的"), "medium": ("",), "large": ("大", "很大的")}  # before the noun; before all else
NUMERALS = {1: "一", 2: "两", 3: "三"}
STATES = {
    "car": "停着", "bus": "停着", "truck": "停着", "bicycle": "停着", "boat": "停着", "bird": "停着", "dog": "坐着",
    "cat": "坐着", "horse": "站着", "cow": "吃草", "sheep": "吃草", "tree": "长着", "house": "立着",
    "umbrella": "撑开", "kite": "飞着", "ball": "放着", "chair": "摆着", "table": "摆着", "lamp": "摆着",
    "sofa": "摆着", "cup": "放着", "apple": "放着", "book": "放着", "vase": "摆着",
}  # fmt: skip
PLACES = {
    "street": ("街上", "街道上", "马路边"),
    "park": ("公园里", "草地上", "绿色的公园里"),
    "beach": ("海滩上", "海边", "沙滩上"),
    "farm": ("农场里", "田野里", "谷仓前"),
    "lake": ("湖边", "湖畔", "水边"),
    "snow": ("雪地里", "雪地上", "积雪的山坡上"),
    "kitchen": ("厨房里", "明亮的厨房里"),
    "living room": ("客厅里", "舒适的客厅里"),
    "bedroom": ("卧室里", "安静的卧室里"),
}
VIEWS = {
    "street": ("街道", "马路"),
    "park": ("公园", "绿色的公园"),
    "beach": ("海滩", "沙滩"),
    "farm": ("农场", "田野"),
    "lake": ("湖边", "湖畔"),
    "snow": ("雪地", "积雪的山坡"),
    "kitchen": ("厨房", "明亮的厨房"),
    "living room": ("客厅", "舒适的客厅"),
    "bedroom": ("卧室", "安静的卧室"),
}
RELATIONS = {  # what stands between the first thing and the second, which is there
    "on": ("上的", "上面的"),
    "under": ("下的", "下面的"),
    "above": ("上方的", "上空的"),
    "left": ("旁边的", "左边的", "左侧的"),
    "right": ("旁边的", "右边的", "右侧的"),
}
UNSIDED = "旁边的"
MIRRORED = {"left": "right", "right": "left"}
OPENINGS = {
    "": STYLES,
    "这张照片里有": ("plain", "verb"),
    "图片里有": ("plain", "short"),
    "图像中有": ("short", "plain"),
    "这张详细的照片里有": ("full",),
    "这张逼真的图片里有": ("plain", "full"),
    "这幅图显示了": ("relation", "scene"),
    "这幅画描绘了": ("verb", "relation"),
    "我们在这里看到": ("scene", "verb"),
    "这张图片里有": ("plain", "relation"),
    "这是什么？这是": ("short", "plain"),
}
SIGNS = frozenset("，。、？：；！")


def noun_phrase(group: Group, size: str = "", colour: bool = True) -> str:
    """Numeral, measure word, what describes, noun; `size` as a word of SIZES."""
    noun, measure = NOUNS[group.kind]
    tint = f"{COLOURS[group.colour]}的" if colour and group.colour else ""
    before, beside = (size, "") if size.endswith("的") else ("", size)
    return f"{NUMERALS[group.count]}{measure}{before}{tint}{beside}{noun}"


def _listed(phrases: list[str]) -> str:
    return listed(phrases, "、", "和")


def _any(words) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_KINDS = {noun: kind for kind, (noun, _) in NOUNS.items()}
_SAID_COLOURS = {word: colour for colour, word in COLOURS.items()}
_SAID_COUNTS = {word: count for count, word in NUMERALS.items()}
_SAID_SIZES = {word: size for size, words in SIZES.items() for word in words if word}
_SAID_PLACES = {text: name for table in (PLACES, VIEWS) for name, several in table.items() for text in several}
_SAID_RELATIONS = {text: name for name, several in RELATIONS.items() for text in several if text != UNSIDED}
_OBJECT = re.compile(
    rf"(?P<count>{_any(_SAID_COUNTS)})(?:{_any({measure for _, measure in NOUNS.values()})})"
    rf"(?P<before>{_any(word for word in _SAID_SIZES if word.endswith('的'))})?"
    rf"(?:(?P<colour>{_any(_SAID_COLOURS)})的)?"
    rf"(?P<beside>{_any(word for word in _SAID_SIZES if not word.endswith('的'))})?(?P<kind>{_any(_KINDS)})"
)
_PLACE = re.compile(_any(_SAID_PLACES))


class Chinese(Language):
    """The styles of the English grammar in Chinese words and Chinese order."""

    name = "Chinese"
    openings = OPENINGS
    blank = ""
    stop = "。"

    def phrase(self, scene: Scene, style: str, rng: random.Random, opening: str = "") -> str:
        """What follows an opening does not depend on it."""
        groups = rng.sample(scene.groups, len(scene.groups))
        place = rng.choice(PLACES[scene.setting])

        def sized(group: Group) -> str:
            return noun_phrase(group, rng.choice(SIZES[group.size]))

        match style:
            case "full":
                return f"{place}的{_listed([sized(group) for group in groups])}"
            case "relation":
                return sized(groups[0]) if len(groups) == 1 else self._related(scene, place, rng)
            case "plain":
                return f"{place}的{_listed([noun_phrase(group) for group in groups[: rng.randint(1, 2)]])}"
            case "scene":
                held = _listed([noun_phrase(group) for group in groups])
                return f"有{held}的{rng.choice(VIEWS[scene.setting])}"
            case "verb":
                told = f"在{place}{STATES[groups[0].kind]}的{noun_phrase(groups[0])}"
                beside = len(groups) > 1 and rng.random() < 0.5
                return f"{told}和{noun_phrase(groups[1])}" if beside else told
            case "short":
                return _listed([noun_phrase(group, colour=False) for group in groups])
        raise KeyError(style)

    @staticmethod
    def _related(scene: Scene, place: str, rng: random.Random) -> str:
        first, second, relation = scene.groups[0], scene.groups[1], scene.relation
        if relation in MIRRORED and rng.random() < 0.5:
            first, second, relation = second, first, MIRRORED[relation]
        told = f"{noun_phrase(first)}{rng.choice(RELATIONS[relation])}{noun_phrase(second)}"
        return f"{place}的{told}" if rng.random() < 0.4 else told

    def read_facts(self, caption: str) -> Facts:
        """ "旁边" asserts no side and is not counted; any measure word is taken."""
        text = "".join(caption.split())
        matches = list(_OBJECT.finditer(text))
        objects = tuple(
            Group(
                _KINDS[found["kind"]], _SAID_COLOURS.get(found["colour"], ""),
                _SAID_SIZES.get(found["before"] or found["beside"], ""), _SAID_COUNTS[found["count"]],
            )
            for found in matches
        )  # fmt: skip
        relations = []
        for index in range(len(matches) - 1):
            between = text[matches[index].end() : matches[index + 1].start()]
            if between in _SAID_RELATIONS:  # the second thing is there, seen from the first
                relations.append((objects[index + 1].kind, _SAID_RELATIONS[between], objects[index].kind))
        return Facts(objects, frozenset(_SAID_PLACES[found] for found in _PLACE.findall(text)), tuple(relations))

    def words(self, caption: str) -> Tokens:
        """Its characters, without punctuation."""
        return tuple(word for word in characters(caption) if word not in SIGNS)

    def texts(self) -> list[str]:
        tables = (_KINDS, _SAID_COLOURS, _SAID_SIZES, _SAID_PLACES, NUMERALS.values(), STATES.values())
        relations = [text for several in RELATIONS.values() for text in several]
        return [text for table in tables for text in table] + [measure for _, measure in NOUNS.values()] + [
            *relations, "在有的和",
        ]  # fmt: skip
