"""A report on one line says what it said on many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.ingest.sections import parse
from unirg_core.models.prompts import compose, split_report
from unirg_core.oneline import one_line
from unirg_core.scores.labels import label_one
from unirg_core.scores.scan import sentences
from unirg_core.study import LABELS

CASES = [
    ("", ""),
    ("\n \n", ""),
    ("No\npneumothorax", "No pneumothorax"),  # the line was full
    ("nodule of\n2.5 cm in size", "nodule of 2.5 cm in size"),
    ("tip of the\nSwan-Ganz catheter", "tip of the Swan-Ganz catheter"),
    ("between 3\n-4 mm", "between 3 -4 mm"),  # no item: a number
    ("Clear.\n\nNo effusion.", "Clear. No effusion."),  # a mark is not doubled
    ("Clear!\n- Fine;\n- Good?\n- Well", "Clear! - Fine; - Good? - Well"),
    ("There are:\n- effusion\n- edema", "There are: - effusion. - edema"),  # what a colon or comma opens goes on
    ("heart,\n\nlungs", "heart, lungs"),
    ("No effusion\n\nCardiomegaly", "No effusion. Cardiomegaly"),
    ("No effusion\n \t\nCardiomegaly", "No effusion. Cardiomegaly"),
    ("- No effusion\n- Cardiomegaly\n", "- No effusion. - Cardiomegaly"),
    ("-No effusion\n-Cardiomegaly", "-No effusion. -Cardiomegaly"),
    ("• No effusion\r\n• Cardiomegaly", "• No effusion. • Cardiomegaly"),
    ("1. No effusion\r2. Cardiomegaly", "1. No effusion. 2. Cardiomegaly"),
    ("(1) No effusion\n(2) Cardiomegaly", "(1) No effusion. (2) Cardiomegaly"),
    (
        "Lungs: No effusion\nHeart: Enlarged\nBones/soft tissues: Intact",
        "Lungs: No effusion. Heart: Enlarged. Bones/soft tissues: Intact",
    ),
    ("no effusion (a\nfew words)\n2) edema", "no effusion (a few words). 2) edema"),
]


@pytest.mark.parametrize(("text", "line"), CASES)
def test_a_break_that_ends_a_sentence_becomes_a_full_stop(text: str, line: str) -> None:
    assert one_line(text) == line
    assert one_line(line) == line


@pytest.mark.parametrize(("text", "line"), CASES)
def test_the_labeler_reads_the_same_sentences(text: str, line: str) -> None:
    assert sentences(text) == sentences(line)


_PIECES = st.lists(
    st.sampled_from(
        (
            *(
                "No effusion",
                "Cardiomegaly",
                "small nodule",
                "of 2.5 cm",
                "Heart:",
                "-",
                "*",
                "1.",
                "(2)",
                ",",
                ":",
                ".",
            ),
            *("\n", "\n\n", " \r\n", "\t", " ", "3"),
        )
    ),
    max_size=24,
)


@given(_PIECES.map(" ".join) | st.text(max_size=200))
def test_no_word_is_lost_and_a_second_time_changes_nothing(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line and "\n" not in line
    kept = line.replace(".", " ").split()
    assert kept == text.replace(".", " ").split()


@given(_PIECES.map(" ".join))
def test_labels_do_not_depend_on_line_breaks(text: str) -> None:
    assert label_one(text) == label_one(one_line(text))


LISTS = {
    "dashes": "- No pleural effusion\n- Cardiomegaly\n- Right pneumothorax\n",
    "numbers": "1. No pleural effusion\n2. Cardiomegaly\n3. Right pneumothorax",
    "paragraphs": "No pleural effusion\n\nCardiomegaly\n\nRight pneumothorax",
    "form": "Pleura: No pleural effusion\nHeart: Cardiomegaly\nOther: Right pneumothorax",
}


@pytest.mark.parametrize("heading", ["FINDINGS:\n", "FINDINGS: ", "FINDINGS\n\n"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_keeps_its_labels_from_the_raw_report_to_the_reference(kind: str, heading: str) -> None:
    told = label_one(LISTS[kind])
    assert [name for name, value in zip(LABELS, told.values, strict=True) if value == 1] == [
        "Cardiomegaly",
        "Pneumothorax",
    ]
    parts = parse(heading + LISTS[kind])
    assert label_one(compose(parts.findings, parts.impression)) == told
    assert label_one(compose(*split_report(f"Findings: {LISTS[kind]}"))) == told


def test_a_heading_ends_the_sentence_before_it() -> None:
    parts = parse("FINDINGS: No effusion\nFINDINGS: Cardiomegaly\nIMPRESSION: Stable\n")
    assert parts.findings == "No effusion. Cardiomegaly"
