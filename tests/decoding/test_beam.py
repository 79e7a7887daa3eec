"""Beam search is transformers' own: the same captions in the same order with the same scores; one beam is greedy."""

import pytest
import torch
from conftest import CPU

from captioner.captioning.generation import greedy
from captioner.captioning.gpt2 import Gpt2
from captioner.captioning.loading import load_decoder
from captioner.decoders.decoder import Decoder
from captioner.decoding.beam import BeamSearch
from captioner.foundation.errors import InputError
from captioner.miniatures.language_model import save_decoder

from transformers import GPT2Config, GPT2LMHeadModel  # isort: skip

CAP, K, PROMPT = 14, 3, "A photo of"


def wild(vocabulary, seed):
    """A random GPT-2 whose hypotheses end at several steps, some of them at the cap."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=vocabulary.tokenizer.get_vocab_size(), n_embd=32, n_layer=2, n_head=2, n_positions=64,
        eos_token_id=vocabulary.stop, bos_token_id=vocabulary.stop, initializer_range=0.3,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        model.transformer.wte.weight[vocabulary.stop] *= 1.3
    return model


@pytest.fixture(scope="module", params=range(3))
def case(request, vocabulary, tmp_path_factory):
    """The same weights as `Gpt2` and as transformers has them, and prefixes [9, K, 32]."""
    folder = tmp_path_factory.mktemp("beam") / "decoder"
    save_decoder(wild(vocabulary, request.param), vocabulary, folder)
    ours = load_decoder(folder, CPU)
    assert isinstance(ours, Gpt2)
    prefix = torch.randn(9, K, 32, generator=torch.Generator().manual_seed(request.param))
    return ours, Decoder.load(folder, CPU), prefix


def keys(prefix):
    return [str(number) for number in range(len(prefix))]


def generated(decoder, vocabulary, prefix, beams, cap):
    """What `generate` gives: new token ids and score of every beam of every picture."""
    ids = torch.tensor([vocabulary.prompt(PROMPT)], dtype=torch.long)
    inputs = torch.cat([prefix, decoder.table(ids).expand(len(prefix), -1, -1)], dim=1)
    out = decoder.model.generate(
        inputs_embeds=inputs, attention_mask=torch.ones(inputs.shape[:2], dtype=torch.long), do_sample=False,
        num_beams=beams, num_return_sequences=beams, length_penalty=1.0, early_stopping=False, max_new_tokens=cap,
        pad_token_id=decoder.stop, return_dict_in_generate=True, output_scores=True,
    )  # fmt: skip
    rows = []
    for row in out.sequences.tolist():
        rows.append(row[: row.index(decoder.stop)] if decoder.stop in row else row)
    return rows, out.sequences_scores.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("cap", [1, 2, CAP])
@pytest.mark.parametrize("beams", [2, 3, 5])
@torch.no_grad()
def test_captions_and_scores_are_those_of_transformers(case, vocabulary, beams, cap):
    ours, theirs, prefix = case
    rows, scores = generated(theirs, vocabulary, prefix, beams, cap)
    for decoder in (ours, theirs):
        several = BeamSearch(beams, beams).words(decoder, vocabulary, prefix, PROMPT, keys(prefix), cap)
        made = [caption for one in several for caption in one]
        assert [(one.text, one.tokens) for one in made] == [(vocabulary.text(row), len(row)) for row in rows]
        assert [one.mean_log_probability for one in made] == pytest.approx(scores, abs=1e-4)


@pytest.mark.slow
def test_the_random_models_are_a_fair_trial(vocabulary):
    """Hypotheses end at several steps and at the cap, and the best one is not always the greedy one."""
    lengths, other = set(), 0
    for seed in range(3):
        decoder = Decoder(wild(vocabulary, seed), CPU)
        prefix = torch.randn(9, K, 32, generator=torch.Generator().manual_seed(seed))
        several = BeamSearch(5, 5).words(decoder, vocabulary, prefix, PROMPT, keys(prefix), CAP)
        lengths |= {caption.tokens if caption.stopped else "cap" for one in several for caption in one}
        plain = greedy(decoder, vocabulary, prefix, PROMPT, CAP)
        other += sum(one[0].text != best.text for one, best in zip(several, plain, strict=True))
    assert len(lengths) > 3 and "cap" in lengths and other > 3


@pytest.mark.slow
def test_a_beam_of_one_is_greedy(case, vocabulary):
    for decoder in case[:2]:
        several = BeamSearch(1, 1).words(decoder, vocabulary, case[2], PROMPT, keys(case[2]), CAP)
        plain = greedy(decoder, vocabulary, case[2], PROMPT, CAP)
        for (one,), other in zip(several, plain, strict=True):
            assert (one.text, one.text_with_prompt, one.tokens, one.stopped) == (
                other.text, other.text_with_prompt, other.tokens, other.stopped,
            )  # fmt: skip
            assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)
            assert one.entropies == pytest.approx(other.entropies, abs=1e-4)


@pytest.mark.slow
def test_a_caption_depends_on_its_picture_alone(case, vocabulary):
    """Not on the batch, and not on how many of the beam are kept."""
    ours, _, prefix = case
    whole = BeamSearch(4, 4).words(ours, vocabulary, prefix, PROMPT, keys(prefix), CAP)
    few = BeamSearch(4, 2)
    for at, one in enumerate(whole):
        (alone,) = few.words(ours, vocabulary, prefix[at : at + 1], PROMPT, ["x"], CAP)
        assert [caption.text for caption in alone] == [caption.text for caption in one[:2]]
        assert len(set(map(tuple, (caption.log_probabilities for caption in one)))) == 4  # no hypothesis twice


def test_too_many_beams_are_named(case, vocabulary):
    size = case[0].vocabulary
    with pytest.raises(InputError, match=f"at most {size // 2}"):
        BeamSearch(size, 1).words(case[0], vocabulary, case[2], PROMPT, keys(case[2]), CAP)
