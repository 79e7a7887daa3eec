"""A project that was built, as its commands see it: where its models lie and with which settings they were used."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML, YAMLError

from captioner.application.examples import Example, read_examples
from captioner.config.caption import CaptionConfig
from captioner.config.embed import EmbedConfig
from captioner.config.judge import JUDGES
from captioner.config.runtime import RuntimeConfig
from captioner.config.section import Dtype, Positive, section
from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class Places:
    """Where the four parts of a captioner lie: three folders with an origin, and the projection's file."""

    encoder: Path
    decoder: Path
    judge: Path
    projection: Path


@section
class Settings:
    """What decides a caption beside the weights, and the prompts of the study."""

    study: str
    seed: int
    runtime: RuntimeConfig
    encoder_dtype: Dtype
    decoder_dtype: Dtype
    judge_dtype: Dtype
    max_new_tokens: Positive  # cap of a caption, the stop token included
    prompt: str  # the headline prompt
    prompts: dict[str, str]  # those that the study compares, by short name


def read_yaml(path: Path) -> dict:
    """A YAML file of a project; InputError where it is not there or holds no keys and values."""
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: not found, so this is no project; run the command in the project's folder, or name it with "
            "--project, or name an exported model with --model"
        ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a project's folder") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: should hold keys and values")
    return content


class Project:
    """A folder with params.yaml, paths.yaml and what `dvc repro` made there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def document(self, name: str) -> dict:
        """A YAML file of the folder; InputError where it is not there or holds no keys and values."""
        return read_yaml(self.folder / name)

    @cached_property
    def parameters(self) -> dict:
        """The content of params.yaml."""
        return self.document("params.yaml")

    @cached_property
    def _paths(self) -> dict[str, str]:
        paths = self.document("paths.yaml").get("path")
        if not isinstance(paths, dict):
            raise InputError(f"{self.folder / 'paths.yaml'}: path is missing")
        return paths

    def stated(self, name: str) -> str:
        """A path by its name in paths.yaml, relative to the folder."""
        if not isinstance(self._paths.get(name), str):
            raise InputError(f"{self.folder / 'paths.yaml'}: path.{name} is missing")
        return self._paths[name]

    def path(self, name: str) -> Path:
        """A file or folder by its name in paths.yaml, whether it is there or not."""
        return self.folder / self.stated(name)

    @property
    def projection(self) -> Path:
        """The trained projection; of several, one a seed, the first, whose results are the study's headline."""
        path = self.path("projections" if "projections" in self._paths else "projection")
        if not path.is_dir():
            return path
        files = sorted(path.glob("*.safetensors"), key=lambda file: (len(file.stem), file.stem))
        return files[0] if files else path / "none"

    @property
    def places(self) -> Places:
        """Where the study's models lie."""
        return Places(self.path("encoder"), self.path("decoder"), self.path("judge"), self.projection)

    def section(self, name: str, kind: type[T] | dict[str, type[T]]) -> T:
        """A section of the chosen study, validated; of several kinds, the one that its `source` names."""
        value = self.parameters.get(self.study, {}).get(name)
        try:
            kind = kind[value["source"]] if isinstance(kind, dict) else kind
            return kind(**value)
        except (TypeError, KeyError, ValidationError) as error:
            cure = "run `dvc repro check`, which names what to mend"
            raise InputError(f"{self.folder / 'params.yaml'}: {self.study}.{name} is not usable; {cure}") from error

    @property
    def study(self) -> str:
        """The name of the chosen study."""
        name = self.parameters.get("study")
        if not isinstance(name, str) or not isinstance(self.parameters.get(name), dict):
            raise InputError(f"{self.folder / 'params.yaml'}: study does not name one of its sections")
        return name

    @property
    def drawn(self) -> bool:
        """Whether the study's pictures were drawn by its own program, so that they can be passed on freely."""
        data = self.parameters[self.study].get("data")
        return isinstance(data, dict) and data.get("source") == "drawn"

    @property
    def settings(self) -> Settings:
        """The settings of params.yaml that decide a caption."""
        caption = self.section("caption", CaptionConfig)
        try:
            return Settings(
                study=self.study, seed=int(self.parameters["seed"]), runtime=self.section("runtime", RuntimeConfig),
                encoder_dtype=self.section("embed", EmbedConfig).dtype, decoder_dtype=caption.dtype,
                judge_dtype=self.section("judge", JUDGES).dtype, max_new_tokens=caption.max_new_tokens,
                prompt=self.parameters["prompt"].strip(),
                prompts={name: text.strip() for name, text in self.parameters["prompts"].items()},
            )  # fmt: skip
        except (KeyError, AttributeError, ValueError, TypeError) as error:
            raise InputError(f"{self.folder / 'params.yaml'}: {error}; run `dvc repro check`") from error

    @property
    def scores(self) -> list[float]:
        """The CLIP scores of the test split's headline captions, of the first seed, ascending; empty before stage
        `score` has run.
        """
        path = self.path("scores")
        if not path.is_file():
            return []
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if (row["split"], row["seed"]) == ("test", "0")]
            found = [float(row["clip_score"]) for row in rows]
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise InputError(f"{path}: damaged ({error}); make it again with `dvc repro score`") from error
        return sorted(score for score in found if math.isfinite(score))

    @property
    def headline(self) -> dict:
        """The study's figures; empty before stage `score` has run."""
        path = self.path("headline")
        return read_json(path, "figures", "make them again with `dvc repro score`") if path.is_file() else {}

    def examples(self, count: int) -> list[Example]:
        """The first pictures of the test split, fewer where there are fewer; none without the data.

        InputError where a picture's bytes are not those that the manifest lists.
        """
        return read_examples(self.folder, self.path("split"), self.path("manifest"), count)
