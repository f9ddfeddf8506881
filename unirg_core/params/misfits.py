"""Say in the words of YAML, not of Python, why a value that a person wrote does not fit its schema."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_KINDS = {
    "int": "give a whole number",
    "float": "give a number",
    "bool": "give true or false",
    "string": "give a text, in quotes where YAML would read a number",
    "tuple": "give a list, as [a, b]",
    "list": "give a list, as [a, b]",
    "dict": "give a mapping, as {name: value}",
    "model": "give a mapping, as {name: value}",
}
"""What to give, by the beginning of pydantic's kind of error: int_type, int_parsing, int_from_float."""

_BOUNDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than": lambda bound: f"give more than {written(bound['gt'])}",
    "greater_than_equal": lambda bound: f"give {written(bound['ge'])} or more",
    "less_than": lambda bound: f"give less than {written(bound['lt'])}",
    "less_than_equal": lambda bound: f"give {written(bound['le'])} or less",
    "finite_number": lambda _: "give a finite number",
    "string_too_short": lambda _: "give a text that is not empty",
    "too_short": lambda bound: f"give {bound['min_length']} or more of them",
    "too_long": lambda bound: f"give {bound['max_length']} of them at most",
    "literal_error": lambda of: f"give {of['expected'].replace(chr(39), '')}",
    "string_pattern_mismatch": lambda of: f"give a text of the form {of['pattern']}",
}

_LONGEST = 80


def field(schema: type[BaseModel], location: tuple[Any, ...]) -> FieldInfo | None:
    """Return the field of a schema at a place in its values; None within a list or a free mapping."""
    section: type[BaseModel] | None = schema
    found = None
    for part in location:
        if section is None:
            return None
        found = next((f for n, f in section.model_fields.items() if (f.alias or n) == part), None)
        if found is None:
            return None
        section = section_of(found)
    return found


def section_of(found: FieldInfo) -> type[BaseModel] | None:
    """Return the schema of a section, also of one that may be null; None for any other field."""
    kinds = (found.annotation, *get_args(found.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def misfit(error: Mapping[str, Any], example: str | None = None) -> str:
    """Return a clause on a value that does not fit: the value as YAML writes it, and what to give instead.

    Parameters
    ----------
    error
        One of `ValidationError.errors()`.
    example
        A value that fits, for text of a form.
    """
    kind = error["type"]
    if kind in _BOUNDS:
        remedy = _BOUNDS[kind](error.get("ctx", {}))
    else:
        remedy = _KINDS.get(kind.partition("_")[0]) or error["msg"][0].lower() + error["msg"][1:]
    remedy = f"give a text such as {example}" if kind == "string_pattern_mismatch" and example else remedy
    return f"{written(error['input'])} will not do: {remedy}"


def written(value: Any) -> str:
    """Return a value as a person writes it in YAML, on one line."""
    try:
        text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    except yaml.YAMLError:
        return repr(value)
    text = " ".join(text.split()).removesuffix(" ...").removesuffix(".0")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
