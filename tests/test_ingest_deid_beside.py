"""Times in every writing, and words that only their neighbours make a name: what goes, what stays."""

import re

import pytest

from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.known import Known

_NOBODY = Known([])
_MARK = re.compile(r"<(\w+):([^>]*)>")

_STAY = [
    "fed by mouth. found by chance, by day",
    "bullae since 1988, surgery 1988, films of 2010; in 1999",
    "POD 2, RR 32, sats 88, Cobb angle 34 degrees.",
    "WATER LONG GONE. LOWER LONG SEGMENT. RATHER LONG.",
    "came from home, back to work, at rest, off oxygen, from ct",
    "TRANSFERRED TO CATH LAB. AT SCENE. FROM FALL.",
    "NG tube tip at Fallot valve; Ghon node.",
    "before two views, until six weeks, at five months",
    "ETT tip 4.5 cm above the carina, at T4.",
    "Compared to 2010.",
    "CABG 2010.",
    "surgery in 1945",
    "Film of 2010 and 2012.",
    "2010: lobectomy",
    "five to six weeks",
    "five to ten small nodules",
    "EF at 45.",
    "measuring 14.30 cm",
    "at 6 months",
    "a quarter of the lung",
    "PEEP at 8.",
    "removed 2003.",
    "level 5 to 6",
    "RT HAND AND WALL UNREMARKABLE",
    "PAIN TO BACK AND HEAD.",
    "LARGE HIATAL HERNIA WITH STRANDING.",
    "DRAIN, HOOK AND COIL IN PLACE.",
    "lungs clear with small effusion, blunt angle, stones.",
    "HODGKIN'S DISEASE",
    "Patient free of pain, pt back in bed.",
    "The person said it hurt.",
    "Nurse called; child coughs.",
    "Dyspnea. SOB",
    "Rod has migrated.",
    "will repeat film, may have effusion, no mark on skin.",
    "nodule up by 12.30 mm",
    "dose 2004 mGy",
]


@pytest.mark.parametrize("text", _STAY)
def test_findings_levels_and_years_stay(text):
    assert scrub(text, _NOBODY)[0] == text


_GO = [
    # times without a colon or a unit, in figures and in words
    "film <time:2.09>, sat down at <time:9> sharp.",
    "he had gone home at <time:six>.",
    "she rested until <time:five>, then left",
    "name=<name:ODELL>|t=<time:1928>",
    # somebody by his trade, by what is his, by the town he came from
    "KEEPER <name:YOUNG> LOGGED A SIGNAL.",
    "MINISTER <name:BROWN> LEFT BY THE REAR DOOR.",
    "SEEN WITH DAUGHTER <name:GRACE> TOGETHER.",
    "<name:Faith>'s tent was wet.",
    "TRANSFERRED FROM <place:RUGBY> REHAB.",
    "sent over to <place:hull>, bed rest, films normal",
    "signed in at the office of <name:Dorchester> port health.",
    "COPY TO <name:Sacred> Heart.",
    "REPORT SIGNED. COPY TO <name:Holy Redeemer>. LUNGS CLEAR.",
    "ticket opened by <name:long>, assigned",
    "SECOND FEE PAID BY <name:FIELD>. AGREE.",
    "relabelled by <name:grace> after the film",
    "ENT bleeped <id:1988>, theatre told.",
    "ask <name:Stone> (or the clerk)",
    "PT SPEAKS TO <name:MARK> ON PHONE",
    "radiographer told, <time:14.30 h>",
    "called at <time:0210h>.",
    "paged <time:2:10a>.",
    "phoned at <time:ten past two>.",
    "seen at <time:quarter to six>.",
    "died at <time:midnight>.",
    "seen at <time:6>.",
    "call back after <time:6 tonight>.",
    "between <time:2> and <time:3 pm>.",
    "<time:five minutes past four> he fell.",
    "at <time:five this morning>.",
    "on <date:03/04/2019> at <time:6>.",
    "nurse informed <time:1945>; left.",
    "culture neg <time:1909> by hand",
    "film shot <time:2056>.",
    "wet read <time:1902>",
    "just after <time:nine last night>.",
    "time of death <time:1945>",
    "at <time:oh six hundred>",
    "reviewed <time:9.30> by the team.",
    "DISCUSSED WITH <name:STONE> AT <time:10:46>.",
    "dictated by <name:max day>, md",
    "DICTATED BY <name:BILL RICH> ON <date:17 Mar 2001>.",
    "did <name:marsh> send the ct? no, <name:marks> did",
    "<name:STRONG AUGUST>, MD",
    "reviewed w/ <name:marsh> and <name:grace cross>",
    "verified with <name:brown> from ct surgery",
    "The <name:Page brothers> were screened.",
    "Reading room: <name:Stone> covering until <time:07:59>.",
    "ED charge <name:Will> informed, sibling <name:Will> had pneumonia.",
    "PT <name:LI> IN BED <place:4> IS WELL",
    "<name:MARK> (DTR) UPSET",
    "<name:Don Small> to check the film.",
    "see <name:West>'s photograph.",
    "films swapped about <time:16.07>, ask the desk",
    "RED AREA, TUBE AT <time:0840>.",
    "relabelled after the fall, tube by <name:booker> in <name:Xanthby>, effusion smaller now",
    "<name:Mark> weighs 160 kg; <name:Will> wrote to us.",
    "sign as <name:espinoza> md, not <name:long> md",
    "CALLER <name:UMA>, NO CHANGE.",
    "helicopter <id:G-BSGN> to the site",
    "card ending <id:1942>",
    "ANSWER: NO CHANGE. <name:JF>",
    "INMATE <name:LONG> # <id:420131>",
    "WITNESSED <name:BROWN / XIONG>.",
]


@pytest.mark.parametrize("marked", _GO)
def test_times_and_words_that_stand_as_names_go(marked):
    left, _ = scrub(_MARK.sub(r"\2", marked), _NOBODY)
    assert left == _MARK.sub(lambda match: f"[{match[1].upper()}]", marked)
