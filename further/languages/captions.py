"""Stage `captions`: every image's captions in every language, in each form that a prompt asks for; ten seconds.

The draws are the study's own, so that the English captions are those of the study.
"""

import json
import random

from captioner.config.data import SOURCES, DrawnData
from captioner.foundation.errors import InputError
from captioner.languages.known import LANGUAGES
from captioner.world.scene import Scene
from further.languages.parameters import prompts
from stages import settings
from stages.study.splits import splits


def main() -> None:
    seed, config = settings.shared("seed"), settings.section("data", SOURCES)
    if not isinstance(config, DrawnData):
        raise InputError("params.yaml: study: only the drawn world is told in several languages; set study: scenes")
    facts = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    scenes = {str(key): Scene.from_json(facts[str(key)]) for keys in splits().values() for key in keys}
    told = {
        f"{code}/{LANGUAGES[code].governed(opening)}": {
            key: LANGUAGES[code].references(scene, random.Random(f"{seed}/captions/{key}"), config.references, opening)
            for key, scene in scenes.items()
        }
        for code, several in prompts().items()
        for opening in {LANGUAGES[code].governed(text): text for text in several}.values()
    }
    with settings.target("further_languages_captions") as path:
        path.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    settings.run(main)
