"""Language models whose token table scales its rows (XGLM, Gemma 3), and tokenisers of SentencePiece's kind: tiny
models with random weights against transformers' own classes.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from conftest import CPU
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from captioner.bridge.objective import Examples, Objective, validation_loss
from captioner.bridge.training import Schedule, train
from captioner.captioning.generation import greedy
from captioner.captioning.loading import load_decoder
from captioner.config.decoder import PretrainedDecoder
from captioner.decoders.decoder import Decoder
from captioner.decoders.tokens import TokenTable
from captioner.decoders.vocabulary import Vocabulary, formed
from captioner.foundation.checkpoints import Checkpoints
from captioner.pretrained.backbones import pretrained_decoder
from stages.study.training import Training

from transformers import (  # isort: skip
    Gemma3ForCausalLM, Gemma3TextConfig, XGLMConfig, XGLMForCausalLM, XGLMTokenizer,
)  # fmt: skip

TEXTS = [
    "A photo of a dog.", "Two red cars on a street.", "Ein Foto von einem Hund auf der Straße.", "照片上有 一只狗",
    "街上有两辆红色的汽车", "Фотография чёрной кошки", "صورة قطة", "What is this? It is a bird: TV set, 3 cups!",
]  # fmt: skip
PROMPTS = ["", "A photo of", "Ein Foto von", "照片上有", "Фотография", "What is this?"]
CAPTIONS = ["A dog.", "einem Hund", "一只狗", "чёрной кошки", "TV set", "3 cups"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
STOP = SPECIAL.index("</s>")


def pieces() -> list[tuple[str, float]]:
    """Every sign of `TEXTS` and a few words, with log-probabilities."""
    signs = sorted(set("".join(TEXTS)) - {" "})
    words = ["▁photo", "▁A", "▁a", "▁of", "▁Hund", "ein", "一只", "照片", "▁Ф", "кошк", "st", "▁bird"]
    return [*((name, 0.0) for name in SPECIAL), *((piece, -1.0 - place / 9) for place, piece in enumerate(words)),
            *((sign, -5.0 - place / 9) for place, sign in enumerate(["▁", *signs]))]  # fmt: skip


def unigram(scheme: str = "always", normalizer=None, before=()) -> Tokenizer:
    """A tokeniser of SentencePiece's kind; `scheme`: when a text gets a blank before it."""
    tokenizer = Tokenizer(models.Unigram(pieces(), unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*before, pre_tokenizers.Metaspace(prepend_scheme=scheme)])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
    tokenizer.add_special_tokens(SPECIAL)
    if normalizer:
        tokenizer.normalizer = normalizer
    return tokenizer


def xglm_tokenizer() -> XGLMTokenizer:
    return XGLMTokenizer(vocab=pieces())


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """XGLM's own tokeniser class over the pieces of `pieces`."""
    return Vocabulary(xglm_tokenizer()._tokenizer, STOP)


def random_model(kind: str, rows: int):
    """A tiny model of this kind whose captions differ and end at different places."""
    torch.manual_seed(4)
    ends = {"vocab_size": rows, "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": STOP}
    match kind:
        case "xglm" | "xglm unscaled":
            model = XGLMForCausalLM(XGLMConfig(
                **ends, d_model=32, ffn_dim=64, num_layers=2, attention_heads=2, max_position_embeddings=72,
                scale_embedding=kind == "xglm",
                tie_word_embeddings=kind == "xglm",
            ))  # fmt: skip
        case "gemma3":
            model = Gemma3ForCausalLM(Gemma3TextConfig(
                **ends, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, head_dim=16,
                num_key_value_heads=1, max_position_embeddings=72, tie_word_embeddings=False,
            ))  # fmt: skip
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.25)
        model.get_output_embeddings().weight[STOP] *= 3
    return model.eval()


KINDS = {"xglm": math.sqrt(32), "xglm unscaled": 1.0, "gemma3": math.sqrt(32)}  # by what the rows are multiplied


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def model(kind, vocabulary):
    return random_model(kind, vocabulary.tokenizer.get_vocab_size() + 3)


@torch.no_grad()
def test_embeddings_are_what_the_model_reads(model, kind, vocabulary):
    decoder = Decoder(model, CPU)
    ids = torch.randint(0, decoder.vocabulary, (3, 9), generator=torch.Generator().manual_seed(1))
    by_ids = model(input_ids=ids, use_cache=False).logits
    torch.testing.assert_close(decoder.logits(decoder.hidden(decoder.embeddings[ids])), by_ids, atol=1e-4, rtol=1e-4)
    assert decoder.embeddings.shape == (decoder.vocabulary, decoder.width)
    weights = decoder.table.weight.norm(dim=-1).mean().item()
    assert decoder.mean_norm == pytest.approx(KINDS[kind] * weights, rel=1e-5)
    rough = Decoder(model, CPU, "bfloat16")  # changes the model, so the last
    assert rough.mean_norm == pytest.approx(KINDS[kind] * weights, rel=1e-5)


def generated(model, vocabulary, **inputs) -> list[int]:
    """The tokens of transformers' own greedy search after these inputs of one text, without the stop token."""
    length = inputs["input_ids"].shape[1] if "input_ids" in inputs else 0
    told = next(iter(inputs.values()))
    found = model.generate(
        **inputs, attention_mask=torch.ones(told.shape[:2], dtype=torch.long), max_new_tokens=14, do_sample=False,
        eos_token_id=STOP, pad_token_id=1,
    )[0, length:].tolist()  # fmt: skip
    return found[: found.index(STOP)] if STOP in found else found


@pytest.mark.slow
def test_captions_are_those_of_generate(model, kind, vocabulary):
    """After a prefix of embeddings and a prompt, six in a batch, of which some end before others."""
    decoder, factor, seen = Decoder(model, CPU), KINDS[kind], []
    prefix = torch.randn(6, 4, decoder.width, generator=torch.Generator().manual_seed(5)) * decoder.mean_norm / 5
    for prompt in PROMPTS:
        told = factor * decoder.table.weight[vocabulary.prompt(prompt)]
        found = greedy(decoder, vocabulary, prefix, prompt, 14)
        for row, caption in zip(prefix, found, strict=True):
            words = generated(model, vocabulary, inputs_embeds=torch.cat([row, told])[None])
            assert caption.text == vocabulary.text(words) and caption.tokens == len(words)
        seen += found
    assert len({caption.text for caption in seen}) > 12 and len({caption.tokens for caption in seen}) > 1


@pytest.mark.slow
def test_a_prefix_of_tokens_is_read_as_those_tokens(model, vocabulary):
    decoder = Decoder(model, CPU)
    ids = torch.tensor([ids[:5] for ids in vocabulary.encode(TEXTS)])
    found = greedy(decoder, vocabulary, decoder.embeddings[ids], "A photo of", 14)
    for row, caption in zip(ids, found, strict=True):
        whole = torch.tensor([[*row.tolist(), *vocabulary.prompt("A photo of")]])
        words = generated(model, vocabulary, input_ids=whole)
        assert caption.text == vocabulary.text(words) and caption.tokens == len(words)


@pytest.fixture
def opened(model, vocabulary) -> Training:
    """What the study's stages open, of eight images with one caption each."""
    decoder, images = Decoder(model, CPU), list(range(len(TEXTS)))
    vectors = torch.nn.functional.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(3)), dim=-1)
    examples = Examples(images, vectors)
    table = TokenTable.build({image: [TEXTS[image]] for image in images}, vocabulary)
    recipe = SimpleNamespace(prefix_length=4, prefix_norm=1.5, standardise=True, start="ridge", ridge=0.1)
    return Training(1, SimpleNamespace(dtype="float32"), CPU, recipe, decoder, table, vocabulary, examples, examples)


@torch.no_grad()
def test_maps_start_at_the_norm_that_the_model_reads(opened, kind):
    weights = opened.decoder.table.weight.norm(dim=-1).mean().item()
    for start in ("random", "ridge"):
        opened.recipe.start = start
        norm = opened.projection(0)(opened.examples.embeddings).norm(dim=-1).mean().item()
        assert norm == pytest.approx(1.5 * KINDS[kind] * weights, rel=1e-4)


@pytest.mark.slow
def test_training_moves_the_map_alone_and_lowers_the_loss(opened, tmp_path):
    decoder, vocabulary = opened.decoder, opened.vocabulary
    bridge = opened.projection(0)
    before = {name: tensor.clone() for name, tensor in decoder.model.state_dict().items()}
    objective = Objective(decoder, bridge, opened.table, {"none": "", "photo": "A photo of"}, vocabulary)
    first = validation_loss(objective, opened.examples, 4)
    schedule = Schedule(epochs=12, batch_size=4, learning_rate=0.02, warmup=0.1, weight_decay=0.0)
    train(objective, bridge, opened.examples, opened.examples, schedule, 1, "float32", Checkpoints(tmp_path), "map")
    assert validation_loss(objective, opened.examples, 4) < first - 0.15
    assert all(torch.equal(tensor, before[name]) for name, tensor in decoder.model.state_dict().items())


def test_the_decoder_of_a_study_is_the_one_that_was_named(tmp_path):
    """By its folder, as `coco.decoder` names it; a text of XGLM begins with the token that ends one."""
    own, folder = xglm_tokenizer(), tmp_path / "xglm"
    model = random_model("xglm", len(own))
    model.save_pretrained(folder)
    own.save_pretrained(folder)
    pretrained_decoder(PretrainedDecoder(source="transformers", name=str(folder), revision="main"), tmp_path / "d", "x")
    decoder, vocabulary = load_decoder(tmp_path / "d", CPU), Vocabulary.load(tmp_path / "d")
    assert (decoder.positions, decoder.stop, vocabulary.stop) == (72, STOP, STOP)
    assert [decoder.start] == own("")["input_ids"]
    prefix = torch.randn(3, 4, 32, generator=torch.Generator().manual_seed(5)) * decoder.mean_norm
    wanted = greedy(Decoder(model, CPU), vocabulary, prefix, "A photo of", 8)
    assert [c.text for c in greedy(decoder, vocabulary, prefix, "A photo of", 8)] == [c.text for c in wanted]


TOKENISERS = {
    "XGLM's": lambda: xglm_tokenizer()._tokenizer,
    "always": unigram,
    "first": lambda: unigram("first"),
    "never": lambda: unigram("never"),
    "by a normaliser": lambda: unigram("never", normalizers.Prepend("▁")),
    "stripped": lambda: unigram("always", normalizers.Strip()),
    "words": lambda: unigram("always", None, [pre_tokenizers.WhitespaceSplit()]),
}


@pytest.mark.parametrize("make", TOKENISERS.values(), ids=TOKENISERS)
def test_a_caption_after_a_prompt_is_joined_with_one_blank(make):
    vocabulary = Vocabulary(make(), STOP)
    for prompt in PROMPTS[1:]:
        for caption in CAPTIONS:
            for how in ("continued", "fresh"):
                told = formed(caption, how)
                before, after = vocabulary.prompt(prompt), vocabulary.encode([told])[0]
                assert vocabulary.text([*before, *after]) == prompt + told
                assert "".join(vocabulary.pieces(before, after)) == told
    for caption in CAPTIONS:
        assert vocabulary.text(vocabulary.encode([formed(caption, "alone")])[0]) == caption


def test_ids_are_those_of_transformers_without_special_tokens(vocabulary):
    texts = [*TEXTS, *(f"{prompt}{formed(caption, 'continued')}" for prompt in PROMPTS[1:] for caption in CAPTIONS)]
    assert vocabulary.encode(texts) == xglm_tokenizer()(texts, add_special_tokens=False)["input_ids"]
    for prompt in PROMPTS[1:]:
        for caption in CAPTIONS:
            told = formed(caption, "continued")
            joined = [*vocabulary.prompt(prompt), *vocabulary.encode([told])[0]]
            assert joined == vocabulary.encode([prompt + told])[0]
