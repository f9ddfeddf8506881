"""A value that does not fit is told in the words of YAML, with what to give instead."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unirg_core import params
from unirg_core.faults import BadInput
from unirg_core.params.misfits import written

ROOT = Path(__file__).resolve().parents[1]
PYTHON = re.compile(r"None|True|False|tuple|dict|instance|valid |parse|Input should|input should|pydantic|<|\bstr\b")
"""Words of Python and of its library, none of which a person wrote."""


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("seed=", "seed = null will not do: give a whole number."),
        ("seed=3.7", "seed = 3.7 will not do: give a whole number."),
        ("seed=[1, 2]", "seed = [1, 2] will not do: give a whole number."),
        ("launch=", "launch = null will not do: leave it out for its defaults."),
        ("launch=four", "launch = four will not do: give a mapping, as {name: value}."),
        ("launch.processes=5000", "launch.processes = 5000 will not do: give 4096 or less."),
        ("launch.config=-7", "launch.config = -7 will not do: give a text, in quotes where YAML would read a number."),
        ("launch.config=a/b", "launch.config = a/b will not do: give a text such as eight-gpu-fsdp."),
        ("ingest.file_seconds=0", "ingest.file_seconds = 0 will not do: give more than 0."),
        ("ingest.file_seconds=.inf", "ingest.file_seconds = .inf will not do: give a finite number."),
        ("ingest.draw=perhaps", "ingest.draw = perhaps will not do: give true or false."),
        ("ingest.source=pacs", "= pacs will not do: give phantom, folder, openi, mimic_cxr, chexpert_plus or rexgradi"),
        ("ingest.split.held_out=phantom-c", "held_out = phantom-c will not do: give a list, as [a, b]."),
        ("validate.drift.chance=1", "validate.drift.chance = 1 will not do: give less than 0.5."),
        ("sft.validation_scores=[]", "sft.validation_scores = [] will not do: give 1 or more of them."),
        ("sft.seen=1", "sft.seen is not a parameter"),
        ("sft.steps.most=1", "sft.steps = {most: 1} will not do: give a whole number."),
        ("seed.of=1", "seed = {of: 1} will not do"),
        # a section that may be null
        ("rl.step2.stepz=1", "rl.step2.stepz is not a parameter; perhaps steps is meant."),
        ("rl.alarms.length.odd=1", "rl.alarms.length.odd is not a parameter; here stand least, most."),
    ],
)
def test_a_misfit_is_told_with_what_to_give(assignment: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        params.resolve(ROOT, above=params.assignments([assignment]))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (0.5, "0.5"),
        (2.0, "2"),
        ("yes", "'yes'"),  # a word that YAML would read as another kind stays in quotes
        ("two\nlines", "'two lines'"),
        ({"a": [1, None]}, "{a: [1, null]}"),
        (frozenset(), "frozenset()"),  # no YAML could say it
        ("x" * 200, "x" * 77 + "..."),
    ],
)
def test_a_value_is_written_as_in_yaml_on_one_line(value: Any, text: str) -> None:
    assert written(value) == text


@cache
def _defaults() -> dict[str, Any]:
    return params.load(ROOT / "params.yaml").model_dump(mode="json", by_alias=True)


def _paths(values: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _paths(value, (*above, name))


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**9),
    st.floats(allow_nan=False, width=32),
    st.sampled_from(["", "word", "a b"]),
    st.just([]),
    st.just([1, "a"]),
    st.just({"odd": 1}),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_refusal_speaks_python(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(_paths(_defaults()))))
    above: Any = data.draw(_ODD)
    for name in reversed(path):
        above = {name: above}
    try:
        params.parse(params.overlay(_defaults(), above))
    except BadInput as refused:
        assert not PYTHON.search(str(refused)), str(refused)
