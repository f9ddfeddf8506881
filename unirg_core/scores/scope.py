"""Rules of scope: whether a mention is meant as present, absent or uncertain, on which side, how severe.

All rules look at the events of one clause (`unirg_core.scores.scan.clauses`), never across clauses.
"""

from itertools import pairwise

from unirg_core.scores.phrases import ANATOMY, FINDING, OTHER
from unirg_core.scores.scan import Event
from unirg_core.study import ABSENT, PRESENT, UNCERTAIN

SEVERITIES = ("mild", "moderate", "severe")
SIDES = ("left", "right", "bilateral")
_MENTIONS = (FINDING, ANATOMY, OTHER)
_STATES = {"normal": ABSENT, "abnormal": PRESENT, "doubtful": UNCERTAIN}
_PREPOSITIONS = frozenset(("on", "in", "at", "within", "to", "along", "involving", "overlying", "over", "of"))
_PREDICATES = ("soft", "shown", "normal", "abnormal", "neg_post", "unc_post")
_PAST = "past"
_ADJACENT = 14  # characters between a state word and its anatomy: room for "cardiac" or "in the", not for a clause
_JOINED = 6  # characters between two mentions of one list without more: ", " or " and "
_LISTED = 28  # characters between two mentions that share their side: room for "and associated"


def value(clause: list[Event], at: int) -> int | None:
    """Return present, absent or uncertain for the mention at `at`, or None where it states nothing."""
    if clause[at].kind == ANATOMY:
        return _anatomy(clause, at)
    behind = _behind(clause, at)
    if behind == _PAST:
        return ABSENT if _ahead(clause, at) == ABSENT else None
    if behind == ABSENT:
        return ABSENT
    ahead = _ahead(clause, at)
    if ahead is not None:
        return ahead
    return UNCERTAIN if behind == UNCERTAIN else PRESENT


def _behind(clause: list[Event], at: int) -> int | str | None:
    """Read the cues before a mention, nearest first."""
    hinted = passed = apart = False  # past another mention; past one that is in no list with this
    for where in range(at - 1, -1, -1):
        kind = clause[where].kind
        if kind in (FINDING, ANATOMY):
            passed, apart = True, apart or clause[where + 1].start - clause[where].end > _JOINED
        elif clause[where].text == "with" and not _named(clause[:where]):  # "status post thoracentesis with effusion"
            apart = True
        elif kind == "neg" or (kind == "gone" and not _named(clause[:where])):
            return ABSENT
        elif kind == "past" and not apart:
            return _PAST
        elif kind == "unc" or (kind == "unc_post" and not passed):
            return UNCERTAIN
        elif kind == "hint":
            hinted = True
        elif kind in ("plain", "neg_post", "unc_post") or (kind == "soft" and _named(clause[:where])):
            break
    return UNCERTAIN if hinted else None


def _named(events: list[Event]) -> bool:
    return any(event.kind in _MENTIONS for event in events)


def _ahead(clause: list[Event], at: int) -> int | None:
    """Read the predicate after a mention: the first one decides."""
    for event in clause[at + 1 :]:
        if event.kind in ("neg_post", "gone"):
            return ABSENT
        if event.kind == "normal" and event.text.startswith(("within", "at ")):
            return ABSENT
        if event.kind == "unc_post" or (
            event.kind == "unc" and event.text in ("versus", "vs", "vs.", "?", "suspected")
        ):
            return UNCERTAIN
        if event.kind in ("shown", "neg", "soft", "unc", "hint", "likely", "plain"):
            return None
    return None


def _anatomy(clause: list[Event], at: int) -> int | None:
    """Judge anatomy by its state word, turned round by a negation right before that."""
    where = _state_at(clause, at)
    if where is None:
        return None
    stated = _STATES.get(clause[where].kind, PRESENT)
    before = [event.kind for event in clause[:where] if event.kind not in SEVERITIES]
    if before and before[-1] == "neg":
        return PRESENT if stated == ABSENT else ABSENT
    return UNCERTAIN if stated == PRESENT and "unc" in before else stated


def _state_at(clause: list[Event], at: int) -> int | None:
    """Find the state word of anatomy: beside it before, else the first after it, else the nearest before it.

    "Unchanged" is no state, but it ends the search where another organ follows: "heart stable, aorta enlarged".
    """
    if at and _is_state(clause[at - 1]) and clause[at].start - clause[at - 1].end <= _ADJACENT:
        return at - 1
    steady = False
    for where in range(at + 1, len(clause)):
        event = clause[where]
        if _is_state(event):
            return where
        steady = steady or event.kind == "steady"
        if event.kind == FINDING or (steady and event.kind in _MENTIONS):
            break
    if steady:
        return None
    for where in range(at - 1, -1, -1):
        if _is_state(clause[where]):
            return where
        if clause[where].kind == FINDING:
            break
    return None


def _is_state(event: Event) -> bool:
    return event.kind in _STATES or (event.kind == "severe" and event.text in ("large", "huge", "massive"))


def sides(clause: list[Event]) -> dict[int, str]:
    """Return the side of each mention of a clause that has one, by its place in the clause.

    A mention without a side of its own takes that of the one closely before it: "left effusion and atelectasis".
    """
    owned: dict[int, set[str]] = {}
    mentions = [at for at, event in enumerate(clause) if event.bears]
    for at, event in enumerate(clause):
        if event.kind in SIDES and (owner := _owner(clause, at, mentions)) is not None:
            owned.setdefault(owner, set()).add(event.kind)
    found = {at: joined(words) for at, words in owned.items()}
    for before, at in pairwise(mentions):
        if at not in found and before in found and clause[at].start - clause[before].end <= _LISTED:
            found[at] = found[before]
    return found


def _owner(clause: list[Event], at: int, mentions: list[int]) -> int | None:
    """Find whose side it is: an adjective belongs to what follows, "in the left base" to what went before."""
    before = [m for m in mentions if m < at]
    after = [m for m in mentions if m > at]
    if not after and _of_lung(clause, at):
        return None
    if before and (not after or clause[at].text.split()[0] in _PREPOSITIONS):
        return before[-1]
    return after[0] if after else None


def _of_lung(clause: list[Event], at: int) -> bool:
    """Tell whether a side belongs to a lung that is called normal: "left effusion, right lung clear"."""
    following = clause[at + 1 : at + 3]
    if len(following) < 2 or clause[at].text.split()[0] in _PREPOSITIONS:
        return False
    return following[0].kind == ANATOMY and following[0].concept.place and following[1].kind == "normal"


def joined(words: set[str]) -> str:
    """Return the one side of a set, bilateral for several, empty for none."""
    return "bilateral" if len(words) > 1 else next(iter(words), "")


def severity(clause: list[Event], at: int) -> str:
    """Find the severity word before a mention, else in what is said of it afterwards."""
    loose = clause[at].kind == ANATOMY
    for where in range(at - 1, -1, -1):
        event = clause[where]
        if event.kind in SEVERITIES and (loose or not _of_growth(clause, where)):
            return event.kind
        grown = event.text.startswith("increase")
        if event.bears or event.kind == OTHER or (event.kind in _PREDICATES and not loose and not grown):
            break
    for where in range(at + 1, len(clause)):
        if clause[where].bears:
            break
        if clause[where].kind not in SEVERITIES or _qualifies_next(clause, where):
            continue
        if loose or not _of_growth(clause, where):
            return clause[where].kind
    return ""


def _of_growth(clause: list[Event], at: int) -> bool:
    """Tell whether a severity word says how much a finding has grown: "slightly increased effusion"."""
    return any(event.text.startswith("increase") for event in clause[at + 1 : at + 2])


def _qualifies_next(clause: list[Event], at: int) -> bool:
    """Tell whether a severity word stands before a finding of its own: "effusion and mild left atelectasis"."""
    for event in clause[at + 1 :]:
        if event.kind == FINDING:
            return True
        if event.kind not in (*SIDES, *SEVERITIES):
            return False
    return False
