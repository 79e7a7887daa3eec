"""The frozen language model: any causal one by its own configuration, in every precision."""

from __future__ import annotations

import json

import pytest
import torch
from conftest import CPU

from captioner.captioning.generation import greedy
from captioner.decoders.decoder import Decoder
from captioner.foundation.errors import InputError
from captioner.miniatures.language_model import save_decoder

from transformers import (  # isort: skip
    Gemma2Config, Gemma2ForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, OPTConfig,
    OPTForCausalLM,
)  # fmt: skip


def random_model(kind: str, size: int, stop: int):
    """A tiny random causal model of this kind whose captions differ and end at different places."""
    torch.manual_seed(4)
    both = {
        "vocab_size": size,
        "eos_token_id": stop,
        "bos_token_id": stop,
        "pad_token_id": stop,
        "initializer_range": 0.3,
    }
    common = {
        **both,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 72,
    }
    match kind:
        case "gpt2":
            return GPT2LMHeadModel(GPT2Config(**both, n_embd=32, n_layer=2, n_head=2, n_positions=72))
        case "llama":
            return LlamaForCausalLM(LlamaConfig(**common, intermediate_size=64, num_key_value_heads=1))
        case "opt":
            return OPTForCausalLM(OPTConfig(**common, ffn_dim=64, word_embed_proj_dim=32))
        case "gemma2":
            return Gemma2ForCausalLM(
                Gemma2Config(
                    **common, intermediate_size=64, num_key_value_heads=1, head_dim=16, final_logit_softcapping=2.0
                )
            )


@pytest.fixture(params=["gpt2", "llama", "opt"])
def model(request, vocabulary):
    return random_model(request.param, vocabulary.tokenizer.get_vocab_size(), vocabulary.stop).eval()


def test_sizes_follow_from_the_model(model, vocabulary):
    decoder = Decoder(model, CPU)
    assert (decoder.width, decoder.positions, decoder.stop) == (32, 72, vocabulary.stop)
    assert decoder.vocabulary == vocabulary.tokenizer.get_vocab_size() == decoder.table.num_embeddings
    assert decoder.mean_norm == pytest.approx(decoder.table.weight.norm(dim=-1).mean().item())
    assert not any(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.slow
def test_captions_are_those_of_generate(model, vocabulary):
    """Prefix and prompt embeddings in, greedy tokens out, as transformers' own `generate` gives them."""
    decoder = Decoder(model, CPU)
    prefix = torch.randn(6, 4, decoder.width, generator=torch.Generator().manual_seed(5))
    ids = vocabulary.prompt("A photo of")
    captions = greedy(decoder, vocabulary, prefix, "A photo of", 12)
    for row, caption in zip(prefix, captions, strict=True):
        inputs = torch.cat([row[None], decoder.table(torch.tensor([ids]))], dim=1)
        theirs = model.generate(
            inputs_embeds=inputs, attention_mask=torch.ones(inputs.shape[:2]), max_new_tokens=12, do_sample=False,
            eos_token_id=vocabulary.stop, pad_token_id=vocabulary.stop,
        )[0].tolist()  # fmt: skip
        words = theirs[: theirs.index(vocabulary.stop)] if vocabulary.stop in theirs else theirs
        assert caption.text == vocabulary.text(words) and caption.tokens == len(words)
    assert len({caption.text for caption in captions}) > 1


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 5, 12])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "opt", "one layer", "wide", "varied"])
def test_the_last_positions_are_those_of_the_whole_forward_pass(kind, count):
    """Hidden states and the gradients of inputs and weights, whether the last block computes all positions or not."""
    torch.manual_seed(4)
    sizes = {"vocab_size": 90, "n_head": 2, "n_positions": 40, "initializer_range": 0.3}
    match kind:
        case "one layer":
            model = GPT2LMHeadModel(GPT2Config(**sizes, n_embd=32, n_layer=1, attn_implementation="eager"))
        case "wide":  # beyond NARROW
            model = GPT2LMHeadModel(GPT2Config(**sizes, n_embd=288, n_layer=2))
        case "varied":
            config = GPT2Config(**sizes, n_embd=32, n_layer=3, scale_attn_by_inverse_layer_idx=True)
            model = GPT2LMHeadModel(config)
        case _:
            model = random_model(kind, 90, 0)
    decoder = Decoder(model.eval(), CPU)
    model.requires_grad_(True)  # as where GPT-2 is trained too
    inputs = torch.randn(3, 12, decoder.width, requires_grad=True)
    wanted, found = decoder.hidden(inputs)[:, -count:], decoder.tail(inputs, count)
    torch.testing.assert_close(found, wanted, atol=2e-5, rtol=1e-4)
    body = [value for value in model.base_model.parameters() if value.requires_grad]
    weight = torch.randn_like(wanted)
    theirs, ours = (
        torch.autograd.grad(hidden, [inputs, *body], weight, allow_unused=True) for hidden in (wanted, found)
    )
    assert ours[0].abs().max() > 0
    for one, other in zip(theirs, ours, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(other, one, atol=1e-3, rtol=1e-3)


@pytest.mark.slow
@torch.no_grad()
def test_bfloat16_agrees_with_float32(decoder, vocabulary, projection, embeddings):
    """Distributions after the same inputs: the mean absolute difference of log-probabilities stays below 0.05 nats."""
    rough = Decoder(type(decoder.model)(decoder.model.config), CPU)
    rough.model.load_state_dict(decoder.model.state_dict())
    rough = Decoder(rough.model, CPU, "bfloat16")
    projection.start(embeddings, True, decoder.mean_norm)
    inputs = projection(embeddings)
    exact, other = (d.logits(d.hidden(inputs)).log_softmax(dim=-1) for d in (decoder, rough))
    assert other.dtype == torch.float32 and rough.table.weight.dtype == torch.bfloat16
    assert rough.mean_norm == pytest.approx(decoder.mean_norm)
    assert 0 < (exact - other).abs().mean() < 0.05
    same = [a.text == b.text for a, b in zip(
        greedy(decoder, vocabulary, inputs, "A photo of", 12), greedy(rough, vocabulary, inputs, "A photo of", 12),
        strict=True,
    )]  # fmt: skip
    assert sum(same) >= 0.8 * len(same)


def test_a_model_that_bends_its_logits_is_refused(vocabulary, tmp_path):
    model = random_model("gemma2", vocabulary.tokenizer.get_vocab_size(), vocabulary.stop)
    with pytest.raises(ValueError, match="changes its logits"):
        Decoder(model, CPU)
    model.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"'gemma2' changes its logits"):
        Decoder.load(tmp_path, CPU)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["no stop token", "no weights", "another class", "no folder", "damaged"])
def test_folders_that_hold_no_decoder_are_named(vocabulary, tmp_path, fault):
    folder = tmp_path / "decoder"
    if fault != "no folder":
        save_decoder(random_model("gpt2", vocabulary.tokenizer.get_vocab_size(), vocabulary.stop), vocabulary, folder)
        config = json.loads((folder / "config.json").read_text())
        if fault == "no stop token":
            del config["eos_token_id"]
            (folder / "generation_config.json").unlink()
            config["eos_token_id"] = None
        elif fault == "another class":
            config["model_type"] = "clip"
        elif fault == "no weights":
            (folder / "model.safetensors").unlink()
        elif fault == "damaged":
            (folder / "model.safetensors").write_bytes(b"x" * 100)
        (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="decoder: "):
        Decoder.load(folder, CPU)
