"""Stage `check`: every parameter and every file that the chosen study needs, in a second and before anything is
computed.
"""

from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from captioner.config.caption import CaptionConfig
from captioner.config.compare import CompareConfig, EquivalenceConfig
from captioner.config.data import CocoData, DrawnData
from captioner.config.decoder import PretrainedDecoder, TrainedDecoder
from captioner.config.embed import EmbedConfig
from captioner.config.encoder import PretrainedEncoder, TrainedEncoder
from captioner.config.projection import FinetuneConfig, ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.config.section import Texts
from captioner.config.split import SplitConfig
from captioner.errors import InputError, listed
from stages import settings

STUDIES = ("scenes", "coco")
SHARED = {
    "study": Annotated[str, Field(strict=True)],
    "seed": Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)],
    "prompt": Annotated[str, Field(strict=True)],
    "prompts": Annotated[Texts, Field(strict=True, min_length=1)],
}
SECTIONS = {
    "runtime": {"": RuntimeConfig},
    "data": {"drawn": DrawnData, "coco": CocoData},
    "split": {"": SplitConfig},
    "encoder": {"trained": TrainedEncoder, "openai": PretrainedEncoder},
    "decoder": {"trained": TrainedDecoder, "transformers": PretrainedDecoder},
    "embed": {"": EmbedConfig},
    "projection": {"": ProjectionConfig},
    "finetune": {"": FinetuneConfig},
    "caption": {"": CaptionConfig},
    "equivalence": {"": EquivalenceConfig},
}


def problems_of_shared(params: dict) -> list[str]:
    """What is wrong with the parameters that both studies share."""
    problems = [f"{key}: unknown" for key in params if key not in {*SHARED, *STUDIES, "compare"}]
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


def problems_of_study(name: str, sections: object) -> list[str]:
    """What is wrong with one study's sections."""
    if not isinstance(sections, dict):
        return [f"{name}: should hold the sections {', '.join(SECTIONS)}"]
    problems = [f"{name}.{key}: unknown section" for key in sections if key not in SECTIONS]
    for key, kinds in SECTIONS.items():
        value = sections.get(key)
        source = value.get("source", "") if isinstance(value, dict) else ""
        kind = kinds.get("" if "" in kinds else source)
        if kind is None:
            problems.append(f"{name}.{key}.source: {source!r} is none of {', '.join(kinds)}")
            continue
        try:
            settings.validated(kind, value, f"{name}.{key}")
        except InputError as error:
            problems += [line.strip() for line in str(error).splitlines()[1:]] or [str(error)]
    return problems


def least_tokens(text: str) -> int:
    """The fewest tokens this text can have: the small vocabulary has no token of two words or of two foreign bytes."""
    return len(text.split()) + sum(byte > 127 for byte in text.encode())


def problems_of_fit(params: dict, sections: dict) -> list[str]:
    """What fits no other parameter of the drawn study, though it is fine by itself."""
    data, split, decoder = sections["data"], sections["split"], sections["decoder"]
    room = decoder["positions"] - sections["projection"]["prefix_length"] - sections["caption"]["max_new_tokens"]
    texts = {"prompt": params["prompt"], **{f"prompts.{name}": text for name, text in params["prompts"].items()}}
    problems = [
        f"{name}: {least_tokens(text)} tokens at least, but the decoder's context leaves {room}; shorten it"
        for name, text in texts.items()
        if least_tokens(text) > room
    ]
    study = params["study"]
    if decoder["sequence"] > decoder["positions"]:
        problems.append(f"{study}.decoder.sequence: longer than decoder.positions ({decoder['positions']})")
    for names, source in ((("train", "val"), "train_images"), (("test", "novel"), "val_images")):
        if sum(split[name] for name in names) > data[source]:
            problems.append(
                f"{study}.split: {' and '.join(names)} want more images than data.{source} ({data[source]})"
            )
    if sections["encoder"]["batch_size"] > split["train"]:
        problems.append(f"{study}.encoder.batch_size: more than split.train ({split['train']})")
    if sections["runtime"]["device"] != "cpu":
        problems.append(f"{study}.runtime.device: the backbones of the drawn study are trained on the CPU; set cpu")
    if sections["runtime"]["dtype"] == "float16":
        problems.append(f"{study}.runtime.dtype: float16 cannot train; set float32 or bfloat16")
    return problems


def main() -> None:
    params = settings.document("params.yaml")
    problems = problems_of_shared(params)
    for name in STUDIES:
        problems += problems_of_study(name, params.get(name))
    try:
        settings.validated(CompareConfig, params.get("compare"), "compare")
    except InputError as error:
        problems += [line.strip() for line in str(error).splitlines()[1:]] or [str(error)]
    if problems:
        raise InputError(f"params.yaml: {len(problems)} parameters to mend\n" + listed(problems, 20))
    chosen = params[params["study"]]
    drawn = chosen["data"]["source"] == "drawn"
    trained = chosen["encoder"]["source"] == chosen["decoder"]["source"] == "trained"
    if not (drawn and trained):
        raise InputError(
            f"params.yaml: study {params['study']!r} needs photographs and pretrained weights, which no stage can load "
            "yet; set `study: scenes`"
        )
    if problems := problems_of_fit(params, chosen):
        raise InputError(f"params.yaml: {len(problems)} parameters to mend\n" + listed(problems))
    for path in (settings.source("paper_source"), settings.source("references")):
        if not path.read_text(encoding="utf-8").strip():
            raise InputError(f"{path}: empty; bring it back with `git checkout {path}`")
    with settings.target("checked") as path:
        path.write_text("ok\n", encoding="utf-8")


if __name__ == "__main__":
    settings.run(main, checked=False)
