"""Stage `decode`: several captions of every picture of val and test after the headline prompt, by every map and every
way of decoding but the greedy one, whose captions stage `caption` has made. Two minutes on two cores.
"""

from dataclasses import asdict
from functools import cache, partial

from captioner.captioning.captions import by_arm, read_records
from captioner.config.runtime import RuntimeConfig
from captioner.decoding.base import decode_all
from captioner.decoding.several import Several, write_several
from captioner.foundation.checkpoints import Parts
from captioner.foundation.processes import side_by_side
from captioner.foundation.runtime import prepare
from further.decoding.ways import part, ways
from stages import settings
from stages.study.captioning import Captioning

SPLITS = ("val", "test")


@cache
def opened(threads: int) -> Captioning:
    """The study's captioner in a process of so many threads."""
    study = Captioning.open(settings.shared("prompt"))
    prepare(study.runtime, settings.shared("seed"), threads)
    return study


def decoded(name: str, number: int, threads: int) -> list[Several]:
    """The captions by one way and one map."""
    study = opened(threads)
    decoding, path, rows = ways(part("decoding"), settings.shared("seed"))[name], study.seeds()[number], []
    for split in SPLITS:
        keys = study.splits[split]
        kept = settings.store(
            "decoding", path, study.folder, settings.source("embeddings"), keys, study.prompt, asdict(study.config),
            asdict(study.runtime), name, asdict(decoding),
        )  # fmt: skip
        made = decode_all(
            decoding, study.decoder, study.vocabulary, study.prefix(path, keys), study.prompt, list(map(str, keys)),
            study.config.max_new_tokens, study.config.batch_size, f"{name}, seed {number + 1}, {split}", Parts(kept),
        )  # fmt: skip
        rows += [Several.of(name, split, number, key, one) for key, one in zip(keys, made, strict=True)]
    return rows


def main() -> None:
    runtime, seed = settings.section("runtime", RuntimeConfig), settings.shared("seed")
    on_cpu = prepare(runtime, seed).type == "cpu"
    greedy = by_arm(read_records(settings.source("arms")))
    maps = [number for arm, split, number in greedy if (arm, split) == ("linear", "test")]
    names = list(ways(part("decoding"), seed))
    processes = min(runtime.threads, len(names) * len(maps)) if on_cpu else 1
    share = max(1, runtime.threads // processes)
    made = side_by_side([partial(decoded, name, number, share) for name in names for number in maps], processes)
    study = opened(share)
    rows = [
        Several.of("greedy", split, number, key, [one])
        for number in maps
        for split in SPLITS
        for key, one in zip(study.splits[split], greedy["linear", split, number], strict=True)
    ]
    with settings.target("further_decoding_captions") as path:
        write_several(path, [*rows, *(row for several in made for row in several)])
    settings.forget("decoding")


if __name__ == "__main__":
    settings.run(main)
