"""BLIP-2, LLaVA, GIT and any other image-text-to-text model of transformers, through its own processor."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import nn

from captioner.captioning.captions import Caption
from captioner.captioning.said import choose
from captioner.config.captioners import PROMPT
from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)
from captioner.foundation.errors import InputError
from captioner.foundation.runtime import DTYPES
from captioner.vision_language.base import Captioner

from transformers import (  # isort: skip
    AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor, BatchFeature, GenerationConfig, LogitsProcessor,
    LogitsProcessorList, PreTrainedModel, ProcessorMixin,
)  # fmt: skip
from transformers.utils import logging  # isort: skip

logging.disable_progress_bar()
LOCAL = {"local_files_only": True, "trust_remote_code": False}  # code in the folder is never run, and nobody is asked
ENDS_BY_ITSELF = {"blip"}  # its `generate` cuts the end that the tokeniser puts after a prompt

BLIND = 1e-6  # nats; no two pictures give distributions as near to each other as this


class Watching(LogitsProcessor):
    """Changes nothing: of each step it keeps the most likely token, its log-probability and the entropy (nats), [B]."""

    def __init__(self) -> None:
        self.steps: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.steps.append(choose(scores.float())[:3])
        return scores


class Pretrained(Captioner):
    """A model in evaluation mode with its processor. `template` is what it reads, with `{prompt}` for the prompt and,
    where its processor asks for one, a sign for the picture.

    `dtype` is the precision of the body; the products of a linear head are in float32.
    """

    def __init__(
        self, model: PreTrainedModel, processor: ProcessorMixin, template: str, device: torch.device,
        dtype: str = "float32", name: str = "model",
    ) -> None:  # fmt: skip
        """`model` is in `dtype`, but for what it keeps in float32; `name` is for messages. ValueError where no stop
        token is stated.
        """
        self.device, self.dtype, self.template, self.name = device, DTYPES[dtype], template, name
        self.model = model.eval().requires_grad_(False).to(device)
        self.processor, self.tokenizer = processor, processor.tokenizer
        self.tokenizer.padding_side = "left"
        self._parameters = sum(weight.numel() for weight in self.model.parameters())
        if dtype != "float32":
            _widen(self.model)
        self.stops = _stops(self.model)
        pad = self.tokenizer.pad_token_id
        self._pad = self.stops[0] if pad is None else pad
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.convert_ids_to_tokens(self.stops[0])
        for module in self.model.modules():
            if isinstance(getattr(module, "generation_config", None), GenerationConfig):
                module.generation_config = _plain(module.generation_config, self.stops, self._pad)
        self.kind: str = self.model.config.model_type
        whole = self.model.config.get_text_config().is_encoder_decoder or self.kind in ENDS_BY_ITSELF
        self._end = 0 if whole else _end(self.tokenizer)
        self._typed = "token_type_ids" in inspect.signature(self.model.forward).parameters

    @classmethod
    def load(cls, folder: Path, template: str, device: torch.device, dtype: str = "float32") -> Pretrained:
        """The model of a folder in transformers' format, its weights from safetensors alone; InputError where it is of
        another kind or damaged.
        """
        try:
            model, found = AutoModelForImageTextToText.from_pretrained(
                folder, dtype=DTYPES[dtype], use_safetensors=True, output_loading_info=True, **LOCAL
            )
            processor = AutoProcessor.from_pretrained(folder, **LOCAL)
            processor.image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil", **LOCAL)
            if missing := sorted(found["missing_keys"]):
                raise ValueError(f"no weights for {missing[0]} and {len(missing) - 1} others")
            return cls(model, processor, template, device, dtype, folder.name)
        except Exception as error:  # transformers, and what it reads with, make errors of any kind of a damaged folder
            told = " ".join(str(error).split())
            raise InputError(f"{folder}: no image-text-to-text model that can be loaded ({told})") from error

    @property
    def vocabulary(self) -> int:
        head = self.model.get_output_embeddings()
        return self.model.config.get_text_config().vocab_size if head is None else head.weight.shape[0]

    @property
    def parameters(self) -> int:
        """Numbers that were learnt, in all parts."""
        return self._parameters

    def check(self, prompt: str, max_new_tokens: int) -> None:
        """InputError where the prompt leaves no room for a caption, or the picture does not reach the model: some
        processors leave it out without a word, and black and white are all the same then.
        """
        shown = [Image.new("RGB", (64, 64), colour) for colour in ("black", "white")]
        made = self.caption(shown, prompt, max_new_tokens)
        black, white = ((one.log_probabilities[0], one.entropies[0]) for one in made)
        if max(abs(a - b) for a, b in zip(black, white, strict=True)) < BLIND:
            raise InputError(
                f"{self.name}: says the same of a black and of a white picture, so its processor does not hand it on: "
                "the template may lack the sign for it, or processor_config.json is of an older transformers"
            )

    @torch.inference_mode()
    def caption(self, pictures: Sequence[Image.Image], prompt: str, max_new_tokens: int) -> list[Caption]:
        watching = Watching()
        try:
            inputs = self.inputs(pictures, prompt)
            _check_room(self.model, self.name, inputs["input_ids"].shape[1], prompt, max_new_tokens)
            written = self.model.generate(
                **inputs, max_new_tokens=max_new_tokens, logits_processor=LogitsProcessorList([watching])
            )
        except (ValueError, TypeError, IndexError) as error:  # what processors and models say of an input of no use
            told = " ".join(str(error).split())[:300]
            raise InputError(
                f"{self.name}: cannot caption with the template {self.template!r} ({told}); does it lack the sign that "
                "this model's processor puts the picture in the place of?"
            ) from error
        new = written[:, written.shape[1] - len(watching.steps) :].tolist()  # without the prompt, where that is given
        steps = (torch.stack(column, dim=1).tolist() for column in zip(*watching.steps, strict=True))  # [B, T] each
        return [self._caption(prompt, *row) for row in zip(new, *steps, strict=True)]

    def inputs(self, pictures: Sequence[Image.Image], prompt: str) -> BatchFeature:
        """What the model takes, on its device: `input_ids` [B, T], padded on the left, without the end that a tokeniser
        puts after a whole text, and what its processor makes of the pictures.
        """
        text = self.template.replace(PROMPT, prompt.strip())
        shown = [[picture.convert("RGB")] for picture in pictures]
        made = self.processor(images=shown, text=[text] * len(shown), padding=True, return_tensors="pt")
        length = made["input_ids"].shape[1]
        for key, value in list(made.items()):
            if key == "token_type_ids" and not self._typed:
                del made[key]
            elif self._end and isinstance(value, torch.Tensor) and value.shape[1:] == (length,):
                made[key] = value[:, : length - self._end]
        return made.to(self.device, self.dtype)

    def _caption(
        self, prompt: str, tokens: list[int], best: list[int], logs: list[float], spreads: list[float]
    ) -> Caption:
        """One row of a batch up to its stop token; InputError where another token than the likeliest was chosen."""
        at = next((place for place, token in enumerate(tokens) if token in self.stops), len(tokens))
        stopped, said = at < len(tokens), min(at + 1, len(tokens))
        if tokens[:said] != best[:said]:
            raise InputError(f"{self.name}: changes its logits before it chooses, which is not supported here")
        text = self.tokenizer.decode(tokens[:at], skip_special_tokens=True).strip()
        entropies = tuple(max(spread, 0.0) for spread in spreads[:said])
        return Caption(text, f"{prompt.strip()} {text}".strip(), at, stopped, tuple(logs[:said]), entropies)


def _plain(config: GenerationConfig, stops: list[int], pad: int) -> GenerationConfig:
    """A configuration of `generate` with the same special tokens, greedy, and with nothing that changes logits."""
    return GenerationConfig(
        do_sample=False, num_beams=1, eos_token_id=stops, pad_token_id=pad, bos_token_id=config.bos_token_id,
        decoder_start_token_id=config.decoder_start_token_id,
    )  # fmt: skip


def _check_room(model: PreTrainedModel, name: str, length: int, prompt: str, max_new_tokens: int) -> None:
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if not length:
        raise InputError(f"{name}: of the prompt {prompt!r} and its template no token is left; name another")
    if positions is not None and length + max_new_tokens > positions:
        raise InputError(
            f"prompt {prompt[:40]!r}: {length} tokens with the template of {name}, whose context of {positions} leaves "
            f"{positions - max_new_tokens} beside {max_new_tokens} new ones; shorten it or lower the cap"
        )


def _widen(model: PreTrainedModel) -> None:
    """Give the model a head of its own in float32, since a half-precision logit of -100 is off by a quarter."""
    head = model.get_output_embeddings()
    if not isinstance(head, nn.Linear):
        return
    wide = copy.deepcopy(head).float()
    wide.register_forward_pre_hook(lambda _, given: (given[0].float(), *given[1:]))
    model.set_output_embeddings(wide)


def _stops(model: PreTrainedModel) -> list[int]:
    """The ids that end a caption; ValueError where the model states none."""
    text = model.config.get_text_config()
    if model.config.model_type in ENDS_BY_ITSELF:
        stop = text.sep_token_id
    else:
        inner = getattr(model, "language_model", None)  # of a model that hands its `generate` on
        stated = (part.generation_config.eos_token_id for part in (inner, model) if hasattr(part, "generation_config"))
        stop = next((stop for stop in stated if stop is not None), getattr(text, "eos_token_id", None))
    if stop is None:
        raise ValueError("it states no stop token (eos_token_id)")
    return list(stop) if isinstance(stop, (list, tuple)) else [int(stop)]


def _end(tokenizer) -> int:
    """How many tokens this tokeniser puts after a whole text."""
    alone = tokenizer("a photo", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a photo")["input_ids"]
    starts = range(len(whole) - len(alone) + 1)
    return next((len(whole) - len(alone) - at for at in starts if whole[at : at + len(alone)] == alone), 0)
