"""The sections of optimise/params.yaml: what prompts are searched, how, and what the winner is held against."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from captioner.config.section import Count, Positive, Rate, section

Template = Annotated[str, Field(pattern=r"\{noun\}")]
Measure = Literal["cider", "clip_score", "facts", "tokens"]


@section
class CandidatesConfig:
    templates: Annotated[dict[str, Template], Field(min_length=1)]  # openings with {noun}, {adjective} and {a}
    nouns: Annotated[list[str], Field(min_length=1)]
    adjectives: Annotated[list[str], Field(min_length=1)]  # '' stands for none
    file: str  # of the user's own prompts, one a line; '' for none
    substitutions: Count  # of one word of a prompt of the study, proposed by the language model
    proposals: Positive  # words that the language model proposes for each place


@section
class SearchConfig:
    method: Literal["halving", "wilcoxon"]  # sequential halving, or Optuna's pruner by Wilcoxon's test
    objective: Annotated[dict[Measure, float], Field(min_length=1)]  # weight of each measure in its own unit
    budget: Positive  # captions
    finalists: Positive  # candidates of the last round
    batch_size: Positive  # captions a forward pass
    p_threshold: Annotated[float, Field(gt=0, lt=1)]  # of `wilcoxon`: a candidate stops below it

    @model_validator(mode="after")
    def _weighs_something(self) -> "SearchConfig":
        if not any(self.objective.values()):
            raise ValueError("objective: every weight is 0, so no prompt would be better than another")
        return self


@section
class ConfirmConfig:
    runners_up: Count  # finalists that are judged beside the winner
    random: Count  # prompts of random words, as long as the winner


@section
class CeilingsConfig:
    epochs: Positive  # of each soft prompt
    learning_rate: Rate  # of the soft prompts


@section
class ExplainConfig:
    images: Annotated[int, Field(ge=2)]  # of val, captioned after every prompt of the grammar by every map
    attended: Positive  # images of val whose captions' attention is measured
