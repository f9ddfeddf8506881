"""Numbers: which go since nothing tells that a report means them, and which signs let one stay."""

from collections import Counter

import pytest

from unirg_core.ingest.digits import unread_numbers

_GONE = """1421-3923 BB123456A 71-042-60 12345 jsmith22 B-1204 U7 H09/12345 Z15 A1234 4412 00412 07-12 123-4567
    AB12 2C-114 X00 NCT01234567 C21 12-345-6 ws14 S12-345 1,2345 E303 7 41 388 12B 7/36 11.2 #4 2.09 9F
    3-4 6A 1,204 56D 31H 17C 93W F/05 2009-08 2021/10"""
_KEPT = """T12 L1-L2 16x24 3x4x5 5-10mm 1:2 14Fr 120kVp FEV1 SpO2 2015 95% T1N0M0 COVID-19 q4h x1 4L G2P1 L3/4 T4-T8
    CO2 Tc-99m F-18 2D PD-L1 HbA1c 1990s BP:140/90 FiO2=40% <5 +2 V70.0 786.2 M1a H1N1 CD4 B12 S1-S2 10cm 41M 1/2 61/F
    6-day 38.5C 3T 24-h 41F 2w X10^3/mm^3 1000/uL ribs:6"""


@pytest.mark.parametrize("chunk", _GONE.split())
def test_a_number_that_nothing_explains_goes(chunk):
    left = unread_numbers(f"kept {chunk}, then", Counter())
    assert chunk not in left and ("[ID]" in left or "[TIME]" in left), left


@pytest.mark.parametrize("chunk", _KEPT.split())
def test_a_number_that_tells_itself_stays(chunk):
    assert unread_numbers(f"of {chunk}, then", Counter()) == f"of {chunk}, then"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # somebody's number, though it is short and a noun or preposition stands beside it
        ("tray 12 was cleared", "tray [ID] was cleared"),
        ("hut 4, lungs clear", "hut [ID], lungs clear"),
        ("saw 68, then left", "saw [ID], then left"),
        ("log 14 needs a page", "log [ID] needs a page"),
        ("shelf 11.2, drawer 7/36", "shelf [ID], drawer [ID]"),
        ("crate T1; skip B4", "crate [ID]; skip [ID]"),
        ("group 22939, dose 1825", "group [ID], dose [ID]"),
        ("on the 9th, off the 5th", "on the [ID], off the [ID]"),
        ("bay 7 D, hook 12 K", "bay [ID] D, hook [ID] K"),
        ("came 22.7., left 23.7.", "came [ID]., left [ID]."),
        ("Job 7. Next", "Job [ID]. Next"),
        ("[NAME] 3. film", "[NAME] [ID]. film"),
        ("bed linen 7, 3 cm nodule", "bed linen [ID], 3 cm nodule"),
        # nor is a time that no unit follows
        ("turns up at 4, film 2.09", "turns up at [TIME], film [TIME]"),
        ("until 1745 or 18:05", "until [TIME] or [TIME]"),
        # a unit or a counted thing behind it
        ("2 new rib fractures, 7 wires", None),
        ("7, 8 and 9 ribs; 3-4 small nodules", None),
        ("5 x 4 mm, 2.3 x 1.1 x 0.9 cm, 2 to 3 cm, 1 - 2 weeks", None),
        ("24 Fr, 4 L nasal cannula, 18 gauge, 3 T", None),
        ("2 views. 12 lead. 3 of 4 films", None),
        ("38.5 \N{DEGREE SIGN}C, 1000 cells, 41 year old", None),
        # a measure's word before it
        ("ribs 6 and 7, rib 4, image 34, series 2, image 1034", None),
        ("FEV1 down to 41, BP 178/112, RR 22, temp 39.1", None),
        ("aged 41, grade 2, stage 3b, figure 1B, POD 3", None),
        ("CTR 0.51, pH 7.35, GCS 15, ratio of 16.2/24.7", None),
        ("measuring 12 and, now, 14", "measuring 12 and, now, [ID]"),
        ("decreased from CRP 52 to 41", None),
        # ordinals of what a report counts, items of a list
        ("10th rib, 4th, 5th and 6th ribs, 2nd exam", None),
        ("1. Stable. 2. No effusion. 3) Clear.", None),
        ("T8-T10, L1; at T7 and 9", None),
    ],
)
def test_a_sign_at_a_number_lets_it_stay(text, left):
    assert unread_numbers(text, Counter()) == (left or text)
