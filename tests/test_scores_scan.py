"""The scanner: events in order, clauses cut where no scope reaches, and time that grows with the text, not faster."""

import gc
import re
import time

import pytest

from unirg_core.scores.cues import CUES
from unirg_core.scores.labels import label, read
from unirg_core.scores.phrases import ANATOMY, CONCEPTS, FINDING, NORMALITY, OTHER
from unirg_core.scores.scan import clauses
from unirg_core.scores.scope import joined
from unirg_core.study import LABELS

EVENTS = [
    ("no change in the left effusion", ["plain", "left", "finding"]),
    ("no effusion or pneumothorax", ["neg", "finding", "or", "finding"]),
    ("effusion has resolved", ["finding", "neg_post"]),
    ("resolved effusion", ["gone", "finding"]),
    ("the heart is mildly enlarged", ["anatomy", "mild", "abnormal"]),
    ("heart size is within normal limits", ["anatomy", "normal"]),
    ("cannot exclude pneumonia", ["unc_post", "finding"]),
    ("opacity may represent pneumonia", ["finding", "unc", "finding"]),
    ("history of pneumonia", ["past", "finding"]),
    ("effusion on the left", ["finding", "left"]),
    ("small to moderate effusion", ["moderate", "finding"]),
    ("mid lung consolidation", ["anatomy", "finding"]),
    ("the left ventricle", []),
    ("massive", ["severe"]),
    ("amass", []),
    ("no acute cardiopulmonary disease", ["normality"]),
    ("", []),
]


@pytest.mark.parametrize(("sentence", "kinds"), EVENTS)
def test_finds_events_in_order(sentence: str, kinds: list[str]) -> None:
    found = [event for clause in clauses(sentence) for event in clause]
    assert [event.kind for event in found] == kinds
    assert all(sentence[event.start : event.end] == event.text for event in found)


CLAUSES = [
    ("no consolidation but there is an effusion", 2),
    ("in the left base there is consolidation", 1),  # nothing is named before "there is"
    ("effusion although small", 2),
    ("the lungs are clear except for atelectasis", 1),
    ("effusion with atelectasis", 1),
    ("however there is effusion", 1),
]


@pytest.mark.parametrize(("sentence", "count"), CLAUSES)
def test_cuts_clauses(sentence: str, count: int) -> None:
    assert len(clauses(sentence)) == count


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_a_concept_is_whole(concept) -> None:
    """Every pattern compiles without groups that would shift the scanner's, and every finding bears a class."""
    assert re.compile(concept.pattern).groups == 0
    assert concept.kind in (FINDING, ANATOMY, OTHER, NORMALITY)
    assert bool(concept.classes) == (concept.kind in (FINDING, ANATOMY))
    assert not re.fullmatch(concept.pattern, "")


@pytest.mark.parametrize(("kind", "pattern"), CUES)
def test_a_cue_is_whole(kind: str, pattern: str) -> None:
    assert re.compile(pattern).groups == 0
    assert not re.fullmatch(pattern, "")


def test_every_class_but_no_finding_can_be_mentioned() -> None:
    borne = {c for concept in CONCEPTS for c in concept.classes}
    assert borne == set(range(len(LABELS))) - {LABELS.index("No Finding")}


LOOPS = ["no ", "pulmonary ", "near at ", "fluid in the a ", "left and right ", "no acute chest ", "not now since "]


@pytest.mark.parametrize("words", LOOPS)
def test_an_endless_completion_takes_linear_time(words: str) -> None:
    """A policy that loops must not hang the reward: eight times the text in well under sixty-four times the time."""

    def cost(count: int) -> float:
        """Time the fastest of three: a collection of the whole suite's garbage costs more than the labels."""
        spent = []
        for extra in range(3):
            began = time.process_time()
            label([words * (count + extra)])
            spent.append(time.process_time() - began)
        return min(spent)

    label([""])
    gc.collect()
    assert cost(2000) < 30 * cost(250) + 0.05


def test_sides_join() -> None:
    assert joined(set()) == ""
    assert joined({"left"}) == "left"
    assert joined({"left", "right"}) == joined({"left", "bilateral"}) == "bilateral"


def test_a_denied_mention_keeps_its_wording() -> None:
    """Needed to tell "no large effusion" beside a small one from a contradiction."""
    (mention,) = read("no large left effusion").mentions
    assert (mention.value, mention.side, mention.severity) == (0, "left", "severe")
