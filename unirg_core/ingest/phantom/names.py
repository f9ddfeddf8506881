"""Invented people: names, record numbers, telephone numbers and addresses that exist only to be found and removed."""

from collections.abc import Sequence


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WOMEN = _words("""
Ellen Maria Grace Aisha Linda Carmen Ruth Yuki Helen Priya Olga Susan Fatima Ingrid Rosa Joan Mei Nadia Paula
Vera Hannah Denise Lucia Amara Karen Beth Sofia Judith Irene Tamara
""")
_MEN = _words("""
John Ahmed Robert Luis Peter Kenji Samuel Victor Omar David Carlos Ivan Thomas Raj Walter Hugo Daniel Erik
Marcus Joseph Andre Felix Gordon Pavel Nathan Oscar Simon Howard Leon Miguel
""")
_FAMILIES = _words("""
Smith Moore Garcia Okafor Nguyen Hansen Kowalski Patel Johnson Rossi Tanaka Silva Fischer Haddad Murphy Novak
Chen Ramirez Olsen Dubois Khan Peterson Ivanov Schmidt Castillo Andersson Mbeki Walsh Yamamoto Costa Becker
Flores Donovan Petrov Reyes Lindqvist Abbott Farrell Gupta Morales Jensen Bailey Vasquez Keller Osman Hughes
Romero Weber
""")
_STREETS = _words("""
Maple Orchard Station Harbor Mill Chapel Meadow Bridge
""")
_INITIALS = "ABCDEFGHJKLMNPRSTW"
_PRIME = 611_953
_RECORDS = {
    "phantom-a": (100_000, 899_999, ""),
    "phantom-b": (10_000_000, 89_999_999, ""),
    "phantom-c": (1_000_000, 8_999_999, "C"),
}


def _pick(choices: Sequence[str], uniform: float) -> str:
    return choices[int(uniform * len(choices))]


def person(uniforms: Sequence[float], sex: str) -> str:
    """Return "Given M Family" from three uniforms."""
    given, initial, family = uniforms
    return f"{_pick(_WOMEN if sex == 'F' else _MEN, given)} {_pick(_INITIALS, initial)} {_pick(_FAMILIES, family)}"


def physician(uniforms: Sequence[float]) -> str:
    """Return "Given Family" from two uniforms."""
    return f"{_pick(_WOMEN + _MEN, uniforms[0])} {_pick(_FAMILIES, uniforms[1])}"


def mrn(index: int, offset: int, institution: str) -> str:
    """Return a medical record number in the institution's form: six digits, eight digits, or a letter and seven.

    Numbers look random and are unique within a world: index times a prime, modulo the room there is.
    """
    first, room, letter = _RECORDS.get(institution, _RECORDS["phantom-a"])
    return f"{letter}{first + (index * _PRIME + offset) % room}"


def phone(uniform: float) -> str:
    """Return a telephone number of the block that is reserved for fiction."""
    number = int(uniform * 99_99)
    return f"({200 + number % 700}) 555-01{number % 100:02d}"


def address(uniforms: Sequence[float]) -> str:
    """Return a street address."""
    return f"{1 + int(uniforms[0] * 899)} {_pick(_STREETS, uniforms[1])} Street"
