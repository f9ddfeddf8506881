"""What only a label, a street's word or the neighbours of a word give away; and what looks like it and stays."""

import re
from collections import Counter

import pytest

from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.known import Known

_NOBODY = Known([])
_MARK = re.compile(r"<(\w+):([^>]+)>")


def _scrubbed(marked: str) -> tuple[str, str]:
    """Return the text that a marked one gives and the one that is asked for."""
    text = _MARK.sub(lambda match: match[2], marked)
    return scrub(text, _NOBODY)[0], _MARK.sub(lambda match: f"[{match[1].upper()}]", marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Flew in seat <id:49L> last week.",
        "Guard, badge <id:12>, stood by.",
        "Plays with shirt number <id:51>.",
        "agent (id <id:48>) logged it",
        "Logged in as <id:jroe>, no pneumothorax.",
        "user: <id:jroe.x>; lungs clear",
        "Booking no: <id:ABCXYZ>, clear.",
        "PNR: <id:QWERTY>",
        "Underground at the No. <id:3> mine.",
        "The last digits are ...<id:4411>.",
    ],
)
def test_a_label_gives_short_numbers_and_letters_away(marked):
    left, asked = _scrubbed(marked)
    assert left == asked


@pytest.mark.parametrize(
    "marked",
    [
        "living with the family at <address:32-16 Churchill Lane>, well",
        "seen in the clinic (<address:Cypress St>.) before",
        "the shelter on <address:Summit st>, now",
        "Home is <address:Flat 4B>, alone.",
        "mail to <address:P.O.B. 118>.",
        "home: <address:Lindenstrasse 12>",
        "mail to <address:rue de la Gare, 14>",
    ],
)
def test_streets_flats_and_boxes_of_many_countries_go(marked):
    left, asked = _scrubbed(marked)
    assert "".join(re.findall(r"\[ADDRESS\]", left)) == "[ADDRESS]"
    assert not any(part in left for part in re.findall(r"[A-Z]\w+|\d+", _MARK.search(marked)[2])), left
    assert asked.split("[ADDRESS]")[0].split()[0] == left.split()[0]


@pytest.mark.parametrize(
    "marked",
    [
        "seen <time:21:43h>, no change",
        "Received at <time:15:28>: no change",
        "called at <time:four thirty pm>",
        "fell at <time:3 in the morning>",
        "seen <time:14:30 uhr>",
        "sent <date:11/12> by the nurse",
        "born <date:10/1> at home",
        "DOB <date:08161999>",
        "no change since <date:Nov 97>.",
    ],
)
def test_times_and_bare_days_go_in_every_writing(marked):
    left, asked = _scrubbed(marked)
    assert left.replace(".", "") == asked.replace(".", "")


@pytest.mark.parametrize("text", ["DOB 08161999", "film 08161999", "film of 16081999", "seen 10/11", "on 3 4 2019"])
def test_a_day_that_nothing_makes_sure_is_never_moved(text):
    assert "[DATE]" in scrub(text, _NOBODY, Dates(-1234, 18_000))[0]


@pytest.mark.parametrize(
    "marked",
    [
        "dot nurse <name:ichiro> phoned: the cavity is unchanged in the RUL, Portable.",
        "told by sgt <name:xu> at bedside. Portable film.",
        "gp <name:oh>, surgery. Portable film.",
        "signed out to <name:brown>, by courier. Portable film.",
        "mother in law <name:gwendolyn li> also coughs. Portable film.",
        "agrees with <name:drew>'s read. Portable film.",
        "pt <name:jean-luc> aged 40. Portable film.",
        "tagged <name:hill,rose> dob <date:1/2/1990>. Portable film.",
        "Addendum by <name:PA> <date:03-Jul-98>: no change.",
        "Typed <date:30.03.23> by <name:PS>, no change.",
        ">> wrong side. <name:Mark> >> thanks",
        "INTAKE CLEARANCE.  <name:GRACE HILL W>  NO ACTIVE DISEASE.",
        "the film that Young's colleague <name:Day> saw is better",
    ],
)
def test_names_are_told_by_neighbours_in_any_case(marked):
    left, _ = _scrubbed(marked)
    for kind, word in _MARK.findall(marked):
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", left), left
        assert f"[{kind.upper()}]" in left


@pytest.mark.parametrize(
    "marked",
    [
        "From: <email:esperanza_o'donnell@o'donnellgroup.example.net> Re: film",
        "sent to <email:records@o’donnell-imaging.example.com>; clear",
    ],
)
def test_mail_with_an_apostrophe_goes_whole(marked):
    left, asked = _scrubbed(marked)
    assert left == asked


@pytest.mark.parametrize(
    "text",
    [
        "Pain 8/10, strength 5/5, murmur 2/6, profusion 1/1.",
        "Calcaneal and patellofemoral changes; dual-lumen catheter; organoaxial volvulus; groundglass opacities.",
        "There is malalignment with phleboliths and an enthesophyte, coracoclavicular distance is kept.",
        "Right hand and wall of the chest are normal. Large Right Effusion. RT HAND: no fracture.",
        "HISTORY: DKA, ALONG W/ CHEST PAIN.",
        "Heart Size Small. Long segment stenosis at T3/T4.",
        "Lot of gas in the bowel; case of pneumonia; gate 2 mm; box-like chest.",
        "Series 3, image 12, ratio 12/33 of the chest by law.",
        "2nd rib, 3 views, 14 French tube, T2 and L1-L2.",
    ],
)
def test_findings_scales_and_plain_words_stay(text):
    left, found = scrub(text, _NOBODY)
    assert (left, found) == (text, Counter())
