"""CLIP-like models of transformers behind the same interface, and openai-clip's numbers against transformers' own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import CPU
from PIL import Image, ImageOps
from random_weights import random_clip

from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.encoder import ClipEncoder, load_encoder
from captioner.encoders.origin import Origin
from captioner.encoders.transformers_encoder import TransformersModel
from captioner.foundation.errors import InputError
from captioner.photographs.images import decode

from clip.clip import _transform  # isort: skip
from transformers import (  # isort: skip
    AutoImageProcessor, CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer, GPT2Config, GPT2LMHeadModel,
    PreTrainedTokenizerFast, SiglipConfig, SiglipModel, SiglipImageProcessor,
)  # fmt: skip

SHARED = Path(__file__).parents[3] / "shared" / "coco-mini"
TEXTS = ["a dog on a street", "two red cars", "a dog on a street", "word " * 100, ""]


def converted(model) -> CLIPModel:
    """openai-clip's ViT as transformers' CLIPModel: the same weights under the other class's names."""
    visual, text = model.visual, model.transformer
    config = CLIPConfig(
        projection_dim=model.text_projection.shape[1],
        text_config={
            "vocab_size": model.vocab_size, "hidden_size": text.width, "intermediate_size": 4 * text.width,
            "num_hidden_layers": text.layers, "num_attention_heads": max(1, text.width // 64),
            "max_position_embeddings": model.context_length, "hidden_act": "quick_gelu", "eos_token_id": 49407,
            "bos_token_id": 49406, "pad_token_id": 49407,
        },
        vision_config={
            "hidden_size": visual.transformer.width, "intermediate_size": 4 * visual.transformer.width,
            "num_hidden_layers": visual.transformer.layers, "num_attention_heads": visual.transformer.width // 64,
            "image_size": visual.input_resolution, "patch_size": visual.conv1.kernel_size[0],
            "hidden_act": "quick_gelu",
        },
    )  # fmt: skip
    state = model.state_dict()
    new = {
        "logit_scale": state["logit_scale"],
        "text_projection.weight": state["text_projection"].T,
        "visual_projection.weight": state["visual.proj"].T,
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
    }
    for old, name in (("visual.ln_pre", "vision_model.pre_layrnorm"), ("visual.ln_post", "vision_model.post_layernorm"),
                      ("ln_final", "text_model.final_layer_norm")):  # fmt: skip
        for part in ("weight", "bias"):
            new[f"{name}.{part}"] = state[f"{old}.{part}"]
    layers = (
        ("transformer", "text_model", text.layers),
        ("visual.transformer", "vision_model", visual.transformer.layers),
    )
    for old, tower, count in layers:
        for n in range(count):
            block, layer = f"{old}.resblocks.{n}", f"{tower}.encoder.layers.{n}"
            for part in ("weight", "bias"):
                for one, other in (("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"),
                                   ("mlp.c_proj", "mlp.fc2"), ("attn.out_proj", "self_attn.out_proj")):  # fmt: skip
                    new[f"{layer}.{other}.{part}"] = state[f"{block}.{one}.{part}"]
                thirds = state[f"{block}.attn.in_proj_{part}"].chunk(3)
                for which, third in zip("qkv", thirds, strict=True):
                    new[f"{layer}.self_attn.{which}_proj.{part}"] = third
    other = CLIPModel(config).eval()
    missing, unexpected = other.load_state_dict(new, strict=False)
    assert not unexpected and not [name for name in missing if "position_ids" not in name]
    return other


def pictures(count, size=(50, 40)):
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)) for _ in range(count)]


@torch.no_grad()
def test_openai_clips_embeddings_are_those_of_transformers():
    """The same weights in both implementations: unit-norm embeddings differ by less than 1e-5."""
    model = random_clip("tiny", 3)
    ours, theirs = ClipEncoder(model, CPU), converted(model)
    pixels = torch.stack([ours.preprocess(image) for image in pictures(5)])
    wanted = theirs.get_image_features(pixel_values=pixels).pooler_output
    assert (ours.encode_images(pixels) - torch.nn.functional.normalize(wanted, dim=-1)).abs().max() < 1e-5
    tokens, _ = ours.text_tokens(TEXTS)
    wanted = theirs.get_text_features(input_ids=tokens).pooler_output
    assert (ours.encode_texts(TEXTS) - torch.nn.functional.normalize(wanted, dim=-1)).abs().max() < 1e-5


def photographs() -> list[tuple[str, bytes]]:
    """Real ones where they are at hand, and one of each odd kind that is opaque and of 8 bits."""
    found = [(path.name, path.read_bytes()) for path in sorted(SHARED.glob("val2017/*.jpg"))]
    image = pictures(1, (90, 130))[0]
    for name, form, kept in (
        ("grey", image.convert("L"), {"format": "JPEG"}), ("CMYK", image.convert("CMYK"), {"format": "JPEG"}),
        ("palette", image.convert("P"), {"format": "PNG"}), ("rgb", image, {"format": "WEBP", "lossless": True}),
    ):  # fmt: skip
        file = io.BytesIO()
        form.save(file, **kept)
        found.append((name, file.getvalue()))
    for turn in range(1, 9):
        file, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = turn
        image.save(file, "JPEG", exif=exif)
        found.append((f"EXIF {turn}", file.getvalue()))
    return found


@pytest.mark.slow
def test_preprocessing_is_openai_clips_own_bit_for_bit(clip_model):
    """From the bytes of a file to the model's input, after EXIF orientation."""
    encoder, theirs = ClipEncoder(clip_model, CPU), _transform(clip_model.visual.input_resolution)
    for name, content in photographs():
        own = theirs(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
        assert torch.equal(encoder.preprocess(decode(content, name)), own), name


def clip_tokenizer(folder) -> CLIPTokenizer:
    """A tokeniser of CLIP's kind with bytes alone as its vocabulary."""
    from tokenizers.pre_tokenizers import ByteLevel

    signs = sorted(ByteLevel.alphabet())
    names = [*signs, *(f"{sign}</w>" for sign in signs), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={name: index for index, name in enumerate(names)}, merges=[])


@pytest.fixture(params=["clip", "siglip"])
def folder(request, tmp_path):
    """A tiny random model of transformers with its image processor and tokeniser."""
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**sizes, "image_size": 32, "patch_size": 16}
    tokenizer = clip_tokenizer(tmp_path)
    text = {**sizes, "vocab_size": len(tokenizer), "max_position_embeddings": 32, "bos_token_id": 512,
            "eos_token_id": 513, "pad_token_id": 513}  # fmt: skip
    if request.param == "clip":
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24))
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    else:
        model = SiglipModel(SiglipConfig(text_config={**text, "projection_size": 32}, vision_config=vision))
        SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.slow
@torch.no_grad()
def test_models_of_transformers_keep_the_interface(folder, tmp_path):
    encoder = TransformersModel.load(folder, CPU)
    images = pictures(4)
    pixels = torch.stack([encoder.preprocess(image) for image in images])
    embedded = encoder.embed(images.__getitem__, range(4), 3)
    assert pixels.shape == (4, 3, 32, 32) and embedded.shape == (4, encoder.width)
    wanted = encoder.model.get_image_features(pixel_values=pixels).pooler_output
    torch.testing.assert_close(embedded, torch.nn.functional.normalize(wanted, dim=-1), atol=1e-5, rtol=1e-4)
    texts = encoder.encode_texts(TEXTS, batch_size=2)
    assert torch.equal(texts[0], texts[2]) and texts.shape == (5, encoder.width)
    given = encoder.tokenizer(TEXTS, padding="max_length", max_length=32, truncation=True, return_tensors="pt")
    wanted = encoder.model.get_text_features(input_ids=given["input_ids"]).pooler_output
    torch.testing.assert_close(texts, torch.nn.functional.normalize(wanted, dim=-1), atol=1e-5, rtol=1e-4)
    encoder.save(tmp_path / "again")
    Origin("transformers", "tiny", "0", "a local file").write(tmp_path / "again")
    assert torch.equal(load_encoder(tmp_path / "again", CPU).encode_texts(TEXTS, batch_size=2), texts)


def test_image_processing_is_pillows(folder):
    """Resizing goes through Pillow, as when these models were trained."""
    encoder = TransformersModel.load(folder, CPU)
    theirs = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    image = pictures(1)[0]
    assert torch.equal(encoder.preprocess(image), theirs(images=image, return_tensors="pt")["pixel_values"][0])


def test_other_kinds_and_damaged_folders_are_named(folder, tmp_path, vocabulary: Vocabulary):
    with pytest.raises(InputError, match="gone"):
        TransformersModel.load(tmp_path / "gone", CPU)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError, match="no CLIP-like model"):
        TransformersModel.load(folder, CPU)
    language = GPT2LMHeadModel(GPT2Config(n_embd=8, n_layer=1, n_head=1, vocab_size=300))
    language.save_pretrained(tmp_path / "gpt2")
    PreTrainedTokenizerFast(tokenizer_object=vocabulary.tokenizer).save_pretrained(tmp_path / "gpt2")
    with pytest.raises(InputError, match="of the kind 'gpt2'"):
        TransformersModel.load(tmp_path / "gpt2", CPU)
