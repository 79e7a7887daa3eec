"""The whole captioner: the caption of the stages, with what the model thought at every word."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from PIL import Image

from captioner.application.captioner import Captioner
from captioner.application.project import Project
from captioner.bridge.base import Shape
from captioner.bridge.files import load_bridge
from captioner.bridge.linear import Projection
from captioner.captioning.captions import Caption
from captioner.captioning.generation import greedy
from captioner.decoders.decoder import Decoder
from captioner.encoders.encoder import load_encoder
from captioner.foundation.errors import InputError
from captioner.scores.similarity import cosine_scores

CPU = torch.device("cpu")
PROMPTS = ["A photo of", "", "Here:"]


@pytest.fixture(scope="module")
def opened(pictures) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in pictures]


def same(one: Caption, other: Caption) -> None:
    """Two captions are equal up to the rounding of batches of different sizes."""
    assert (one.text, one.text_with_prompt, one.stopped) == (other.text, other.text_with_prompt, other.stopped)
    assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)
    assert one.entropies == pytest.approx(other.entropies, abs=1e-4)


@pytest.mark.slow
def test_captions_and_scores_are_those_of_the_stages(captioner, study, opened):
    """Stage by stage, as `embed`, `caption`, `judge` and `score` go."""
    project = Project(study)
    encoder = load_encoder(project.path("encoder"), CPU)
    embeddings = encoder.encode_images(torch.stack([encoder.preprocess(picture) for picture in opened]))
    projection = load_bridge(project.projection, CPU)
    made = captioner.caption(opened, PROMPTS, 3)
    for column, prompt in enumerate(PROMPTS):
        wanted = greedy(captioner.decoder, captioner.vocabulary, projection(embeddings), prompt, 12)
        scores = cosine_scores(embeddings.numpy(), encoder.encode_texts([each.text for each in wanted]).numpy())
        for row, caption in zip(made, wanted, strict=True):
            same(row[column].caption, caption)
        assert [row[column].clip_score for row in made] == pytest.approx(scores.tolist(), abs=1e-4)
    assert len({row[0].caption.text for row in made}) > 1  # or nothing was tested


@pytest.mark.slow
def test_the_steps_spell_the_caption_and_hold_the_chosen_token_first(captioner, opened):
    for made in itertools.chain(*captioner.caption(opened, PROMPTS, 4)):
        assert "".join(step.text for step in made.steps).strip() == made.caption.text
        assert len(made.steps) == len(made.caption.entropies)
        for step, log in zip(made.steps, made.caption.log_probabilities, strict=True):
            chances = [each.probability for each in step.likely]
            assert step.probability == pytest.approx(math.exp(log)) == chances[0]
            assert chances == sorted(chances, reverse=True) and len(chances) == 4 and sum(chances) <= 1 + 1e-6
        assert made.entropy == pytest.approx(sum(step.entropy for step in made.steps) / len(made.steps))
        assert made.steps[-1].likely[0].stop == made.caption.stopped


@pytest.mark.slow
@torch.inference_mode()
def test_next_tokens_are_the_distribution_after_the_prompt(captioner, study, opened):
    made = captioner.caption(opened[:1], ["A photo of"], 5)[0][0]
    pixels = captioner.prepare(opened[0]).encoder.unsqueeze(0)
    prefix = captioner.projection(captioner.encoder.encode_images(pixels))
    told = captioner.decoder.table(torch.tensor([captioner.vocabulary.prompt("A photo of")]))
    theirs = Decoder.load(Project(study).path("decoder"), CPU)
    logits = theirs.model(inputs_embeds=torch.cat([prefix, told], dim=1)).logits[0, -1]
    values, ids = logits.softmax(dim=-1).topk(5)
    assert [each.probability for each in made.next_tokens] == pytest.approx(values.tolist(), rel=1e-4)
    decode = captioner.vocabulary.tokenizer.decode
    assert [each.text for each in made.next_tokens] == [decode([token]) for token in ids.tolist()]


def test_no_picture_is_the_prefix_of_zeros(captioner, opened):
    alone, _ = captioner.caption([None, opened[0]], ["A photo of"])
    shape = captioner.projection.shape
    nothing = torch.zeros(1, shape.prefix_length, shape.width)
    same(alone[0].caption, greedy(captioner.decoder, captioner.vocabulary, nothing, "A photo of", 12)[0])
    assert alone[0].clip_score is None and alone[0].next_tokens == ()


def test_mixed_pairs_of_several_requests_get_the_captions_of_each_alone(captioner, opened):
    ready = [captioner.prepare(picture) for picture in opened[:3]]
    pairs = [(ready[2], "A photo of"), (None, ""), (ready[0], ""), (ready[2], ""), (None, ""), (ready[1], "A photo of")]
    together = captioner.describe(pairs, 2)
    for pair, made in zip(pairs, together, strict=True):
        alone = captioner.describe([pair], 2)[0]
        assert (made.prompt, made.caption.text) == (pair[1], alone.caption.text)
        assert made.clip_score == (None if pair[0] is None else pytest.approx(alone.clip_score, abs=1e-3))


def test_pieces_join_to_the_text_even_within_a_character(vocabulary):
    before = vocabulary.encode(["A photo of"])[0]
    for text in (" a dog", " 狗 and naïve 🐕!", "", " é"):
        ids = vocabulary.encode([text])[0]
        pieces = vocabulary.pieces(before, ids)
        assert "".join(pieces) == text and len(pieces) == len(ids) and not any("\ufffd" in piece for piece in pieces)


def test_parts_of_other_sizes_and_long_prompts_are_named(captioner):
    other = Projection(Shape(captioner.encoder.width + 1, 4, captioner.decoder.width))
    with pytest.raises(InputError, match="another encoder"):
        Captioner(
            captioner.encoder,
            other,
            captioner.decoder,
            captioner.vocabulary,
            captioner.judge,
            captioner.settings,
        )
    with pytest.raises(InputError, match="shorten"):
        captioner.check_prompt("word " * 100)
