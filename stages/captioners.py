"""Stage `captioners`: captions of test and novel after the headline prompt by every other captioner of `captioners` in
params.yaml, each as an arm of its short name; a moment where there are none.

A second arm, NAME-blind, is the same model's caption of a uniform grey picture, one for all images: what it says
without seeing. Captions that were made before are kept, so that one more captioner does not make the others' again.
What hangs on the machine, seconds and memory, goes into a file of its own, on which nothing depends.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from captioner.captioning.captions import Caption, Record, write_records
from captioner.config.caption import CaptionConfig
from captioner.config.captioners import CaptionerConfig
from captioner.config.runtime import RuntimeConfig
from captioner.downloads.hub import fetch, title
from captioner.encoders.origin import folder_digest
from captioner.foundation.checkpoints import Parts
from captioner.foundation.processes import side_by_side
from captioner.foundation.runtime import prepare
from captioner.photographs.images import ManifestReader, read_manifest
from captioner.vision_language.base import Work, blank, caption_all
from stages import settings
from stages.study.splits import splits

SPLITS = ("test", "novel")


@dataclass(frozen=True)
class Wanted:
    """What every captioner is asked for."""

    prompt: str
    max_new_tokens: int
    runtime: RuntimeConfig
    seed: int
    manifest: Path
    images: dict[str, list[int]]  # by split

    @classmethod
    def open(cls) -> Wanted:
        """Of this study."""
        settings.source("images")  # where the manifest finds them
        images = {name: keys for name, keys in splits().items() if name in SPLITS and keys}
        return cls(
            settings.shared("prompt"), settings.section("caption", CaptionConfig).max_new_tokens,
            settings.section("runtime", RuntimeConfig), settings.shared("seed"), settings.source("manifest"), images,
        )  # fmt: skip


@dataclass(frozen=True)
class Made:
    """What one captioner has said, by split and of the grey picture, and what is told of it."""

    work: dict[str, Work]
    blind: Caption
    facts: dict[str, str | int]

    def records(self, name: str, images: dict[str, list[int]]) -> list[Record]:
        """The captions as those of two arms."""
        return [
            record
            for split, work in self.work.items()
            for key, caption in zip(images[split], work.captions, strict=True)
            for record in (Record(name, split, key, caption), Record(f"{name}-blind", split, key, self.blind))
        ]

    def costs(self) -> dict[str, float]:
        """Seconds a caption and the most bytes."""
        several = self.work.values()
        count = sum(len(work.captions) for work in several)
        seconds, memory = sum(work.seconds for work in several), max(work.memory for work in several)
        return {"seconds_a_caption": seconds / count, "peak_memory_bytes": memory}


def main() -> None:
    given = settings.shared("captioners")
    wanted = Wanted.open()
    records, facts, costs = [], {}, {}
    for name, entry in given.items():
        config = settings.validated(CaptionerConfig, entry, f"captioners.{name}")
        folder, vouched = fetch(config.name, config.revision, f"captioners.{name}")
        weights = folder_digest(folder)
        # Two, so that it has a process of its own: the most memory is this model's alone.
        (made,) = side_by_side([partial(captioned, name, config, folder, weights, wanted)], 2)
        records += made.records(name, wanted.images)
        facts[name] = {**made.facts, "model": title(config.name), "vouched": vouched, "sha256": weights}
        costs[name] = made.costs()
    with settings.target("captioned") as path:
        write_records(path, records)
    with settings.target("captioner_metrics") as path:
        settings.write_json(path, facts)
    with settings.target("captioner_costs") as path:
        settings.write_json(path, costs)
    settings.prune("captioners")


def captioned(name: str, config: CaptionerConfig, folder: Path, weights: str, wanted: Wanted) -> Made:
    """Everything that one captioner says; `weights`: their SHA-256."""
    from captioner.vision_language.pretrained import Pretrained

    device = prepare(wanted.runtime, wanted.seed)
    model = Pretrained.load(folder, config.template, device, config.dtype)
    reader = ManifestReader(read_manifest(wanted.manifest))
    cap, first = wanted.max_new_tokens, wanted.images["test"][0]
    model.check(wanted.prompt, cap)
    (blind,) = model.caption([blank(reader.open(first).size)], wanted.prompt, cap)
    work = {}
    for split, keys in wanted.images.items():
        used = (wanted.manifest, keys, weights, wanted.prompt, cap, asdict(config), asdict(wanted.runtime))
        parts, label = Parts(settings.store("captioners", *used)), f"{name}, {split}"
        work[split] = caption_all(model, reader.open, keys, wanted.prompt, cap, config.batch_size, label, parts)
    return Made(work, blind, {"kind": model.kind, "parameters": model.parameters, "vocabulary": model.vocabulary})


if __name__ == "__main__":
    settings.run(main)
