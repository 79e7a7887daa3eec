"""The tiny study of the fixture `study`, with what stages of another pipeline open; they are run in this process."""

from __future__ import annotations

import importlib
import json
import random
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML
from small_study import edit

from captioner.application.project import Project
from captioner.bridge.base import Shape
from captioner.bridge.files import save_bridge
from captioner.bridge.linear import Projection
from captioner.decoders.decoder import Decoder
from captioner.decoders.tokens import TokenTable
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import load_encoder
from captioner.foundation.embeddings import Embeddings
from captioner.photographs.annotations import Captions, write_captions
from captioner.world.language import references
from captioner.world.scene import Scene
from stages import settings


@dataclass(frozen=True)
class Tiny:
    """A study: its project, the images of each split, and of each image the scene and the captions."""

    project: Project
    ids: Mapping[str, list[int]]
    scenes: Mapping[int, Scene]
    captions: Mapping[int, list[str]]

    @property
    def keys(self) -> list[int]:
        """All images, split by split."""
        return list(self.captions)

    def embed(self) -> torch.Tensor:
        """Embeddings [N, D] of all images, for which their first captions stand, in place of encoder's and judge's."""
        judge = load_encoder(self.project.path("judge"), torch.device("cpu"))
        vectors = judge.encode_texts([self.captions[key][0] for key in self.keys])
        for name in ("embeddings", "judged"):
            Embeddings(self.keys, vectors).save(self.project.path(name))
        return vectors

    def tokenise(self, vocabulary: Vocabulary) -> None:
        """The tokens of the captions of train and val."""
        keys = [key for name in ("train", "val") for key in self.ids[name]]
        TokenTable.build({key: self.captions[key] for key in keys}, vocabulary).save(self.project.path("tokens"))

    def project_by_two(self, decoder: Decoder, vectors: torch.Tensor) -> list[Projection]:
        """Two untrained maps in place of the study's one."""
        folder, made = self.project.path("projections"), []
        folder.unlink()  # one map in a file of that name, until here
        folder.mkdir()
        for number in range(2):
            torch.manual_seed(number)
            made.append(Projection(Shape(vectors.shape[1], 4, decoder.width)))
            made[-1].start(vectors, True, 3 * decoder.mean_norm)
            save_bridge(made[-1], folder / f"{number}.safetensors")
        return made

    def set(self, change: Callable[[dict], None], own: str, values: Mapping) -> None:
        """Change params.yaml, and write the parameters of a pipeline into its file `own`."""
        edit(self.project.folder, change)
        path = self.project.folder / own
        path.parent.mkdir(parents=True)
        with path.open("w", encoding="utf-8") as file:
            YAML().dump(values, file)


def extended(study: Path, folder: Path, scenes: Sequence[Scene], sizes: Mapping[str, int], captions: int) -> Tiny:
    """A copy of the study in `folder` with splits of these sizes: 100, 101, ... the first, 200, 201, ... the second."""
    shutil.copytree(study, folder)
    project, rng = Project(folder), random.Random("tiny")
    ids = {name: [100 * n + i for i in range(size)] for n, (name, size) in enumerate(sizes.items(), start=1)}
    drawn = dict(zip([key for several in ids.values() for key in several], scenes[2000:], strict=False))
    told = {key: references(scene, rng, captions) for key, scene in drawn.items()}
    for name, splits in (("captions_train", ("train", "val")), ("captions_test", ("test", "novel"))):
        mine = [key for split in splits for key in ids[split]]
        write_captions(project.path(name), Captions({k: f"{k}.png" for k in mine}, {k: told[k] for k in mine}), name)
    project.path("facts").write_text(json.dumps({str(key): scene.to_json() for key, scene in drawn.items()}))
    project.path("split").write_text(json.dumps({"splits": ids}), encoding="utf-8")
    project.path("checked").touch()
    return Tiny(project, ids, drawn, told)


def run(folder: Path, modules: Iterable[str]) -> None:
    """Run these stages in the study's folder, whose settings are read anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings.document.cache_clear()
        try:
            for name in modules:
                importlib.import_module(name).main()
        finally:
            settings.document.cache_clear()
