"""The section `scores`: what scores need that are more than rules - an endpoint, a service, a folder."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from unirg_core.params.addresses import of_http
from unirg_core.params.section import Count, Section


class Judge(Section):
    """A language model that counts errors, behind any OpenAI-compatible endpoint (docs/judge.md)."""

    base_url: str = Field(description="Address of the endpoint, as http://127.0.0.1:8000/v1")
    model: str = Field(min_length=1, description="The model's name there")
    key_variable: str | None = Field(
        None, description="Environment variable that holds the key; a local one needs none"
    )
    concurrency: Annotated[int, Field(ge=1, le=256, description="Questions under way at once, a process")] = 8
    timeout: Annotated[float, Field(gt=0, description="Seconds that a try may take")] = 60.0
    retries: Annotated[int, Field(ge=0, le=20, description="Further tries of a question that has failed")] = 5
    answer_tokens: Count = Field(512, description="Longest answer in tokens; an answer that is cut off stops the run")
    price_in: Annotated[float, Field(ge=0, description="Price of a million tokens sent")] = 0.0
    price_out: Annotated[float, Field(ge=0, description="Price of a million tokens answered")] = 0.0
    maximum_calls: Count = Field(10_000, description="Questions that a run may ask; what is known already is free")
    maximum_cost: Annotated[float, Field(gt=0)] | None = Field(None, description="What a run may spend, in that money")
    errors: Literal["all", "significant"] = Field("all", description="Errors that lower the score")
    allow_external: bool = Field(False, description="Let report text go to a host that is not loopback or private")

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        return of_http(address, "name the key's variable in key_variable", "http://127.0.0.1:8000/v1")

    @field_validator("key_variable")
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):  # never repeat it: it may be a key
            raise ValueError("give the name of an environment variable in capitals, as JUDGE_KEY, never the key itself")
        return name

    @model_validator(mode="after")
    def _can_count_money(self) -> "Judge":
        if self.maximum_cost is not None and not (self.price_in or self.price_out):
            raise ValueError("maximum_cost needs the prices price_in and price_out of a million tokens")
        return self


class ScorerService(Section):
    """A scorer service over HTTP, `unirg scorer serve` (docs/model-scores.md)."""

    url: str = Field(examples=["http://127.0.0.1:8900"], description="Where it answers")
    timeout: Annotated[float, Field(gt=0, description="Seconds to wait for one answer")] = 600.0
    scores: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None] = Field(
        min_length=1, description="Score -> digest of its weights (GET /scores tells it); null for a score by rules"
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        return of_http(address, "a service asks for none", "http://127.0.0.1:8900")


class SentenceModel(Section):
    """A sentence-transformers model for the score `semantic`."""

    folder: str = Field(description="Where its files lie")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="Over its files; another is refused and told")


class Scores(Section):
    """Scores that need to be set up; those that need nothing are always there."""

    judge: Judge | None = None
    service: ScorerService | None = None
    semantic: SentenceModel | None = None
