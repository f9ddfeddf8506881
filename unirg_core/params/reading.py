"""Read params.yaml, and refuse unknown keys, wrong types and impossible values with the field's path and the remedy.

A recipe is an overlay of `params.yaml` (`recipes/<name>.yaml`), `--set key=value` one on top of that.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from unirg_core.faults import BadInput
from unirg_core.params.misfits import field, misfit, section_of
from unirg_core.params.scorers import Scores
from unirg_core.params.sections import Params

DEFAULT = "default"
"""Name of params.yaml itself, with no recipe over it."""


def parse(values: Mapping[str, Any], origin: str = "params.yaml") -> Params:
    """Check plain values and return them as `Params`.

    Raises
    ------
    BadInput
        One sentence for each wrong field: its path, what is wrong, and the remedy.
    """
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise _refused(error, origin) from None


def load_scores(path: Path) -> Scores:
    """Read and check the section `scores` of a params file, whatever else stands there."""
    try:
        return Scores.model_validate(read_yaml(path).get("scores") or {})
    except ValidationError as error:
        raise _refused(error, str(path), ("scores",)) from None


def _refused(error: ValidationError, origin: str, below: tuple[str, ...] = ()) -> BadInput:
    wrong = error.errors()
    # An item that is wrong does not count for pydantic, which calls its list too short besides.
    holding = {one["loc"][:end] for one in wrong for end in range(len(one["loc"]))}
    wrong = [one for one in wrong if one["type"] != "too_short" or one["loc"] not in holding]
    told = [{**one, "loc": (*below, *one["loc"])} for one in wrong]
    return BadInput("\n".join(f"{origin}: {_sentence(one)}" for one in told))


def _sentence(error: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "value_error" and not path:
        return f"{error['ctx']['error']}."  # of several sections at once, whose fields it names itself
    if error["type"] == "extra_forbidden":
        return f"{path} is not a parameter{_nearest(error['loc'])}."
    if error["type"] == "missing":
        there = field(Params, tuple(error["loc"]))
        example = f", as {there.examples[0]}" if there and there.examples else ""
        return f"{path} is missing; add it{example}."
    if error["type"] == "value_error":
        return f"{path}: {error['ctx']['error']}."
    there = field(Params, tuple(error["loc"]))
    if error["input"] is None and there and section_of(there):
        return f"{path} = null will not do: leave it out for its defaults."
    return f"{path} = {misfit(error, next(iter((there and there.examples) or ()), None))}."


def _nearest(location: tuple[Any, ...]) -> str:
    import difflib

    section: type[BaseModel] | None = Params
    if location[:-1]:
        above = field(Params, location[:-1])
        section = section_of(above) if above else None
    if section is None:
        return "; remove it"
    known = [of.alias or name for name, of in section.model_fields.items()]
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"; perhaps {near[0]} is meant" if near else f"; here stand {', '.join(known)}"


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises
    ------
    BadInput
        When the file is missing, is no YAML, or is no mapping.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist.") from None
    except (IsADirectoryError, UnicodeDecodeError):
        raise BadInput(f"{path} is no text file; it must hold YAML in UTF-8.") from None
    return parse_yaml(text, str(path))


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """Return the YAML mapping that a text holds; `name` says in a fault where it stands."""
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise BadInput(f"{name} is not valid YAML{where}; check its indentation, brackets and quotes.") from None
    if not isinstance(values, dict):
        raise BadInput(f"{name} must hold a mapping of names to values.")
    return values


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params file."""
    return parse(read_yaml(path), str(path))


def overlay(values: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with `above` laid over it; mappings merge, all else is replaced."""
    merged = dict(values)
    for key, value in above.items():
        under = merged.get(key)
        replaced = not isinstance(value, Mapping) or not isinstance(under, Mapping) or key == "reward"
        merged[key] = value if replaced else overlay(under, value)
    return merged


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Turn `a.b=1` texts into nested values; the right side is YAML.

    Raises
    ------
    BadInput
        When a text has no `=` or no name.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, right = text.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"--set {text} is not of the form key=value, as in --set rl.step1.steps=40.")
        try:
            nested: Any = yaml.safe_load(right)
        except yaml.YAMLError:
            raise BadInput(f"--set {text}: {right} is not valid YAML; check its brackets and quotes.") from None
        parts = name.strip().split(".")
        if "reward" in parts[:-1]:
            whole = ".".join(parts[: parts.index("reward") + 1])
            raise BadInput(
                f"--set {text}: a reward is set as a whole, so that none of another recipe stays in it unseen; "
                f"as in --set '{whole}={{micro_gain: 0.5, well_formed: 0.5}}'."
            )
        for part in reversed(parts):
            nested = {part: nested}
        values = overlay(values, nested)
    return values


def resolve(
    root: Path, recipe: str | None = None, above: Mapping[str, Any] | None = None, *, confirming: bool = False
) -> Params:
    """Return the parameters of a run: `params.yaml`, the recipe over it, then what the caller sets.

    Parameters
    ----------
    root
        The repository's folder.
    recipe
        The name of an overlay in `recipes/`; None or `DEFAULT` for none.
    above
        What lies over both.
    confirming
        Whether the caller logs a look at the confirming worlds, as benchmarks/claim.py does.

    Raises
    ------
    BadInput
        When the recipe does not exist (the sentence lists those that do), any value will not do, or a confirming world
        is asked for by anybody else.
    """
    values = read_yaml(root / "params.yaml")
    if recipe and recipe != DEFAULT:
        names = sorted(path.stem for path in (root / "recipes").glob("*.yaml"))
        if recipe not in names:
            raise BadInput(f"There is no recipe {recipe}; there are: {', '.join((DEFAULT, *names))}.")
        values = overlay(values, read_yaml(root / "recipes" / f"{recipe}.yaml"))
    origin = f"recipe {recipe}" if recipe and recipe != DEFAULT else "params.yaml"
    params = parse(overlay(values, above), f"{origin} with what was set") if above else parse(values, origin)
    if params.ingest.phantom.confirming and not confirming:
        raise BadInput(
            "ingest.phantom.confirming opens worlds that every look at has to be logged first; "
            "`python benchmarks/claim.py --confirm` does that (docs/claim.md)."
        )
    return params


def dump(params: Params) -> str:
    """Return the parameters as YAML, every default written out."""
    return yaml.safe_dump(params.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True)
