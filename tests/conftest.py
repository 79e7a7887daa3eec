"""What the tests share: a tiny vocabulary, a tiny GPT-2 that has learnt a little, captions of some scenes, a CLIP."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import hypothesis
import pytest
import torch
from committed import committed
from filelock import FileLock
from ruamel.yaml import YAML

from captioner.application.captioner import Captioner
from captioner.application.project import Project
from captioner.bridge.base import Shape
from captioner.bridge.files import save_bridge
from captioner.bridge.linear import Projection
from captioner.config.decoder import TrainedDecoder
from captioner.config.encoder import TrainedEncoder
from captioner.decoders.decoder import Decoder
from captioner.decoders.tokens import TokenTable
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import ClipEncoder, save_clip
from captioner.foundation.checkpoints import Checkpoints
from captioner.miniatures import contrastive, language_model
from captioner.photographs.images import manifest_rows, write_archive, write_manifest
from captioner.world.drawing import draw
from captioner.world.language import document, references
from captioner.world.scene import Scene, sample_scene

torch.set_num_threads(1)
hypothesis.settings.register_profile(  # the same examples on every machine, however slow it is, and nothing kept
    "same", derandomize=True, deadline=None, database=None, max_examples=60,
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip
hypothesis.settings.load_profile("same")

ROOT = Path(__file__).parents[1]
LONG = {"pipeline": 10, "slow": 3, "needs_chromium": 1, "needs_latex": 1}  # by mark, about how long a test is
CPU = torch.device("cpu")
LANGUAGE = {
    "source": "trained", "documents": 400, "sentences": 3, "tied": 0.5, "vocabulary": 400, "width": 64, "layers": 2,
    "positions": 96, "steps": 200, "batch_size": 16, "sequence": 32, "learning_rate": 0.006, "warmup": 0.05,
    "weight_decay": 0.0,
}  # fmt: skip
SIGHT = {
    "source": "trained", "resolution": 32, "width": 4, "embedding": 16, "context": 32, "text_width": 64,
    "text_layers": 2, "steps": 6, "batch_size": 4, "learning_rate": 0.01, "warmup": 0.2, "weight_decay": 0.05,
    "crop": 2,
}  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help="only what needs no pipeline, no browser, no PDF and little time"
    )


@pytest.fixture
def dvc_alone() -> Iterator[None]:
    """Tests run side by side, but DVC in the project itself one at a time."""
    (ROOT / ".dvc/tmp").mkdir(exist_ok=True)
    with FileLock(ROOT / ".dvc/tmp/tests.lock"):
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        left = [item for item in items if set(LONG) & {mark.name for mark in item.iter_markers()}]
        items[:] = [item for item in items if item not in set(left)]
        config.hook.pytest_deselected(items=left)
    weights: Counter[Path] = Counter()
    for item in items:
        weights[item.path] += max((LONG.get(mark.name, 0) for mark in item.iter_markers()), default=0)
    items.sort(key=lambda item: -weights[item.path])  # a file that takes minutes is not the last one to begin


class Interruption(Exception):
    """What stops a training in a test."""


class Interrupting(Checkpoints):
    """Checkpoints that raise after so many saves, as a process that is killed there: only the file is left."""

    def __init__(self, folder, saves):
        super().__init__(folder)
        self.left = saves

    def save(self, state):
        super().save(state)
        self.left -= 1
        if not self.left:
            raise Interruption


@pytest.fixture(scope="session")
def scenes() -> list[Scene]:
    rng = random.Random("tests")
    return [sample_scene(rng) for _ in range(3000)]


@pytest.fixture(scope="session")
def documents(scenes) -> list[str]:
    rng = random.Random("documents")
    return [document(scene, rng, LANGUAGE["sentences"], LANGUAGE["tied"]) for scene in scenes[: LANGUAGE["documents"]]]


@pytest.fixture(scope="session")
def vocabulary(documents) -> Vocabulary:
    return Vocabulary.train(documents, LANGUAGE["vocabulary"])


@pytest.fixture(scope="session")
def language() -> TrainedDecoder:
    return TrainedDecoder(**LANGUAGE)


@pytest.fixture(scope="session")
def sight() -> TrainedEncoder:
    return TrainedEncoder(**SIGHT)


@pytest.fixture(scope="session")
def decoder(language, vocabulary, documents, tmp_path_factory) -> Decoder:
    """A GPT-2 that has seen some documents; shared, so no test may change it."""
    checkpoints = Checkpoints(tmp_path_factory.mktemp("decoder"))
    model, _ = language_model.train_decoder(language, vocabulary, documents, 1, "float32", checkpoints)
    model.zero_grad(set_to_none=True)
    return Decoder(model, CPU)


@pytest.fixture(scope="session")
def captions(scenes) -> dict[int, list[str]]:
    """Three captions of each of forty images, whose ids are neither sorted nor dense."""
    rng = random.Random("captions")
    return {7 * index % 101: references(scene, rng, 3) for index, scene in enumerate(scenes[1000:1040], start=1)}


@pytest.fixture(scope="session")
def table(captions, vocabulary) -> TokenTable:
    return TokenTable.build(captions, vocabulary)


@pytest.fixture
def clip_model(sight):
    """An untrained tiny CLIP with the full token table."""
    torch.manual_seed(1)
    return contrastive.build(sight, contrastive.VOCABULARY).eval()


@pytest.fixture
def projection(decoder) -> Projection:
    """A projection of embeddings of 16 dimensions to 4 prefix embeddings of the decoder."""
    torch.manual_seed(2)
    return Projection(Shape(16, 4, decoder.width))


@pytest.fixture(scope="session")
def embeddings(captions) -> torch.Tensor:
    """A random unit-norm embedding [40, 16] of each image, in the order of `captions`."""
    drawn = torch.randn(len(captions), 16, generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.normalize(drawn, dim=-1)


@pytest.fixture(scope="session")
def study(decoder, vocabulary, scenes, sight, tmp_path_factory) -> Path:
    """A project as `dvc repro` leaves it, with tiny models and nine pictures of split test; no test may change it."""
    folder = tmp_path_factory.mktemp("study")
    params = YAML().load(committed("params.yaml"))
    params["scenes"]["runtime"].update(threads=1, dtype="float32")
    params["scenes"]["caption"]["max_new_tokens"] = 12
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)
    shutil.copyfile(ROOT / "paths.yaml", folder / "paths.yaml")
    project = Project(folder)
    torch.manual_seed(1)
    clip_model = contrastive.build(sight, contrastive.VOCABULARY).eval()
    for name in ("encoder", "judge"):
        save_clip(clip_model, project.path(name), "a tiny CLIP", "trained here")
    language_model.save_decoder(decoder.model, vocabulary, project.path("decoder"))
    encoder = ClipEncoder(clip_model, CPU)
    files, drawn = [], []
    for index, scene in enumerate(scenes[:9]):
        written = io.BytesIO()
        drawn.append(draw(scene, random.Random(index), 64))
        drawn[-1].save(written, "PNG")
        files.append((f"{index:012}.png", written.getvalue()))
    embeddings = encoder.encode_images(torch.stack([encoder.preprocess(picture) for picture in drawn]))
    torch.manual_seed(2)
    projection = Projection(Shape(encoder.width, 4, decoder.width))
    projection.start(embeddings, True, 3 * decoder.mean_norm)  # so that pictures differ in their captions
    project.projection.parent.mkdir(exist_ok=True)
    save_bridge(projection, project.projection)
    for name in ("images", "split", "scores", "headline"):
        (project.path(name) if name == "images" else project.path(name).parent).mkdir(parents=True, exist_ok=True)
    archive = project.path("images") / "test.tar"
    write_archive(archive, files)
    rows = manifest_rows(archive, "test", {index: name for index, (name, _) in enumerate(files)})
    inside = archive.relative_to(folder).as_posix()
    write_manifest(project.path("manifest"), [replace(row, location=inside) for row in rows])
    project.path("split").write_text(json.dumps({"splits": {"test": list(range(9))}}), encoding="utf-8")
    project.path("headline").write_text(json.dumps({"cider": 1.25, "trial_run": False}), encoding="utf-8")
    scores = "".join(f"0,test,{index},x,{10 * index}\n1,test,{index},x,70\n" for index in range(9))
    header = "seed,split,image_id,caption,clip_score"
    project.path("scores").write_text(f"{header}\n{scores}0,novel,9,x,99\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def pictures(study, tmp_path_factory) -> list[Path]:
    """The study's test pictures as files."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for example in Project(study).examples(9):
        paths.append(folder / example.file_name)
        paths[-1].write_bytes(example.content)
    return paths


@pytest.fixture(scope="session")
def captioner(study) -> Captioner:
    """The tiny study's captioner."""
    return Captioner.of_project(study)
