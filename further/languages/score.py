"""Stage `score`: in which language every caption comes out, CIDEr-D by that language's references, facts; a minute.

A caption is wanted in the language of its prompt; after the empty prompt in that of its map; after the empty prompt by
the map of all languages in the one that most captions are in.
"""

import json
from functools import cache

from captioner.config.compare import CompareConfig
from captioner.config.controls import ControlsConfig
from captioner.config.languages import SpokenConfig
from captioner.foundation.tables import write_named
from captioner.languages.gloss import gloss
from captioner.languages.known import LANGUAGES, MIXED, identified
from captioner.languages.scoring import Standard, heard
from captioner.statistics.intervals import Bootstrap, spread
from captioner.world.scene import Scene
from further.languages.parameters import part, prompts
from stages import settings
from stages.study.splits import splits

COLUMNS = (
    "split", "map", "prompt", "language", *LANGUAGES, MIXED, "cider", "cider_low", "cider_high", "cider_shuffled",
    "difference", "difference_low", "difference_high",
    "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high", "capped",
)  # fmt: skip
EXAMPLES = ("image_id", "map", "prompt", "language", "caption", "gloss")


def main() -> None:
    seed, ids, spoken = settings.shared("seed"), splits(), prompts()
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    derangements = settings.validated(ControlsConfig, settings.shared("controls"), "controls").derangements
    facts = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    told = json.loads(settings.source("further_languages_captions").read_text(encoding="utf-8"))
    said = json.loads(settings.source("further_languages_said").read_text(encoding="utf-8"))
    of = {text: code for code, several in spoken.items() for text in several if text}
    scenes = {split: [Scene.from_json(facts[str(key)]) for key in ids[split]] for split in ("test", "novel")}
    bootstraps = {
        split: Bootstrap(len(found), 1, statistics.resamples, statistics.confidence, seed)
        for split, found in scenes.items()
    }

    @cache
    def standard(code: str, form: str, split: str) -> Standard:
        references = [told[f"{code}/{form}"][str(key)] for key in ids[split]]
        return Standard(LANGUAGES[code], references, f"{seed}/languages/{split}", derangements)

    scored, examples = {}, []
    shown = ids["test"][: part("spoken", SpokenConfig).examples]
    for record in said:
        split, prompt, captions = record["split"], record["prompt"], record["captions"]
        found = heard(captions, scenes[split])
        code = of.get(prompt, record["map"] if record["map"] in LANGUAGES else found.most())
        scores = standard(code, LANGUAGES[code].governed(prompt), split).scores(captions)
        scored[record["map"], prompt, split] = (code, found, *scores, record["capped"])
        for key, caption in zip(shown if split == "test" else [], captions, strict=False):
            spoken_in = identified(caption)
            read = gloss(LANGUAGES[spoken_in].read_facts(caption)) if spoken_in in LANGUAGES else ""
            examples.append([key, record["map"], prompt, spoken_in, caption, read])
    rows = []
    for (name, prompt, split), (code, found, scores, shuffled, capped) in scored.items():
        bootstrap, own = bootstraps[split], scored[code, prompt, split][2]  # by the map of the wanted language
        right, wrong, true = (values[None] for values in (found.right, found.wrong, found.true))
        rows.append(
            {
                "split": split, "map": name, "prompt": prompt, "language": code, "capped": capped,
                **{each: found.share(each) for each in (*LANGUAGES, MIXED)},
                **spread("cider", bootstrap.interval(scores[None])), "cider_shuffled": float(shuffled.mean()),
                **spread("difference", bootstrap.interval((scores - own)[None])),
                **spread("precision", bootstrap.ratio(right, right + wrong)),
                **spread("recall", bootstrap.ratio(right, true)),
            }
        )  # fmt: skip
    with settings.target("further_languages_results") as path:
        write_named(path, COLUMNS, rows)
    with settings.target("further_languages_examples") as path:
        write_named(path, EXAMPLES, [dict(zip(EXAMPLES, row, strict=True)) for row in examples])


if __name__ == "__main__":
    settings.run(main)
