"""Sentences of reports with planted identifiers: forms x lists, drawn from a seed.

A form (planted/*.txt) is some sentences in which identifiers of one kind are written; lists fill them. Some forms and
lists of their own are kept out of development: whoever wrote them had not seen the rules, whoever wrote the rules sees
no more of them than a total, until they are spent.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

PLANTED = Path(__file__).parent / "planted"
_SLOT = re.compile(r"\{(\w+):([^}]*)\}")
_DRAWN = re.compile("@(given_l|family_l|given|family|GIVEN|FAMILY|oldwords|old|title|street|town|TOWN|saint|i)")
_TENS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_GENERIC = re.compile(
    r"(?i)general|hospital|medical|center|centre|memorial|heart|institute|veterans|affairs|clinic|university|the|of|our"
    r"|nursing|home|community|county|regional|health|high|school|st|rd|apt|street|avenue|drive|lane|boulevard|blvd|ave"
    r"|box|ma|ny|ca|mr|mrs|ms|miss|miss|year|old|www|com|org|https|view|id"
)


@dataclass(frozen=True)
class Slot:
    """One planted identifier: its kind and the text as it stands."""

    kind: str
    text: str
    when: date | None = None  # of a date: which
    pattern: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence with what it plants; `known` are the identifiers that table or header would tell."""

    form: str
    text: str
    slots: tuple[Slot, ...]
    known: tuple[tuple[str, str], ...]


@cache
def lists(name: str) -> dict[str, tuple[str, ...]]:
    """Return the word lists of a file."""
    found = {}
    for line in (PLANTED / name).read_text().splitlines():
        if line and not line.startswith("#"):
            key, words = line.split(": ", 1)
            found[key] = tuple(words.split("|") if "|" in words else words.split())
    return found


@cache
def forms(name: str) -> dict[str, tuple[bool, tuple[str, ...]]]:
    """Return form -> (whether the identifier is known, its sentences) of a file."""
    found: dict[str, tuple[bool, list[str]]] = {}
    for line in (PLANTED / name).read_text().splitlines():
        if line.startswith("["):
            title = line.strip("[]")
            found[title.removesuffix(" known")] = (title.endswith(" known"), [])
        elif line and not line.startswith("#"):
            next(reversed(found.values()))[1].append(line)
    return {form: (known, tuple(lines)) for form, (known, lines) in found.items()}


def sentences(form_file: str, list_file: str, each: int, seed: int) -> Iterator[Sentence]:
    """Yield sentences, form by form, until each form has planted at least `each` identifiers."""
    for form, (known, lines) in forms(form_file).items():
        rng = random.Random(f"{seed}/{form}")
        planted = number = 0
        while planted < each:
            sentence = _sentence(form, lines[number % len(lines)], known, lists(list_file), rng)
            planted, number = planted + len(sentence.slots), number + 1
            yield sentence


def _sentence(form: str, line: str, known: bool, words: dict[str, tuple[str, ...]], rng: random.Random) -> Sentence:
    slots: list[Slot] = []
    told: list[tuple[str, str]] = []
    person = {"given": rng.choice(words["given"]), "family": rng.choice(words["family"])}

    def fill(match: re.Match[str]) -> str:
        kind, pattern = match.groups()
        if slots and kind == "name" and not known:
            person.update(given=rng.choice(words["given"]), family=rng.choice(words["family"]))
        slots.append(_slot(kind, pattern, person, words, rng))
        if known and kind == "id":
            told.append(("id", slots[-1].text))
        return slots[-1].text

    text = _SLOT.sub(fill, line)
    if known:
        told.append(("name", f"{person['family']}^{person['given']}"))
    return Sentence(form, text, tuple(slots), tuple(told))


def _slot(
    kind: str, pattern: str, person: dict[str, str], words: dict[str, tuple[str, ...]], rng: random.Random
) -> Slot:
    if kind in ("date", "time"):
        when = datetime.combine(date(1995, 1, 1) + timedelta(days=rng.randrange(10_500)), time(rng.randrange(24)))
        when += timedelta(minutes=rng.randrange(60), seconds=rng.randrange(60))
        ordinal = "th" if 11 <= when.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10, "th")
        text = when.strftime(pattern.replace("%o", ordinal))
        return Slot(kind, text, when.date() if kind == "date" else None, pattern)
    text = _DRAWN.sub(lambda match: _word(match[1], person, words, rng), pattern)
    text = re.sub(r"#", lambda _: str(rng.randrange(10)), text)
    return Slot(kind, re.sub(r"~", lambda _: rng.choice("ABCDEFGHJKLMNPRSTW"), text), pattern=pattern)


def _word(name: str, person: dict[str, str], words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    bare = name.removesuffix("_l")
    if bare == "i":
        return rng.choice("ABCDEFGHJKLMNPRSTW")
    if bare == "old":
        return str(rng.randrange(90, 110))
    if bare == "oldwords":
        return f"ninety-{rng.choice(_TENS)}"
    if bare == "title":
        return rng.choice(("Mr.", "Ms.", "Mrs."))
    word = person[bare.lower()] if bare.lower() in person else rng.choice(words[bare.lower()])
    return word.lower() if name.endswith("_l") else word.upper() if bare.isupper() else word


def survives(slot: Slot, sentence: Sentence, left: str) -> bool:
    """Tell whether any part of an identifier still stands in the scrubbed sentence.

    A part is a run of letters or digits of two or more that does not stand in the sentence outside of identifiers too
    and is no generic word (`Hospital`, `Street`). Of a date its year may stay, and month or day in words count.
    """
    around = sentence.text
    for other in sentence.slots:
        around = around.replace(other.text, " ", 1)
    parts = set(re.findall(r"[^\W\d_]{2,}|\d+", slot.text)) - set(re.findall(r"\w+", around))
    if slot.kind == "date":
        year = re.search("%[yY]", slot.pattern)
        parts -= {str(slot.when.year), f"{slot.when.year % 100:02d}"} if year else set()
        parts = {part for part in parts if not re.fullmatch("st|nd|rd|th", part)}
    parts = {part for part in parts if len(part) > 1 and not _GENERIC.fullmatch(part)}
    parts |= {slot.text} if slot.kind != "date" else set()
    return any(re.search(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", left) for part in parts)
