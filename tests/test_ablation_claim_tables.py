"""The figures that docs/claim.md prints of a look are those of its file in benchmarks/results."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from unirg_core.evaluate.scoring import FINDING
from unirg_core.files import read_json, read_lines

ROOT = Path(__file__).resolve().parents[1]
MEASURED = (ROOT / "docs" / "claim.md").read_text().split("## Measured\n")[1].split("\n## ")[0]
SHOWN = {
    "macro F1": "truth_macro_f1",
    "ROUGE-L": "rouge_l",
    "BLEU-2": "bleu2",
    "well-formed": "well_formed",
    "words": "mean_words",
}


@pytest.fixture(scope="module")
def first() -> dict[str, Any]:
    return read_json(ROOT / "benchmarks" / "results" / "claim-confirming.json")


def _tables(text: str) -> list[list[list[str]]]:
    """Return the tables' rows of cells, without what is bold or set as code; a table's first row is its head."""
    plain = re.sub(r"[*`]", "", text)
    blocks = re.findall(r"(?:^\|.*\n)+", plain, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines() if "|--" not in line]
        for block in blocks
    ]


def _short(value: float, form: str) -> str:
    return re.sub(r"^([+-]?)0\.", r"\1.", format(value, form))


def _less(row: Mapping[str, Any], form: str = "+.3f") -> str:
    return "{} [{}, {}]".format(*(_short(row[end], form) for end in ("value", "low", "high")))


def _each(row: Mapping[str, Any]) -> str:
    return " ".join(_short(one["value"], ".3f") for one in row["pairs"])


def _p(value: float) -> str:
    """Two digits that count, no more than four behind the point."""
    return "1" if value == 1 else _short(value, f".{min(4, 1 - math.floor(math.log10(value)))}f")


def _values(found: Mapping[str, Any]) -> Iterator[list[str]]:
    rows = {(row["arm"], row["score"]): row["value"] for row in found["scores"] if row["subset"] == "held_out"}
    for arm in dict.fromkeys(arm for arm, _ in rows):
        scores = [_short(rows[arm, score], ".3f") for score in ("truth_micro_f1", "truth_macro_f1", "rouge_l", "bleu2")]
        yield [arm, *scores, f"{rows[arm, 'mean_words']:.1f}" if (arm, "mean_words") in rows else ""]


def _leads(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for name in ("sft_bias", "sft_more", "sft"):
        micro, macro = (found["against"][name][score] for score in ("truth_micro_f1", "truth_macro_f1"))
        yield [name, _less(micro), _p(micro["p"]), _each(micro), _less(macro), _each(macro)]


def _secondary(found: Mapping[str, Any]) -> Iterator[list[str]]:
    names = {score: shown for shown, score in SHOWN.items()}
    for row in found["secondary"]:
        form = "+.1f" if row["score"] == "mean_words" else "+.3f"
        name = names.get(row["score"], row["score"].removeprefix(FINDING))
        yield [name, _less(row, form), _p(row["p"]), _p(row["p_holm"])]


@pytest.mark.parametrize(
    ("place", "head", "told"),
    [
        (0, ["arm", "micro F1", "macro F1", "ROUGE-L", "BLEU-2", "words"], _values),
        (1, ["RL less", "micro F1 [95 % t]", "p", "each pair", "macro F1 [95 % t]", "each pair"], _leads),
        (2, ["", "difference [95 % t]", "p", "Holm p"], _secondary),
    ],
)
def test_a_table_prints_what_the_file_holds(place: int, head: list[str], told: Any, first: dict[str, Any]) -> None:
    shown, *rows = _tables(MEASURED)[place]
    assert shown == head
    named = {"constant template": "template"}
    plain = [[named.get(name, re.split(r"[:(]", name)[0].strip()), *cells] for name, *cells in rows]
    assert plain == list(told(first))


def test_no_table_is_left_out() -> None:
    assert len(_tables(MEASURED)) == 3


def test_what_is_said_beside_the_tables_is_in_the_file(first: dict[str, Any]) -> None:
    said = " ".join(MEASURED.split())
    (look, *_) = read_lines(ROOT / "docs" / "claim-looks.jsonl")
    assert f"at commit {look['commit'][:7]}, " in said and "worlds 1000 to 1004, seeds 0 to 4;" in said
    assert [(pair["world"], pair["seed"]) for pair in first["pairs"]] == [
        (w, seed) for seed, w in enumerate(look["worlds"])
    ]
    seconds = {arm["arm"]: arm["seconds"] for arm in first["arms"]}
    more = seconds["sft_more"]
    both = [start + rl for start, rl in zip(seconds["sft"], seconds["sft_rl"], strict=True)]
    means = f"{sum(more) / 5:,.0f} seconds in the mean, those of `sft` and `sft_rl` together {sum(both) / 5:,.0f}"
    pairs = " against ".join(" ".join(f"{one:,.0f}" for one in each) for each in (more, both))
    assert means in said and f"on each pair {pairs}" in said and all(a < b for a, b in zip(more, both, strict=True))
    assert f"more of it loses, {_less(first['flat']['truth_micro_f1'])}, on every pair" in said
    assert first["best_control"] == "sft_bias" and not any(arm["collapsed"] for arm in first["arms"])
    beside = (ROOT / "docs" / "ablation.md").read_text()
    assert f"{sum(more) / 5:,.0f} seconds, SFT and RL together {sum(both) / 5:,.0f}" in " ".join(beside.split())
