"""The search for the best prompt in a project that was built."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from tqdm import tqdm

import captioner
from captioner.application.project import Project
from captioner.captioning.loading import load_decoder
from captioner.config.caption import CaptionConfig
from captioner.config.optimise import CandidatesConfig, SearchConfig
from captioner.config.score import ScoreConfig
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import load_encoder
from captioner.foundation.checkpoints import Parts
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.errors import InputError, listed
from captioner.foundation.keys import keyed
from captioner.foundation.runtime import prepare
from captioner.optimisation.candidates import Candidate, from_file, gathered, grammar
from captioner.optimisation.measures import measured
from captioner.optimisation.searching import search
from captioner.optimisation.subject import Standards, Subject, load_maps
from captioner.optimisation.substitutions import substitutions
from captioner.photographs.annotations import read_captions
from captioner.scores.words import splitter

FILE = "optimise/params.yaml"


@dataclass(frozen=True)
class Searched:
    """The candidates, best first, as rows; the captions that it took, and those of the full grid."""

    columns: tuple[str, ...]
    rows: list[list]
    spent: int
    grid: int


def _opened(project: Project) -> tuple[Subject, Standards]:
    """The captioner of a project and what its captions are held against; InputError where it was not built."""
    settings = project.settings
    device = prepare(settings.runtime, settings.seed)
    needed = ("split", "embeddings", "projections", "captions_train", "judged", "facts")
    if lacking := [name for name in needed if not project.path(name).exists()]:
        raise InputError(f"{project.path(lacking[0])}: not found; build the study with `dvc repro`")
    folder = project.path("decoder")
    splits = json.loads(project.path("split").read_text(encoding="utf-8"))["splits"]
    caption = project.section("caption", CaptionConfig)
    subject = Subject(
        load_decoder(folder, device, caption.dtype), Vocabulary.load(folder),
        load_maps(project.path("projections"), device), Embeddings.load(project.path("embeddings")), splits,
        caption.max_new_tokens, caption.batch_size,
    )  # fmt: skip
    standards = Standards(
        read_captions(project.path("captions_train")).captions,
        json.loads(project.path("facts").read_text(encoding="utf-8")), Embeddings.load(project.path("judged")),
        partial(load_encoder, project.path("judge"), device, settings.judge_dtype),
        splitter(project.section("score", ScoreConfig).words),
    )  # fmt: skip
    return subject, standards


def searched(folder: Path, file: Path | None, changes: Mapping[str, object]) -> Searched:
    """Search the prompts of a file, or those of the project and its grammar, on split val.

    `changes` overrides keys of the section `search` of optimise/params.yaml. InputError for whatever is not as it
    should be, before anything is captioned.
    """
    project = Project(folder)
    parameters = project.document(FILE)
    own = from_file(file) if file else None
    try:
        config = SearchConfig(**{**parameters["search"], **changes})
        words = CandidatesConfig(**parameters["candidates"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{folder / FILE}: the section {error} is missing or of no use") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise InputError(f"{folder / FILE}, or the arguments: mend these\n{listed(faults)}") from error
    subject, standards = _opened(project)
    if own is None:
        typed = [" ".join(text.split()) for text in (project.settings.prompt, *project.settings.prompts.values())]
        language = Decoder.load(project.path("decoder"), subject.device)
        proposed = substitutions(language, subject.vocabulary, typed, words.proposals, words.substitutions)
        mine = from_file(folder / words.file) if words.file else []
        of_study = [Candidate(text, "study") for text in typed]
        own = [*of_study, *mine, *grammar(words.templates, words.adjectives, words.nouns), *proposed]
    candidates = gathered(own)
    texts = [candidate.text for candidate in candidates]
    subject.check(texts)

    def kept(names: Sequence[str], instances: list) -> Parts:
        files = [project.path(name) for name in ("projections", "decoder", "embeddings", "captions_train", "judge")]
        told = [
            asdict(project.section("caption", CaptionConfig)),
            asdict(project.settings.runtime),
            asdict(project.section("score", ScoreConfig)),
            list(names),
            instances,
        ]
        name = keyed("optimise", Path(captioner.__file__).parents[1], ("captioner",), *files, *told)
        return Parts(folder / ".checkpoints" / name)

    weights = measured(config.objective)
    trials = subject.trials(standards, weights, config.batch_size, project.settings.seed, kept)
    total = min(config.budget, len(texts) * len(trials))
    with tqdm(total=total, desc="optimise", unit=" captions", mininterval=1.0) as progress:
        found = search(texts, trials, config, project.settings.seed, progress)
    rows = []
    for rank, one in enumerate(found.standings, start=1):
        candidate = candidates[one.place]
        means = trials.measured(candidate.text, one.seen).mean(axis=0).tolist() if one.seen else [None] * len(weights)
        rows.append([rank, candidate.text, candidate.source, one.seen, one.mean, *means])
    columns = ("rank", "prompt", "source", "seen", "worth", *weights)
    return Searched(columns, rows, found.spent, len(texts) * len(trials))
