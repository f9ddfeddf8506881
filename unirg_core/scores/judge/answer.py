"""What the judge answers: twelve counts, six types of error, each significant or not; anything else is no answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from unirg_core.scores.clinical import ERRORS as FINDING_ERRORS

Errors = Literal["all", "significant"]

ERRORS = (*FINDING_ERRORS, "comparison that the reference lacks", "omitted comparison")
"""CheXprompt's types A to F (arXiv 2601.17151): the four that the rules count too, and the two of comparisons."""

SIGNIFICANCES = ("significant", "insignificant")
MOST = 99
"""A count above it is no count: the longest report has fewer statements."""


class Unusable(Exception):
    """An answer that cannot be read as counts. It says how, never what: the answer may repeat report text."""

    def __init__(self, how: str, *, again: bool = True) -> None:
        super().__init__(how)
        self.again = again
        """Whether the same question may be answered better another time."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Errors of a candidate against its reference, by type in the order of `ERRORS`."""

    significant: tuple[int, ...]
    insignificant: tuple[int, ...]

    def count(self, errors: Errors = "all") -> int:
        """Return the number of errors, all or only the significant ones (docs/scores.md: a switch)."""
        return sum(self.significant) + (sum(self.insignificant) if errors == "all" else 0)

    def score(self, errors: Errors = "all") -> float:
        """Return 1 / (errors + 1), in (0, 1]: the reward of the recipe's second step."""
        return 1.0 / (self.count(errors) + 1)


def table(judgements: Iterable[Judgement]) -> dict[str, dict[str, int]]:
    """Return the errors of several judgements summed: type (`A false finding` ...) -> significance -> count."""
    given = list(judgements)
    return {
        f"{letter} {name}": {kind: sum(getattr(one, kind)[place] for one in given) for kind in SIGNIFICANCES}
        for place, (letter, name) in enumerate(zip("ABCDEF", ERRORS, strict=True))
    }


def _possible(count: int) -> int:
    if not 0 <= count <= MOST:
        raise ValueError(f"is no count from 0 to {MOST}")
    return count


_KEYS = {kind: tuple(f"{name.replace(' ', '_')}_{kind}" for name in ERRORS) for kind in SIGNIFICANCES}
# The range is checked after the answer: several servers refuse schemas with minimum and maximum.
_Count = Annotated[int, Field(strict=True), AfterValidator(_possible)]


@cache
def _answer() -> type[BaseModel]:
    names = [name for pair in zip(*_KEYS.values(), strict=True) for name in pair]
    return create_model("Counts", __config__=ConfigDict(extra="forbid"), **dict.fromkeys(names, (_Count, ...)))


@cache
def schema() -> Mapping[str, Any]:
    """Return the flat JSON schema of an answer: twelve required integers and nothing else."""
    keys = _answer().model_fields
    return {
        "type": "object",
        "properties": {key: {"type": "integer"} for key in keys},
        "required": list(keys),
        "additionalProperties": False,
    }


def read_counts(content: str) -> Judgement:
    """Read the judge's own words.

    Raises
    ------
    Unusable
        When the text is no JSON object of exactly the twelve counts, each a whole number from 0 to 99.
    """
    try:
        counts = _answer().model_validate_json(content)
    except ValidationError as error:
        raise Unusable(_how(error)) from None
    return Judgement(*(tuple(getattr(counts, key) for key in _KEYS[kind]) for kind in SIGNIFICANCES))


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens that the endpoint says it has used."""

    prompt_tokens: Annotated[int, Field(ge=0)]
    completion_tokens: Annotated[int, Field(ge=0)]


class Completion(BaseModel):
    """The part of a chat completion that is read."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: Usage | None = None

    def judgement(self) -> Judgement:
        """Return what the judge counted.

        Raises
        ------
        Unusable
            When the judge refused, was cut off, said nothing, or said something else than counts.
        """
        choice = self.choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise Unusable("the model refused to judge this pair", again=False)
        if choice.finish_reason == "length":
            raise Unusable("the answer was cut off; raise scores.judge.answer_tokens", again=False)
        if not (choice.message.content or "").strip():
            raise Unusable("the answer is empty")
        return read_counts(choice.message.content)


def read_completion(body: bytes) -> Completion:
    """Read the body of a response.

    Raises
    ------
    Unusable
        When it is no chat completion.
    """
    try:
        return Completion.model_validate_json(body)
    except ValidationError as error:
        raise Unusable(f"the response is no chat completion: {_how(error)}") from None


def _how(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "json_invalid":
        return "the answer is no JSON"  # pydantic's own words would quote it
    where = ".".join(str(part) for part in first["loc"]) if first["type"] != "extra_forbidden" else "a key of its own"
    return f"{where or 'the answer'}: {first['msg'][0].lower()}{first['msg'][1:]}"
