"""Greedy captions are those of transformers' own `generate`, their probabilities those of a pass without a cache."""

import copy
import math

import pytest
import torch
from conftest import CPU, LANGUAGE

from captioner.captioning.captions import Caption
from captioner.captioning.generation import caption_all, greedy
from captioner.config.decoder import TrainedDecoder
from captioner.decoders.decoder import Decoder
from captioner.foundation.errors import InputError
from captioner.miniatures import language_model

CAP = 30
K = 3


def wild(vocabulary, seed):
    """A random GPT-2 with large weights, whose captions differ from row to row and stop at different steps."""
    torch.manual_seed(seed)
    config = TrainedDecoder(**{**LANGUAGE, "width": 32, "layers": 2, "positions": 64})
    model = language_model.build(config, vocabulary)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.7)
        model.transformer.wte.weight.normal_()
        model.transformer.wpe.weight.normal_()
        model.transformer.wte.weight[vocabulary.stop] *= 1.5
        model.transformer.ln_f.weight.fill_(0.6)
    return Decoder(model, CPU)


@pytest.fixture(scope="module", params=range(4))
def case(request, vocabulary):
    """A random decoder and prefixes [12, K, W]."""
    decoder = wild(vocabulary, request.param)
    return decoder, 2 * torch.randn(12, K, decoder.width)


def reference(decoder, vocabulary, prefix, prompt):
    """One row at a time through `generate`: the new token ids, the stop token included."""
    ids = torch.tensor([vocabulary.prompt(prompt)], dtype=torch.long)
    rows = []
    for row in prefix:
        inputs = torch.cat([row[None], decoder.table(ids)], dim=1)
        out = decoder.model.generate(
            inputs_embeds=inputs, attention_mask=torch.ones(inputs.shape[:2], dtype=torch.long), do_sample=False,
            max_new_tokens=CAP, pad_token_id=decoder.stop,
        )  # fmt: skip
        rows.append(out[0].tolist())
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["", "A photo of"])
@torch.no_grad()
def test_captions_are_those_of_transformers(case, vocabulary, prompt):
    decoder, prefix = case
    captions = greedy(decoder, vocabulary, prefix, prompt, CAP)
    rows = reference(decoder, vocabulary, prefix, prompt)
    told = decoder.table(torch.tensor([vocabulary.prompt(prompt)], dtype=torch.long))
    for caption, ids, row in zip(captions, rows, prefix, strict=True):
        stopped = ids[-1] == decoder.stop
        words = ids[:-1] if stopped else ids
        assert caption.stopped == stopped and caption.tokens == len(words)
        assert caption.text == vocabulary.text(words)
        assert caption.text_with_prompt == vocabulary.text(vocabulary.prompt(prompt) + words)
        assert len(caption.log_probabilities) == len(caption.entropies) == len(ids) <= CAP
        assert stopped or len(ids) == CAP
        whole = torch.cat([row[None], told, decoder.table(torch.tensor([ids]))], dim=1)
        logs = (
            decoder.model(inputs_embeds=whole, use_cache=False).logits[0, -len(ids) - 1 : -1].double().log_softmax(-1)
        )
        own = logs[torch.arange(len(ids)), torch.tensor(ids)]
        assert caption.log_probabilities == pytest.approx(own.tolist(), abs=1e-3)
        assert caption.entropies == pytest.approx((-(logs.exp() * logs).sum(dim=-1)).tolist(), abs=1e-3)
        assert caption.mean_entropy == pytest.approx(sum(caption.entropies) / len(ids))
        assert caption.mean_log_probability == pytest.approx(sum(caption.log_probabilities) / len(ids))


def test_the_random_models_are_a_fair_trial(vocabulary):
    """In each batch some rows stop, at different steps, and some reach the cap; hardly two rows are the same."""
    for seed in range(4):
        decoder = wild(vocabulary, seed)
        captions = greedy(decoder, vocabulary, 2 * torch.randn(12, K, decoder.width), "", CAP)
        assert len({caption.text for caption in captions}) > 9
        assert len({caption.tokens for caption in captions if caption.stopped}) > 2
        assert not all(caption.stopped for caption in captions)


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_a_caption_does_not_depend_on_its_batch(case, vocabulary, batch_size):
    decoder, prefix = case
    whole = greedy(decoder, vocabulary, prefix, "A photo of", CAP)
    parts = caption_all(decoder, vocabulary, prefix, "A photo of", CAP, batch_size, "test")
    assert [(one.text, one.tokens, one.stopped) for one in parts] == [
        (one.text, one.tokens, one.stopped) for one in whole
    ]
    for one, other in zip(parts, whole, strict=True):
        assert one.entropies == pytest.approx(other.entropies, abs=1e-3)


def test_the_cap_cuts_what_a_longer_cap_gives(case, vocabulary):
    decoder, prefix = case
    long = greedy(decoder, vocabulary, prefix, "", CAP)
    for cap in (1, 2, 7):
        for short, whole in zip(greedy(decoder, vocabulary, prefix, "", cap), long, strict=True):
            ended = whole.stopped and whole.tokens < cap
            assert short.stopped == ended and short.tokens == (whole.tokens if ended else cap)
            assert short.log_probabilities == pytest.approx(whole.log_probabilities[:cap], abs=1e-3)


def test_a_model_that_only_stops_gives_empty_captions(vocabulary):
    decoder = copy.deepcopy(wild(vocabulary, 0))
    with torch.no_grad():
        decoder.model.transformer.ln_f.weight.zero_()
        decoder.model.transformer.ln_f.bias.copy_(50 * decoder.table.weight[decoder.stop])
    captions = greedy(decoder, vocabulary, torch.randn(2, K, decoder.width), "A photo of", CAP)
    assert captions == [Caption("", "A photo of", 0, True, (0.0,), (0.0,))] * 2


def test_a_uniform_model_has_the_entropy_of_its_vocabulary(vocabulary):
    decoder = wild(vocabulary, 0)
    with torch.no_grad():
        decoder.model.transformer.ln_f.weight.zero_()
        decoder.model.transformer.ln_f.bias.zero_()
    caption = greedy(decoder, vocabulary, torch.randn(1, K, decoder.width), "", 4)[0]
    size = vocabulary.tokenizer.get_vocab_size()
    assert caption.entropies == pytest.approx((math.log(size),) * len(caption.entropies), rel=1e-5)
    assert caption.log_probabilities == pytest.approx((-math.log(size),) * len(caption.entropies), rel=1e-5)


def test_a_prompt_beyond_the_context_is_named(case, vocabulary):
    decoder, prefix = case
    room = decoder.positions - K - CAP
    fits = " dog" * (room + 1 - len(vocabulary.prompt("dog")))
    assert len(vocabulary.prompt(fits)) == room
    assert len(greedy(decoder, vocabulary, prefix[:2], fits, CAP)) == 2
    with pytest.raises(InputError, match="prompt ' dog dog dog") as caught:
        greedy(decoder, vocabulary, prefix, fits + " dog", CAP)
    assert f"{room + 1} tokens" in str(caught.value) and str(room) in str(caught.value)
