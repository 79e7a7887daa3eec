"""Stage `check`: every parameter and every file that the chosen study needs, in a second and before anything is
computed; what has to be downloaded is looked for at its address.
"""

import re
import sys
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from captioner import requirements
from captioner.config.caption import CaptionConfig
from captioner.config.captioners import CaptionerConfig
from captioner.config.compare import CompareConfig, EquivalenceConfig
from captioner.config.controls import ControlsConfig
from captioner.config.data import SOURCES, DrawnData
from captioner.config.decoder import DECODERS, TrainedDecoder
from captioner.config.embed import EmbedConfig
from captioner.config.encoder import ENCODERS, TrainedEncoder
from captioner.config.judge import JUDGES
from captioner.config.mappers import MappersConfig
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.config.score import ScoreConfig
from captioner.config.section import Text, Texts
from captioner.config.split import SPLITTINGS, DrawnSplit
from captioner.foundation.errors import InputError, listed
from captioner.report.arms import CONTROLS
from stages import settings

STUDIES = ("scenes", "coco")
SHARED = {
    "study": Annotated[str, Field(strict=True)],
    "seed": Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)],
    "prompt": Annotated[Text, Field(strict=True)],
    "prompts": Annotated[Texts, Field(strict=True, min_length=1)],
}
WHOLE = {"compare": CompareConfig, "controls": ControlsConfig}  # sections that both studies share
SECTIONS = {
    "runtime": RuntimeConfig,
    "data": SOURCES,
    "split": SPLITTINGS,
    "encoder": ENCODERS,
    "decoder": DECODERS,
    "judge": JUDGES,
    "embed": EmbedConfig,
    "projection": ProjectionConfig,
    "mappers": MappersConfig,
    "finetune": FinetuneConfig,
    "caption": CaptionConfig,
    "score": ScoreConfig,
    "equivalence": EquivalenceConfig,
}


def problems_of_shared(params: dict) -> list[str]:
    """What is wrong with the parameters that both studies share."""
    problems = [f"{key}: unknown" for key in params if key not in {*SHARED, *STUDIES, *WHOLE, "captioners"}]
    for key, kind in SHARED.items():
        if key not in params:
            problems.append(f"{key}: missing")
            continue
        try:
            TypeAdapter(kind).validate_python(params[key])
        except ValidationError as error:
            for fault in error.errors():
                name = ".".join([key, *(str(place) for place in fault["loc"] if place != "[key]")])
                problems.append(f"{name}: {fault['msg']} (got {fault['input']!r})")
    if params.get("study") not in STUDIES:
        problems.append(f"study: {params.get('study')!r} is none of {', '.join(STUDIES)}")
    return problems


def problems_of_captioners(entries: object) -> list[str]:
    """What is wrong with the models that are captioned with beside the study's own."""
    if not isinstance(entries, dict):
        return ["captioners: should hold models by short name, {} for none"]
    problems = []
    for name, entry in entries.items():
        if not isinstance(name, str) or not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
            problems.append(f"captioners.{name}: a short name is a letter followed by letters, digits or _")
        elif name in CONTROLS:
            problems.append(f"captioners.{name}: the study has an arm or a control of this name; take another one")
        else:
            problems += refused(CaptionerConfig, entry, f"captioners.{name}")
    return problems


def refused(kind: type, value: object, name: str) -> list[str]:
    """What is wrong with a section, a line each."""
    try:
        settings.validated(kind, value, name)
    except InputError as error:
        return [line.strip() for line in str(error).splitlines()[1:]] or [str(error)]
    return []


def problems_of_study(name: str, sections: object) -> list[str]:
    """What is wrong with one study's sections."""
    if not isinstance(sections, dict):
        return [f"{name}: should hold the sections {', '.join(SECTIONS)}"]
    problems = [f"{name}.{key}: unknown section" for key in sections if key not in SECTIONS]
    for key, kind in SECTIONS.items():
        try:
            value = sections.get(key)
            settings.validated(settings.chosen_kind(kind, value, f"{name}.{key}"), value, f"{name}.{key}")
        except InputError as error:
            problems += [line.strip() for line in str(error).splitlines()[1:]] or [str(error)]
    return problems


def least_tokens(text: str, bytewise: bool) -> int:
    """The fewest tokens this text can have: no vocabulary has a token of two words, the small one none of two foreign
    bytes.
    """
    return len(text.split()) + (sum(byte > 127 for byte in text.encode()) if bytewise else 0)


def problems_of_fit(params: dict, config: dict) -> list[str]:
    """What fits no other parameter of the chosen study, though it is fine by itself."""
    study, decoder, split, data = params["study"], config["decoder"], config["split"], config["data"]
    trained = isinstance(decoder, TrainedDecoder)
    positions = decoder.positions if trained else requirements.positions(decoder)
    problems = []
    if positions is not None:
        room = positions - config["projection"].prefix_length - config["caption"].max_new_tokens
        texts = {"prompt": params["prompt"], **{f"prompts.{name}": text for name, text in params["prompts"].items()}}
        problems += [
            f"{name}: {least_tokens(text, trained)} tokens at least, but the decoder's context leaves {room}; "
            "shorten it"
            for name, text in texts.items()
            if least_tokens(text, trained) > room
        ]
    if isinstance(data, DrawnData) != isinstance(split, DrawnSplit):
        wanted = "drawn" if isinstance(data, DrawnData) else "given"
        problems.append(f"{study}.split.source: data.source {data.source} asks for split.source {wanted}")
    elif isinstance(split, DrawnSplit):
        for names, source in ((("train", "val"), "train_images"), (("test", "novel"), "test_images")):
            if sum(getattr(split, name) for name in names) > getattr(data, source):
                limit = getattr(data, source)
                problems.append(f"{study}.split: {' and '.join(names)} want more images than data.{source} ({limit})")
    elif data.train_images and split.val >= data.train_images:
        problems.append(f"{study}.split.val: {split.val} of the {data.train_images} data.train_images; nothing is left")
    if trained:
        if decoder.width % config["mappers"].heads:
            problems.append(f"{study}.mappers.heads: do not divide decoder.width ({decoder.width})")
        if decoder.sequence > decoder.positions:
            problems.append(f"{study}.decoder.sequence: longer than decoder.positions ({decoder.positions})")
        if not isinstance(data, DrawnData):
            problems.append(f"{study}.decoder.source: a miniature decoder is trained on the drawn world only")
    if isinstance(config["encoder"], TrainedEncoder):
        if not isinstance(data, DrawnData):
            problems.append(f"{study}.encoder.source: a miniature encoder is trained on the drawn world only")
        elif isinstance(split, DrawnSplit) and config["encoder"].batch_size > split.train:
            problems.append(f"{study}.encoder.batch_size: more than split.train ({split.train})")
        if config["runtime"].device != "cpu":
            problems.append(f"{study}.runtime.device: the miniature backbones are trained on the CPU; set cpu")
    if config["runtime"].dtype == "float16":
        problems.append(f"{study}.runtime.dtype: float16 cannot train; set float32 or bfloat16")
    return problems


def slow_precision(runtime: RuntimeConfig) -> str | None:
    """What to tell where this processor has no hardware for the wanted precision of training, or None."""
    if runtime.dtype != "bfloat16" or runtime.device not in ("cpu", "auto"):
        return None
    import torch

    able = torch.cpu.get_capabilities()
    if able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16"):
        return None
    if runtime.device == "auto" and torch.cuda.is_available():
        return None
    return "this processor has no bfloat16 hardware: a training step takes about ten times as long as in float32"


def main() -> None:
    params = settings.document("params.yaml")
    problems = problems_of_shared(params)
    for name in STUDIES:
        problems += problems_of_study(name, params.get(name))
    for name, kind in WHOLE.items():
        problems += refused(kind, params.get(name), name)
    problems += problems_of_captioners(params.get("captioners"))
    if problems:
        raise InputError(f"params.yaml: {len(problems)} parameters to mend\n" + listed(problems, 20))
    chosen = params[params["study"]]
    config = {
        key: settings.validated(settings.chosen_kind(kind, chosen[key], key), chosen[key], key)
        for key, kind in SECTIONS.items()
    }
    if problems := problems_of_fit(params, config):
        raise InputError(f"params.yaml: {len(problems)} parameters to mend\n" + listed(problems))
    sections = {f"{params['study']}.{key}": config[key] for key in ("data", "encoder", "decoder", "judge", "score")}
    for name, entry in params["captioners"].items():
        sections[f"captioners.{name}"] = settings.validated(CaptionerConfig, entry, f"captioners.{name}")
    if problems := requirements.problems(sections):
        raise InputError(
            f"params.yaml: {len(problems)} things that the study {params['study']} needs are missing\n"
            + listed(problems, 20)
        )
    if problem := requirements.problem_of_captions(config["score"], config["data"]):
        raise InputError(f"params.yaml: {params['study']}.score.words: {problem}")
    if warning := slow_precision(config["runtime"]):
        print(f"warning: params.yaml: {params['study']}.runtime.dtype: {warning}", file=sys.stderr)
    for path in (settings.source("paper_source"), settings.source("references")):
        if not path.read_text(encoding="utf-8").strip():
            raise InputError(f"{path}: empty; bring it back with `git checkout {path}`")
    with settings.target("checked") as path:
        path.write_text("ok\n", encoding="utf-8")


if __name__ == "__main__":
    settings.run(main, checked=False)
