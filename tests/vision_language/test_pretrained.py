"""Image-text-to-text models of transformers, tiny and untrained, behind the interface of a captioner."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import CPU
from PIL import Image
from random_captioners import MAKE, TEMPLATES, write
from safetensors.torch import load_file, save_file

from captioner.foundation.checkpoints import Parts
from captioner.foundation.errors import InputError
from captioner.vision_language.base import blank, caption_all
from captioner.vision_language.pretrained import Pretrained

from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor  # isort: skip

PROMPT, CAP = "A photo of", 10
TEXTS = ["A red dog on a street.", "A blue bus by the sea.", "A photo of a small cat under a tree."] * 5
KINDS = pytest.mark.parametrize("kind", MAKE)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    return {kind: write(kind, tmp_path_factory.mktemp("models") / kind, TEXTS) for kind in MAKE}


@pytest.fixture(scope="module")
def models(folders) -> dict[str, Pretrained]:
    """Shared, so no test may change one."""
    return {kind: Pretrained.load(folder, TEMPLATES[kind], CPU) for kind, folder in folders.items()}


@pytest.fixture(scope="module")
def shown() -> list[Image.Image]:
    """Pictures of several sizes and modes."""
    drawn = [
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (40 + seed, 50, 3), dtype=np.uint8))
        for seed in range(8)
    ]
    return [*drawn, drawn[0].convert("L"), drawn[1].convert("P")]


@torch.inference_mode()
def step_by_step(model: Pretrained, picture: Image.Image, prompt: str) -> tuple[list[int], list[float], list[float]]:
    """Tokens, log-probabilities and entropies by whole forward passes, without a cache and without `generate`."""
    inputs = model.inputs([picture], prompt)
    ids, chosen, logs, entropies = inputs["input_ids"], [], [], []
    ids = ids[:, :-1] if model.kind == "blip" else ids  # without [SEP], which its `generate` cuts
    text = model.model.config.get_text_config()
    said = torch.tensor([[text.decoder_start_token_id]]) if text.is_encoder_decoder else None
    while len(chosen) < CAP and not set(chosen) & set(model.stops):
        given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": inputs["pixel_values"]}
        given |= {} if said is None else {"decoder_input_ids": said}
        logits = model.model(**given).logits[0, -1]
        spread = torch.distributions.Categorical(logits=logits.double())
        chosen.append(int(logits.argmax()))
        logs.append(float(spread.logits[chosen[-1]]))
        entropies.append(float(spread.entropy()))
        if said is None:
            ids = torch.cat([ids, torch.tensor([chosen[-1:]])], dim=1)
        else:
            said = torch.cat([said, torch.tensor([chosen[-1:]])], dim=1)
    return chosen, logs, entropies


@pytest.mark.slow
@KINDS
def test_captions_are_those_of_whole_forward_passes(kind, models, shown):
    model = models[kind]
    for picture, made in zip(shown, model.caption(shown, PROMPT, CAP), strict=True):
        tokens, logs, entropies = step_by_step(model, picture, PROMPT)
        stopped = tokens[-1] in model.stops
        assert (made.stopped, made.tokens) == (stopped, len(tokens) - stopped)
        assert made.text == model.tokenizer.decode(tokens[: made.tokens], skip_special_tokens=True).strip()
        assert made.text_with_prompt == f"{PROMPT} {made.text}".strip()
        assert np.allclose(made.log_probabilities, logs, atol=1e-4) and np.allclose(
            made.entropies, entropies, atol=1e-4
        )


@pytest.mark.slow
def test_some_captions_end_early_and_some_do_not(models, shown):
    """Over all kinds: which of them ends hangs on how a processor rounds."""
    made = [caption for kind in ("blip2", "llava", "git") for caption in models[kind].caption(shown, PROMPT, CAP)]
    assert {caption.stopped for caption in made} == {True, False}
    assert len({caption.tokens for caption in made}) > 1


@KINDS
def test_pictures_and_prompts_matter(kind, models, shown):
    made = [caption.text for caption in models[kind].caption(shown, PROMPT, CAP)]
    assert len(set(made)) > 2
    assert made != [caption.text for caption in models[kind].caption(shown, "The red dog", CAP)]


@pytest.mark.slow
@KINDS
def test_a_batch_says_what_each_picture_alone_says(kind, models, shown):
    together = models[kind].caption(shown, PROMPT, CAP)
    for picture, made in zip(shown, together, strict=True):
        (alone,) = models[kind].caption([picture], PROMPT, CAP)
        assert (alone.text, alone.tokens, alone.stopped) == (made.text, made.tokens, made.stopped)
        assert np.allclose(alone.log_probabilities, made.log_probabilities, atol=1e-4)


@pytest.mark.slow
@KINDS
def test_captions_are_those_of_generate(kind, folders, models, shown):
    """By a model and a processor as transformers' own documentation uses them."""
    model = AutoModelForImageTextToText.from_pretrained(folders[kind])
    processor = AutoProcessor.from_pretrained(folders[kind])
    processor.image_processor = AutoImageProcessor.from_pretrained(folders[kind], backend="pil")
    text = TEMPLATES[kind].replace("{prompt}", PROMPT)
    for picture, made in zip(shown[:4], models[kind].caption(shown[:4], PROMPT, CAP), strict=True):
        inputs = processor(images=picture, text=text, return_tensors="pt").to(CPU)
        inputs.pop("token_type_ids", None)
        if kind == "git":  # its documentation builds the prompt's ids by hand, without [SEP]
            for key in ("input_ids", "attention_mask"):
                inputs[key] = inputs[key][:, :-1]
        ids = model.generate(**inputs, max_new_tokens=CAP, do_sample=False)[0].tolist()
        before = inputs["input_ids"].shape[1] - (kind == "blip")
        if kind == "blip2_t5":
            before = 0
        assert ids[:before] == inputs["input_ids"][0, :before].tolist()
        words = [token for token in ids[before:] if token not in models[kind].stops]
        assert made.text == processor.tokenizer.decode(words, skip_special_tokens=True).strip()


def test_nothing_of_the_folder_changes_the_logits(folders, models, shown, tmp_path):
    """A penalty on repetition, a least length and a forbidden token in generation_config.json are not heeded."""
    for kind in ("git", "llava"):
        folder = shutil.copytree(folders[kind], tmp_path / kind)
        path = folder / "generation_config.json"
        document = json.loads(path.read_text())
        changed = {"repetition_penalty": 5.0, "min_new_tokens": 9, "suppress_tokens": [20, 30], "num_beams": 3}
        path.write_text(json.dumps({**document, **changed}))
        other = Pretrained.load(folder, TEMPLATES[kind], CPU)
        assert other.caption(shown, PROMPT, CAP) == models[kind].caption(shown, PROMPT, CAP)


def test_the_template_stands_around_the_prompt(folders, models, shown):
    read = models["llava"].tokenizer.decode(models["llava"].inputs(shown[:1], f" {PROMPT}\n")["input_ids"][0])
    assert read.replace("<image>", "").removeprefix("<s>").strip() == f"USER: \n{PROMPT} ASSISTANT:"
    other = Pretrained.load(folders["llava"], "{prompt} <image>", CPU)
    assert other.caption(shown, PROMPT, CAP) != models["llava"].caption(shown, PROMPT, CAP)
    with pytest.raises(InputError, match=r"template '\{prompt\}'.*sign"):
        Pretrained.load(folders["llava"], "{prompt}", CPU).caption(shown, PROMPT, CAP)


@KINDS
def test_an_empty_prompt_is_none(kind, models, shown):
    made = models[kind].caption(shown[:2], "", CAP)
    assert [caption.text for caption in made] == [caption.text_with_prompt for caption in made]


@pytest.mark.slow
@KINDS
def test_half_precision_leaves_the_distribution_in_float32(kind, folders, models, shown):
    model = Pretrained.load(folders[kind], TEMPLATES[kind], CPU, "bfloat16")
    head = model.model.get_output_embeddings()
    if head is not None:
        assert head.weight.dtype == torch.float32
        assert model.model.get_input_embeddings().weight.dtype == torch.bfloat16
    (made,), (whole,) = (each.caption(shown[:1], PROMPT, CAP) for each in (model, models[kind]))
    assert made.log_probabilities[0] == pytest.approx(whole.log_probabilities[0], abs=0.3)
    assert (model.parameters, model.vocabulary) == (models[kind].parameters, models[kind].vocabulary)


@KINDS
def test_what_is_told_of_a_model(kind, folders, models):
    weights = load_file(folders[kind] / "model.safetensors")
    assert models[kind].parameters == sum(weight.numel() for weight in weights.values())
    assert models[kind].vocabulary == models[kind].model.config.get_text_config().vocab_size
    assert models[kind].kind == {"blip2": "blip-2", "blip2_t5": "blip-2"}.get(kind, kind)


def test_a_prompt_that_leaves_no_room_is_refused(models, shown):
    for model in (model for kind, model in models.items() if kind != "blip2_t5"):  # T5 knows no end of its context
        with pytest.raises(InputError, match="shorten it or lower the cap"):
            model.caption(shown, "a dog " * 100, CAP)


@pytest.mark.slow
@KINDS
def test_a_model_that_no_picture_reaches_is_refused(kind, folders, models, tmp_path):
    models[kind].check(PROMPT, CAP)
    if kind.startswith("blip2"):  # a processor of an older transformers says nothing of the queries
        folder = shutil.copytree(folders[kind], tmp_path / kind)
        changed(folder, "processor_config.json", num_query_tokens=None)
        with pytest.raises(InputError, match="the same of a black and of a white picture"):
            Pretrained.load(folder, TEMPLATES[kind], CPU).check(PROMPT, CAP)


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickled(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    without_weights(folder)


def cut(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def one_less(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in sorted(weights) if "vision" in name or "image_encoder" in name)
    save_file(
        {key: value for key, value in weights.items() if key != name}, folder / "model.safetensors", {"format": "pt"}
    )


def no_processor(folder: Path) -> None:
    for name in ("processor_config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def changed(folder: Path, name: str, **values: object) -> None:
    document = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps({**document, **values}))


def endless(folder: Path) -> None:
    changed(folder, "config.json", eos_token_id=None)
    changed(folder, "generation_config.json", eos_token_id=None)


DAMAGE = {
    "no weights": without_weights, "pickled weights alone": pickled, "cut weights": cut,
    "a weight is missing": one_less,
    "no processor": no_processor, "no configuration": lambda folder: (folder / "config.json").unlink(),
    "another kind": lambda folder: changed(folder, "config.json", model_type="gpt2"),
    "code of its own": lambda folder: changed(
        folder, "config.json", model_type="mine", auto_map={"AutoConfig": "mine.Config"}
    ),
    "no stop token": endless,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGE)
def test_a_folder_that_is_damaged_is_named(name, folders, tmp_path):
    folder = shutil.copytree(folders["git"], tmp_path / "git")
    DAMAGE[name](folder)
    with pytest.raises(InputError, match="git: no image-text-to-text model that can be loaded") as caught:
        Pretrained.load(folder, "{prompt}", CPU)
    assert "\n" not in str(caught.value)


def test_many_pictures_go_on_where_they_were(models, shown, tmp_path):
    read: list[int] = []

    def load(key: int) -> Image.Image:
        if key == 5 and len(read) < 8:
            read.append(key)
            raise KeyboardInterrupt
        read.append(key)
        return shown[key]

    keys = [3, 1, 4, 5, 9, 2, 6]
    given = (models["git"], load, keys, PROMPT, CAP, 2, "test")
    with pytest.raises(KeyboardInterrupt):
        caption_all(*given, Parts(tmp_path / "parts"))
    done = len(read)
    read.extend([-1] * 8)
    work = caption_all(*given, Parts(tmp_path / "parts"))
    assert done == 4 and read[done + 8 :] == keys[2:]
    whole = models["git"].caption([shown[key] for key in keys], PROMPT, CAP)
    assert [caption.text for caption in work.captions] == [caption.text for caption in whole]
    assert work.seconds > 0 and work.memory > 10**6
    again = caption_all(*given, Parts(tmp_path / "parts"))
    assert again == work


def test_the_grey_picture_shows_nothing():
    grey = blank((30, 20))
    assert grey.size == (30, 20) and len(grey.getcolors()) == 1
