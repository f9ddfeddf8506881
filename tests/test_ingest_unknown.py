"""Default deny: words and numbers that nothing explains go, those of reports stay, whatever the case of the text."""

import subprocess
import sys
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.digits import unread_numbers
from unirg_core.ingest.known import Known
from unirg_core.ingest.lexicon import is_doubtful, is_known, lexicon
from unirg_core.ingest.unknown import stays, unknown_words
from unirg_core.study import CAPITALS, MIXED, SMALL

_NOBODY = Known([])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # a unit or a word before explains a large number, nothing else does
        ("1000 ml", None),
        ("1000-1200 ml", None),
        ("images 1001-1040", None),
        ("DLP 456.7 mGy-cm, EI 1450", None),
        ("12-10-14 mm", None),
        ("12 x 15 x 20 mm", None),
        ("code 1450", "code [ID]"),
        ("943 476 5919", "[ID]"),
        ("car AB12 CDE hit it", "car [ID] hit it"),
        ("PD 59 112 305", "[ID]"),
        # from ninety on a bare number must be explained, or it is an age
        ("HR 95, sats 97 on air", None),
        ("weight 94 kg, 95 %", None),
        ("95 years ago, 90 pack years", None),
        ("chair, 97, frail", "chair, [AGE], frail"),
        ("now 92 years, bedbound", "now [AGE] years, bedbound"),
        ("is 104 and confused", "is [AGE] and confused"),
        ("97yo and 93F", "[AGE]yo and [AGE]F"),
        ("his 95th birthday", "his [AGE]th birthday"),
    ],
)
def test_a_number_is_read_with_what_stands_beside_it(text, left):
    assert unread_numbers(text, Counter()) == (left or text)


@pytest.mark.parametrize(
    ("word", "case", "kept"),
    [
        ("Kaminski", MIXED, False),
        ("KAMINSKI", CAPITALS, False),
        ("kaminski", SMALL, False),
        ("kaminski", MIXED, False),  # the census knows it
        ("TKM", MIXED, False),  # letters that no list of short forms holds may be a writer's
        ("CVVH", MIXED, True),
        ("ZQB", CAPITALS, False),
        ("cooperS", MIXED, False),  # a capital inside a word is a user's name, but for units
        ("mmHg", MIXED, True),
        ("Mia", MIXED, False),  # a short form only in capitals
        ("Ng", MIXED, False),
        ("Stone", MIXED, True),  # a weak word: its place must tell
        ("Carpenter", MIXED, False),
        ("carpenter", MIXED, True),
        ("IYER", MIXED, False),
        ("D'Souza", MIXED, False),
        ("NG", MIXED, True),
        ("Cardiomegaly", MIXED, True),
        ("Cardiomegly", MIXED, True),  # a slip of the pen
        ("pnuemothorax", SMALL, True),
        ("HYPOAERATED", CAPITALS, True),
        ("Retroareolar", MIXED, True),
        ("TAVR", MIXED, True),
        ("DLCO", CAPITALS, True),
        ("patient's", SMALL, True),
        ("doesn't", SMALL, True),
        ("XXXX", CAPITALS, True),
        ("VIII", CAPITALS, True),
    ],
)
def test_a_word_stays_where_the_lexicon_explains_it(word, case, kept):
    assert stays(word, case) is kept


_NAMES = [
    # (text, what is left): names that are words too
    ("Will Kaminski to check the film", "[NAME] to check the film"),
    ("Rose Hill was seen", "[NAME] was seen"),
    ("HILL, KAMINSKI J, IMPLANT", "[NAME], IMPLANT"),
    ("Young worked 31 years", "[NAME] worked 31 years"),
    ("Stone J.; visit", "[NAME]; visit"),
    ("J. Stone placed it", "[NAME] placed it"),
    ("Ref.Dr :Stone", "Ref.Dr :[NAME]"),
    ("REF: STONE; PA CHEST; NO CHANGE", "REF: [ID]; PA CHEST; NO CHANGE"),
    ("ask mark from transport to bring him", "ask [NAME] from transport to bring him"),
    ("hey hope, is stone still npo today", "hey [NAME], is [NAME] still npo today"),
    ("ANSWERED BY WILL. NO CHANGE SINCE.", "ANSWERED BY [NAME]. NO CHANGE SINCE."),
    ("Winter: would not operate", "[NAME]: would not operate"),
    ("labelled KAMINSKI^MARK^J, corrected", "labelled [NAME], corrected"),
    ("Ray Kaminski (son), informed", "[NAME] (son), informed"),
    ("Agree with Small.", "Agree with [NAME]."),
    ("Mr. Best was moved", "Mr. [NAME] was moved"),
    ("the van took it in Hampton", "the van took it in [NAME]"),
    ("seen by Hideo van der Berg", "seen by [NAME]"),
    ("Jean-Luc Al-Masri signed", "[NAME] signed"),
    ("Dictated, not read. HW:KN D: noon", "Dictated, not read. [NAME] D: [TIME]"),
    ("report typed WJK today", "report typed [NAME] today"),
]


@pytest.mark.parametrize(("text", "left"), _NAMES, ids=[text[:30] for text, _ in _NAMES])
def test_a_word_that_is_a_name_too_goes_where_it_stands_as_one(text, left):
    assert scrub(text, _NOBODY)[0] == left


_CLEAN = [
    "Interval extubation; bibasilar atelectasis persists. Right IJ catheter tip at the cavoatrial junction.",
    "Patient ready to go home after lunch, ate well, walked in the hall twice, denies pain.",
    "Chest tube to water seal, no air leak, dressing dry and intact, wife at bedside.",
    "Scattered calcified granulomas, likely sequela of prior histoplasmosis. Osteopenia with multilevel DISH.",
    "Swan-Ganz catheter has been withdrawn; intra-aortic balloon pump tip below the aortic knob. Impella in place.",
    "Smoker 40 pack years, worked in construction, asbestos exposure, weight loss of 20 pounds over 3 months.",
    "Rule out pneumonia, fever 38.5, sputum green, started ceftriaxone and azithromycin.",
    "Dobhoff tube coiled in the stomach. PICC tip in the mid SVC. Port-a-Cath accessed. Hickman removed yesterday.",
    "Lupus nephritis, on mycophenolate and hydroxychloroquine; Jaccoud arthropathy of the hands.",
    "Kyphoplasty cement at T11 and L1. Fusion hardware C5-C7. Harrington rods unchanged. Silhouette sign.",
    "Bronchial cuffing, Kerley B lines, cephalization; moderate pulmonary edema rather than ARDS.",
    "Baby born at 28 weeks, surfactant given, umbilical venous catheter tip at T8, umbilical artery catheter at T7.",
    "Small left effusion, large mass; young woman; kidney stone; green sputum; long segment; may follow; will repeat.",
    "Marker R on the film. PA and LAT. Page 2 of 3. Mark the site. Rib cage, blood pool, lung field.",
]


@pytest.mark.parametrize("text", _CLEAN, ids=[text[:30] for text in _CLEAN])
@pytest.mark.parametrize("case", [str, str.upper, str.lower], ids=["mixed", "capitals", "small"])
def test_findings_devices_and_severities_stay_in_any_case(text, case):
    assert scrub(case(text), _NOBODY) == (case(text), Counter())


def test_the_lexicon_holds_no_word_twice_and_doubts_only_what_it_knows():
    words = lexicon()
    assert words.doubtful <= words.known and words.given <= words.doubtful | words.short | words.weak | words.known
    assert len(words.known) > 50_000 and len(words.names) > 50_000
    assert is_known("lung") and not is_doubtful("lung") and is_doubtful("stone") and not is_known("ishikawa")


def test_nothing_is_read_at_import():
    said = "import unirg_core.ingest.deidentify, unirg_core.ingest.lexicon as l; print(l.lexicon.cache_info().currsize)"
    assert (
        subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout.strip() == "0"
    )


@given(st.text(st.characters(exclude_categories=("Co", "Cs")), max_size=120), st.sampled_from([MIXED, CAPITALS, SMALL]))
def test_any_text_passes(text, case):
    found = Counter()
    left = unread_numbers(unknown_words(text, found, case), found)
    assert set(found) <= {"name", "id", "age"} and len(left) <= 6 * len(text) + 16


@pytest.mark.parametrize(
    "text", ["[NAME] ", "Le, ", "by ", '"<', "Q. ", "Stone ", "12-", "^a", "A-", ": x", "Dr Stone "]
)
def test_no_text_takes_long(text):
    began = time.process_time()
    scrub(text * (20_000 // len(text)), _NOBODY)
    assert time.process_time() - began < 2
