"""The study `coco` at COCO 2017's size with tiny random backbones: seconds and memory of every stage.

    python -m benchmarks.coco_size FOLDER [--train 118287] [--test 5000] [--report benchmarks/coco_size.json]

Makes FOLDER/coco (as many photographs and captions as COCO has; the photographs are a few hundred, linked),
FOLDER/models and FOLDER/project, a copy of this project with the default parameters of `coco` but one epoch a training,
and runs `dvc repro` there without the paper. What grows with the data is of its true size; what grows with the models
is not. Memory is what all processes of a stage have at once, shared pages counted once, sampled twice a second.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image
from ruamel.yaml import YAML
from tqdm import tqdm

from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.openai_clip import CLIP
from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)
from captioner.foundation.atomic import replacing

from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast  # isort: skip

DISTINCT = 400  # photographs
CLIP_SIZES = (512, 32, 1, 64, 16, 77, 49408, 64, 1, 1)  # embeddings as wide as those of ViT-B
GPT2_SIZES = {"n_embd": 64, "n_layer": 1, "n_head": 1, "n_positions": 128, "vocab_size": 2000}
OUT = Path("benchmarks/coco_size.json")
EVERY = 0.5  # seconds between two samples of memory
STAGE = re.compile(r"-m stages\.(\w+)")


def sentences(rng: random.Random) -> Iterator[str]:
    """Captions of 8 to 13 words, of 10,000 words that are as frequent as their ranks say (Zipf)."""
    words = ["".join(rng.choices("abcdefghijklmnoprstuvwz", k=rng.randint(2, 8))) for _ in range(10_000)]
    weights = np.cumsum(1 / np.arange(1, len(words) + 1)).tolist()
    while True:
        yield f"A {' '.join(rng.choices(words, cum_weights=weights, k=rng.randint(7, 12)))}."


def photographs(folder: Path) -> list[Path]:
    """Files of noise that is blurred as photographs are."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, paths = np.random.default_rng(0), []
    for number in range(DISTINCT):
        noise = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        written = io.BytesIO()
        noise.resize((64, 48), Image.Resampling.BICUBIC).save(written, "JPEG")
        paths.append(folder / f"{number}.jpg")
        paths[-1].write_bytes(written.getvalue())
    return paths


def layout(folder: Path, files: Sequence[Path], name: str, first: int, count: int, said: Iterator[str]) -> None:
    """A set in COCO's layout, five captions a photograph."""
    (folder / name).mkdir(parents=True)
    (folder / "annotations").mkdir(exist_ok=True)
    images = [{"id": key, "file_name": f"{key:012d}.jpg"} for key in range(first, first + count)]
    for row in tqdm(images, name, unit=" photographs", mininterval=1.0):
        os.link(files[row["id"] % len(files)], folder / name / row["file_name"])
    captions = [
        {"id": 5 * row["id"] + number, "image_id": row["id"], "caption": next(said)}
        for row in images
        for number in range(5)
    ]
    document = {"images": images, "annotations": captions}
    (folder / "annotations" / f"captions_{name}.json").write_text(json.dumps(document), encoding="utf-8")


def models(folder: Path, said: Iterator[str]) -> None:
    """Encoder and judge as files of OpenAI's, a GPT-2 as a folder."""
    folder.mkdir(parents=True)
    for seed, name in enumerate(("encoder", "judge")):
        torch.manual_seed(seed)
        torch.save(CLIP(*CLIP_SIZES).half().float().state_dict(), folder / f"{name}.pt")
    vocabulary = Vocabulary.train([next(said) for _ in range(20_000)], GPT2_SIZES["vocab_size"])
    stop = vocabulary.stop
    GPT2LMHeadModel(GPT2Config(**GPT2_SIZES, bos_token_id=stop, eos_token_id=stop)).save_pretrained(folder / "gpt2")
    told = vocabulary.tokenizer.id_to_token(stop)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=vocabulary.tokenizer, bos_token=told, eos_token=told)
    tokenizer.save_pretrained(folder / "gpt2")


def project(folder: Path, made: Path) -> Path:
    """A copy of this project, without results, set to this study."""
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    for name in listed:
        if not name.endswith("dvc.lock"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, folder / name)
    yaml = YAML()
    params = yaml.load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["study"], study = "coco", params["coco"]
    study["data"]["folder"] = str(made / "coco")
    for section in ("encoder", "judge"):
        study[section].update(file=str(made / f"models/{section}.pt"), trust_archive=True)
    study["decoder"]["name"] = str(made / "models/gpt2")
    study["runtime"]["device"] = "cpu"
    study["projection"]["epochs"] = study["finetune"]["epochs"] = 1
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(params, file)
    subprocess.run(["dvc", "config", "--local", "core.no_scm", "true"], cwd=folder, check=True)
    return folder


def held(process: psutil.Process) -> int:
    """Bytes of a process and all that it has started, shared pages in equal parts."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            total += each.memory_full_info().pss
    return total


class Watch(threading.Thread):
    """The most memory and the seconds of every stage that a `dvc repro` runs."""

    def __init__(self, parent: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.parent = parent
        self.peaks: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    def run(self) -> None:
        before = time.monotonic()
        with suppress(psutil.NoSuchProcess):  # the build has ended
            while self.parent.status() != psutil.STATUS_ZOMBIE:
                time.sleep(EVERY)
                now = time.monotonic()
                for child in self.parent.children():
                    self.sample(child, now - before)
                before = now

    def sample(self, child: psutil.Process, seconds: float) -> None:
        """Count these seconds, and what it holds, for the stage that a process is, if it is one."""
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if found := STAGE.search(" ".join(child.cmdline())):
                name = found[1]
                self.peaks[name] = max(self.peaks.get(name, 0), held(child))
                self.seconds[name] = self.seconds.get(name, 0.0) + seconds


def made(folder: Path, train: int, test: int) -> None:
    """The set in COCO's layout and the models."""
    said = sentences(random.Random(0))
    files = photographs(folder / "photographs")
    layout(folder / "coco", files, "train2017", 1, train, said)
    layout(folder / "coco", files, "val2017", train + 1, test, said)
    models(folder / "models", said)


def arguments() -> argparse.Namespace:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        "benchmarks.coco_size", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where everything is made; it should not be there yet")
    parser.add_argument("--train", type=int, default=118_287, metavar="N", help="photographs (COCO's 118287)")
    parser.add_argument("--test", type=int, default=5_000, metavar="N", help="photographs (COCO's 5000)")
    parser.add_argument("--report", type=Path, default=OUT, metavar="FILE", help=f"default: {OUT}")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    folder = given.folder.resolve()
    where = folder / "project"
    if not where.is_dir():
        made(folder, given.train, given.test)
        project(where, folder)
    build = subprocess.Popen(["dvc", "repro", "figures", "report"], cwd=where)
    watch = Watch(psutil.Process(build.pid))
    watch.start()
    status = build.wait()
    watch.join()
    rows = {
        name: {"megabytes": round(peak / 1e6), "seconds": round(watch.seconds[name])}
        for name, peak in watch.peaks.items()
    }
    with replacing(given.report) as path:
        path.write_text(json.dumps({"train": given.train, "test": given.test, "stages": rows}, indent=1) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
