"""CLIP-like models of many languages: embeddings as transformers' own processors and classes make them, of tiny models
with random weights.
"""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch
from conftest import CPU
from PIL import Image
from torch.nn.functional import normalize

from captioner.config.encoder import TransformersEncoder
from captioner.encoders.encoder import load_encoder
from captioner.encoders.transformers_encoder import TransformersModel
from captioner.foundation.errors import InputError
from captioner.pretrained.backbones import pretrained_encoder

from transformers import (  # isort: skip
    AltCLIPConfig, AltCLIPModel, AltCLIPProcessor, BertTokenizer, ChineseCLIPConfig, ChineseCLIPImageProcessor,
    ChineseCLIPModel, ChineseCLIPProcessor, CLIPImageProcessor, CLIPProcessor, MetaClip2Config, MetaClip2Model,
    XLMRobertaTokenizer,
)  # fmt: skip

KINDS = ["metaclip_2", "altclip", "chinese_clip"]
TEXTS = [
    "a dog on a street", "一只狗", "ein Hund auf der Straße und zwei rote Autos", "", "दो लाल कारें", "кошка",
    "قطة سوداء", "a <pad> in [PAD] a text", "街上有两辆红色的汽车，旁边是一只很大的黑狗", "Ωmega", "a dog on a street",
]  # fmt: skip
SIGNS = sorted(set("".join(TEXTS)) - {" "})
PROCESSORS = {"metaclip_2": CLIPProcessor, "altclip": AltCLIPProcessor, "chinese_clip": ChineseCLIPProcessor}
CONTEXT = 30  # tokens


def tokenizer(kind: str):
    """A tokeniser of this kind of model whose pieces are single signs and a few words."""
    if kind == "chinese_clip":
        names = [
            "[PAD]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "[MASK]",
            *SIGNS,
            *(f"##{sign}" for sign in SIGNS),
            "dog",
            "street",
        ]
        return BertTokenizer(vocab={name: index for index, name in enumerate(dict.fromkeys(names))})
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *SIGNS, "▁dog", "▁a", "一只", "▁Hund", "<mask>"]
    return XLMRobertaTokenizer(vocab=[(piece, -float(place)) for place, piece in enumerate(pieces)])


def random_model(kind: str, rows: int):
    """A tiny model of this kind for texts of at most `CONTEXT` tokens."""
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**sizes, "image_size": 32, "patch_size": 16}
    text = {**sizes, "vocab_size": rows, "max_position_embeddings": CONTEXT}
    both = {"vision_config": vision, "projection_dim": 24}
    torch.manual_seed(7)
    match kind:
        case "metaclip_2":
            ends = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
            model = MetaClip2Model(MetaClip2Config(text_config={**text, **ends}, **both))
        case "altclip":  # its positions begin after those of the padding token, 1
            text = {**text, "max_position_embeddings": CONTEXT + 2, "project_dim": 20}
            model = AltCLIPModel(AltCLIPConfig(text_config=text, **both))
        case "chinese_clip":
            model = ChineseCLIPModel(ChineseCLIPConfig(text_config=text, **both))
    for parameter in model.parameters():  # as initialised, a text tower makes nearly the same of all texts
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def folder(kind, tmp_path):
    """A tiny model with its image processor and tokeniser, as published ones lie in a folder."""
    own = tokenizer(kind)
    random_model(kind, len(own)).save_pretrained(tmp_path)
    own.save_pretrained(tmp_path)
    sized = {"size": {"height": 32, "width": 32}} if kind == "chinese_clip" else {"size": {"shortest_edge": 32}}
    pictures = ChineseCLIPImageProcessor if kind == "chinese_clip" else CLIPImageProcessor
    pictures(**sized, crop_size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    return tmp_path


def theirs(encoder: TransformersModel, kind: str, texts: list[str]) -> torch.Tensor:
    """Unit-norm embeddings by the model's own processor and class, each text alone."""
    processor = PROCESSORS[kind](encoder.processor, encoder.tokenizer)
    found = []
    for text in texts:
        given = processor(text=[text], truncation=True, max_length=CONTEXT, return_tensors="pt")
        found.append(encoder.model.get_text_features(**given).pooler_output)
    return normalize(torch.cat(found), dim=-1)


@pytest.mark.slow
@torch.no_grad()
def test_texts_are_embedded_as_by_transformers_in_batches_of_any_size_and_order(folder, kind):
    encoder = TransformersModel.load(folder, CPU)
    wanted = theirs(encoder, kind, TEXTS)
    processor = PROCESSORS[kind](encoder.processor, encoder.tokenizer)
    padded = processor(text=TEXTS, padding=True, truncation=True, max_length=CONTEXT, return_tensors="pt")
    together = normalize(encoder.model.get_text_features(**padded).pooler_output, dim=-1)
    torch.testing.assert_close(together, wanted, atol=1e-5, rtol=1e-4)
    order = list(range(len(TEXTS)))
    for size in (1, 2, 3, 256):
        random.Random(size).shuffle(order)
        found = encoder.encode_texts([TEXTS[place] for place in order], batch_size=size)
        torch.testing.assert_close(found, wanted[order], atol=1e-5, rtol=1e-4)
    assert encoder.width == wanted.shape[1] == 24
    assert (wanted[0] - wanted[1:-1]).norm(dim=-1).min() > 1e-2  # texts differ by more than the tolerance


@torch.no_grad()
def test_a_text_beyond_the_context_is_cut_and_keeps_its_end(folder, kind):
    encoder = TransformersModel.load(folder, CPU)
    assert encoder.context == CONTEXT
    long = ["a dog on a street " * 20, "一只狗" * 30, "кошка"]
    tokens, lengths = encoder.text_tokens(long)
    assert tokens.shape == (3, CONTEXT) and lengths[:2].tolist() == [CONTEXT] * 2 and lengths[2] < CONTEXT
    end = encoder.tokenizer.sep_token_id
    assert tokens[torch.arange(3), lengths - 1].tolist() == [end] * 3
    torch.testing.assert_close(encoder.encode_texts(long), theirs(encoder, kind, long), atol=1e-5, rtol=1e-4)


def test_a_tokeniser_may_state_a_shorter_context(folder):
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_max_length": 12}))
    encoder = TransformersModel.load(folder, CPU)
    assert encoder.context == 12 and encoder.text_tokens(["a dog on a street " * 20])[0].shape == (1, 12)


@pytest.mark.slow
def test_padding_on_the_left_is_not_taken_over(folder):
    wanted = TransformersModel.load(folder, CPU).encode_texts(TEXTS)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "padding_side": "left"}))
    encoder = TransformersModel.load(folder, CPU)
    assert encoder.tokenizer.padding_side == "left" and torch.equal(encoder.encode_texts(TEXTS), wanted)


@torch.no_grad()
def test_pictures_are_embedded_as_by_transformers(folder, kind):
    encoder, rng = TransformersModel.load(folder, CPU), np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 256, (50, 40, 3), dtype=np.uint8)) for _ in range(5)]
    pixels = PROCESSORS[kind](encoder.processor, encoder.tokenizer)(images=images, return_tensors="pt")["pixel_values"]
    wanted = normalize(encoder.model.get_image_features(pixel_values=pixels).pooler_output, dim=-1)
    torch.testing.assert_close(encoder.embed(images.__getitem__, range(5), 2, workers=0), wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_bfloat16_agrees_with_float32(folder):
    exact = TransformersModel.load(folder, CPU).encode_texts(TEXTS)
    rough = TransformersModel.load(folder, CPU, "bfloat16").encode_texts(TEXTS)
    assert rough.dtype == torch.float32 and not torch.equal(exact, rough)
    assert (exact * rough).sum(dim=-1).min() > 0.99


@pytest.mark.slow
def test_the_encoder_of_a_study_is_the_one_that_was_named(folder, tmp_path):
    """By its folder, as `coco.encoder` and `coco.judge` name it."""
    config = TransformersEncoder(source="transformers", name=str(folder), revision="main")
    pretrained_encoder(config, tmp_path / "written", "coco.encoder")
    written, wanted = load_encoder(tmp_path / "written", CPU), TransformersModel.load(folder, CPU)
    assert torch.equal(written.encode_texts(TEXTS), wanted.encode_texts(TEXTS))
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 40, 3), dtype=np.uint8))
    assert torch.equal(written.preprocess(picture), wanted.preprocess(picture)) and written.context == CONTEXT


@pytest.mark.parametrize(
    ("kind", "key", "value", "message"),
    [
        ("metaclip_2", "eos_token_id", 5, "the end token is 2 to the tokeniser, 5 to the model"),
        ("altclip", "pad_token_id", 0, "the padding token is 1 to the tokeniser, 0 to the model"),
        ("chinese_clip", "vocab_size", 20, "tokens, the model's table 20 rows"),
    ],
    ids=KINDS,
)
def test_a_tokeniser_of_another_model_is_refused(tmp_path, kind, key, value, message):
    own = tokenizer(kind)
    model = random_model(kind, value if key == "vocab_size" else len(own))
    setattr(model.config.text_config, key, value)
    model.save_pretrained(tmp_path)
    own.save_pretrained(tmp_path)
    CLIPImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(InputError, match=f"{message}; take the tokeniser that was published with the model"):
        TransformersModel.load(tmp_path, CPU)
