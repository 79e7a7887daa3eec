"""GPT-2 as captions are made with it against transformers' own class; prompts together, and steps of a fixed shape."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
import torch
from conftest import CPU

from captioner.captioning import generation, graphs
from captioner.captioning.generation import caption_all, greedy, greedy_prompts
from captioner.captioning.gpt2 import Gpt2
from captioner.captioning.graphs import Graphs, bucket
from captioner.captioning.loading import load_decoder
from captioner.captioning.memory import Memory
from captioner.decoders.decoder import Decoder
from captioner.foundation.errors import InputError
from captioner.miniatures.language_model import save_decoder

from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM  # isort: skip

CAP = 20
PROMPTS = ["", "A photo of", "A detailed photo of a dog and", "Here"]


def wild(vocabulary, width, **settings):
    """A random GPT-2 whose captions differ from row to row and end at different steps."""
    torch.manual_seed(3)
    size = vocabulary.tokenizer.get_vocab_size()
    config = GPT2Config(
        vocab_size=size, n_embd=width, n_layer=2, n_head=2, n_positions=72, eos_token_id=vocabulary.stop,
        bos_token_id=vocabulary.stop, initializer_range=0.3, **settings,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        model.transformer.wte.weight[vocabulary.stop] *= 1.3
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.fixture(scope="module", params=[(32, "gelu_new"), (288, "gelu_pytorch_tanh")], ids=["narrow", "wide"])
def case(request, vocabulary, tmp_path_factory):
    """The same weights as `Gpt2` and as transformers has them, and prefixes [17, 3, W]."""
    width, activation = request.param
    folder = tmp_path_factory.mktemp("gpt2") / "decoder"
    save_decoder(wild(vocabulary, width, activation_function=activation), vocabulary, folder)
    ours = load_decoder(folder, CPU)
    assert isinstance(ours, Gpt2)
    return ours, Decoder.load(folder, CPU), torch.randn(17, 3, width, generator=torch.Generator().manual_seed(5))


def same(one, other):
    assert [(each.text, each.text_with_prompt, each.tokens, each.stopped) for each in one] == [
        (each.text, each.text_with_prompt, each.tokens, each.stopped) for each in other
    ]
    for left, right in zip(one, other, strict=True):
        assert left.log_probabilities == pytest.approx(right.log_probabilities, abs=1e-3)
        assert left.entropies == pytest.approx(right.entropies, abs=1e-3)


@torch.inference_mode()
def test_states_are_those_of_transformers(case):
    """Whatever was read before, in one piece or several."""
    ours, theirs, _ = case
    text = torch.randn(4, 12, ours.width, generator=torch.Generator().manual_seed(6))
    mine, yours = ours.memory(4, 12), theirs.memory(4, 12)
    for at, end in ((0, 5), (5, 8), (8, 9), (9, 10), (10, 12)):
        own, other = ours.read(text[:, at:end], mine), theirs.read(text[:, at:end], yours)
        torch.testing.assert_close(own, other, atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(ours.logits(own), theirs.logits(other), atol=2e-4, rtol=1e-4)


def test_sizes_are_those_of_transformers(case):
    for name in ("width", "positions", "vocabulary", "stop", "start"):
        assert getattr(case[0], name) == getattr(case[1], name)
    assert torch.equal(case[0].table.weight, case[1].table.weight)


@pytest.mark.slow
@pytest.mark.parametrize("prompt", PROMPTS)
def test_captions_are_those_of_transformers(case, vocabulary, prompt):
    ours, theirs, prefix = case
    captions = greedy(ours, vocabulary, prefix, prompt, CAP)
    same(captions, greedy(theirs, vocabulary, prefix, prompt, CAP))
    assert len({caption.tokens for caption in captions}) > 1  # rows have ended at several steps


@pytest.mark.slow
@pytest.mark.parametrize("looks", [1, 3, 50])
def test_prompts_of_all_lengths_together_are_as_one_after_another(case, vocabulary, monkeypatch, looks):
    """However often it is looked at which rows have ended."""
    monkeypatch.setattr(generation, "LOOKS", {"cpu": looks})
    for decoder in case[:2]:
        together = greedy_prompts(decoder, vocabulary, case[2], PROMPTS, CAP)
        monkeypatch.setattr(generation, "LOOKS", {"cpu": 1})
        for prompt, captions in zip(PROMPTS, together, strict=True):
            same(captions, greedy(case[1], vocabulary, case[2], prompt, CAP))
    assert len({caption.text for captions in together for caption in captions}) > 30


@pytest.mark.slow
def test_what_is_watched_is_what_is_told(case, vocabulary):
    """Each row's first tokens, in the order of prompts and rows, are those of its caption."""
    for decoder in case[:2]:
        seen: dict[int, list[float]] = defaultdict(list)

        def watch(rows, tokens, logs, seen=seen):
            for row, value in zip(rows.tolist(), logs.max(dim=-1).values.tolist(), strict=True):
                seen[row].append(value)

        together = greedy_prompts(decoder, vocabulary, case[2], PROMPTS, CAP, watch)
        captions = [caption for several in together for caption in several]
        assert sorted(seen) == list(range(len(captions)))
        for row, caption in enumerate(captions):
            assert tuple(seen[row][: len(caption.entropies)]) == caption.log_probabilities


@pytest.mark.slow
@pytest.mark.parametrize("cap", [1, 2, 7, 8, 9, CAP])
def test_steps_of_a_fixed_shape_tell_the_same(case, vocabulary, monkeypatch, cap):
    """A batch that does not fill its size, at every cap, and moved to smaller sizes on its way; each size made once."""
    ours, _, prefix = case
    monkeypatch.setattr(graphs, "LEAST", 2)
    monkeypatch.setattr(graphs, "TOGETHER", 3)
    fixed = Graphs(ours)
    for prompt in (PROMPTS[1], PROMPTS[0], PROMPTS[1]):
        told = greedy(ours, vocabulary, prefix, prompt, cap, graphs=fixed)
        same(told, greedy(ours, vocabulary, prefix, prompt, cap))
    sizes = [rows for rows, _, _ in fixed._steps]
    assert sizes[0] == 32 and len(set(fixed._steps)) == len(sizes)
    assert cap < CAP or min(sizes) < 32  # rows have ended, so that it went on in a smaller size


def test_batches_by_graphs_are_captioned_as_without(case, vocabulary):
    ours, theirs, prefix = case
    told = caption_all(ours, vocabulary, prefix, "A photo of", CAP, 5, "test", graphs=Graphs(ours))
    same(told, caption_all(ours, vocabulary, prefix, "A photo of", CAP, 17, "test"))
    with pytest.raises(InputError, match=r"caption\.graphs"):
        Graphs(theirs)


def test_sizes_of_batches():
    assert [bucket(rows) for rows in (1, 8, 9, 16, 17, 1000)] == [8, 8, 16, 16, 32, 1024]


def test_texts_that_end_make_room_for_the_last_ones():
    memory = Memory.empty((1, 6, 1, 2, 1), torch.float32, CPU)
    memory.keep(0, torch.arange(6.0).view(6, 1, 1, 1), -torch.arange(6.0).view(6, 1, 1, 1))
    memory.advance(1)
    memory.starts = torch.arange(6) % 2
    order = memory.drop(torch.tensor([True, False, True, False, False, True]))
    assert sorted(order.tolist()) == [1, 3, 4] and memory.rows == 3
    assert memory.keys[0, :, 0, 0, 0].tolist() == order.tolist()
    assert memory.values[0, :, 0, 0, 0].tolist() == [-row for row in order.tolist()]
    assert memory.starts.tolist() == [row % 2 for row in order.tolist()]


def test_bfloat16_agrees_with_float32(case, vocabulary, tmp_path):
    ours, theirs, prefix = case
    theirs.model.save_pretrained(tmp_path)
    rough, exact = load_decoder(tmp_path, CPU, "bfloat16"), ours
    assert rough.table.weight.dtype == torch.bfloat16 and rough.head.dtype == torch.float32
    with torch.inference_mode():
        one, other = (each.read(prefix, each.memory(17, 3)).float() for each in (rough, exact))
    assert torch.nn.functional.cosine_similarity(one, other).min() > 0.999


def test_any_other_decoder_goes_through_transformers(vocabulary, tmp_path):
    size = vocabulary.tokenizer.get_vocab_size()
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=72, eos_token_id=vocabulary.stop, bos_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path / "llama")
    loaded = load_decoder(tmp_path / "llama", CPU)
    assert isinstance(loaded, Decoder) and loaded.start == loaded.stop == vocabulary.stop
    wild(vocabulary, 32, scale_attn_by_inverse_layer_idx=True).save_pretrained(tmp_path / "other")
    assert isinstance(load_decoder(tmp_path / "other", CPU), Decoder)


def change(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda folder: (folder / "config.json").unlink(), r"no config\.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "damaged"),
        (lambda folder: change(folder, eos_token_id=None), "stop token"),
        (lambda folder: change(folder, n_positions=None), "context length"),
        (lambda folder: change(folder, n_layer=3), "no weights for 'h.2"),
        (lambda folder: change(folder, vocab_size=7), "token table"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"none"), "cannot be|can be loaded"),
    ],
)
def test_damaged_folders_are_named(vocabulary, tmp_path, broken, told):
    wild(vocabulary, 32).save_pretrained(tmp_path)
    broken(tmp_path)
    with pytest.raises(InputError, match=told) as caught:
        load_decoder(tmp_path, CPU)
    assert str(tmp_path) in str(caught.value) and "dvc repro" in str(caught.value)
