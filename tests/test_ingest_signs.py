"""Numbers: which go since nothing tells that a report means them, and which signs let one stay."""

from collections import Counter

import pytest

from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.digits import unread_numbers
from unirg_core.ingest.known import Known

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


_REPORTS = """
ET tube tip 4.5 cm above the carina, 24 cm at the lips. Right IJ line tip at the cavoatrial junction.
3 mediastinal drains and a left chest tube remain.
PORTABLE AP CHEST AT BEDSIDE, SEMI-ERECT. LUNG VOLUMES LOW. 2 LEFT PIGTAIL CATHETERS. NO PTX.
RIBS 3-7 FRACTURED LATERALLY.
interval removal of 1 of 2 left chest tubes. 12 mm apical ptx, was 8 mm. ett 3 cm above carina at t4. pod 2 cabg x4.
Comparison: none. Two views of the chest. Cardiothoracic ratio 0.55. Aorta measures 4.1 cm.
Degenerative change T5 through T11.
A 63 year old man with 40 pack-year history, FEV1 1.2 L (41% predicted).
9 mm nodule in segment 6, image 112, series 4.
POSTERIOR 5TH, 6TH AND 7TH RIB FRACTURES ON THE LEFT. SMALL HEMOTHORAX. L1 COMPRESSION FRACTURE, 30% LOSS OF HEIGHT.
S/p AVR and CABG in 2014. 7 sternal wires intact, 1st wire broken. ICD with 2 leads.
LVEF 35%, BNP 1450, creatinine 2.1.
Fever 39.2, WBC 18.4, lactate 4, on 6 L oxygen, RR 32, sats 88. Evaluate for pneumonia. Day 3 of ceftriaxone.
preterm 27 weeks, 980 g, day 5 of life. uvc at t8, ett at t2. rds grade 3. 8 ribs expansion. no ptx.
Stage 3b lung cancer, cycle 4 of 6, last CT 3 weeks ago. RUL mass 5.2 x 4.1 x 3.8 cm (previously 6.0 x 4.9 x 4.4 cm).
Grade 2 anterolisthesis L4 on L5. Cobb angle 34 degrees, apex T8. Risser 4. Haller index 3.6.
PEEP 12, FiO2 0.6, P/F 140. ARDS day 6. Bilateral opacities, unchanged since yesterday.
Dobhoff tip in the 2nd portion of the duodenum.
TB contact. QuantiFERON positive, induration 15 mm. 4 mm calcified granuloma, right 3rd interspace. INH for 9 months.
Heart size normal, CT ratio 13/28. Both hila up. 10 posterior ribs above the diaphragm. Inspiration good.
young male, blunt trauma at construction site. white out of left lung. long segment tracheal stenosis.
black sputum from soot.
Drain removed. Light markings. Still no change. Bridge of bone between 4th and 5th ribs. Stone in gallbladder, 11 mm.
FINDINGS: 1. MILD EDEMA. 2. 5 CM HIATAL HERNIA. 3. PICC TIP 2 CM INTO THE RA.
Right lung apex: 1.3 cm. Sternal wires x 6. Clips x2. NG tube side port 4 cm below GE junction. Swan at main PA.
Mark the site with a marker. The patient may return. Will follow. Rich vascular network. Major fissure. Page the team.
Pain 8/10 on left, GCS 15, BP 90/50, HR 120. Fell 3 m from ladder. Pelvis normal. 5 cm laceration.
Sarcoid stage 2. Kerley B lines. Type 2 diabetes, HbA1c 9.1, BMI 41, weight 130 kg. 2 pillow orthopnea.
Lung transplant 2016, day 14. Anastomosis patent. FVC 2.9, DLCO 60. 6MWT 320 m. Desaturates to 84.
In 2 weeks, or 4 to 6 weeks, repeat PA and lateral. Between 3 and 5 nodules, up to 7 mm. More than 10 nodules.
pain from fall, transferred to icu, came from work, seen at home, moved from ct to mr, at rest,
near hilum, off oxygen, via trach.
NSTEMI, TROPONIN 2.4. ON HEPARIN 12 UNITS/KG/HR. INTUBATED AT SCENE. TRANSFERRED TO CATH LAB.
IABP TIP 2 CM BELOW ARCH.
Nodule 1: 4 mm. Nodule 2: 6 mm, RLL. Lesion 3 resolved. Chest tube 1 and 2 removed.
EVLP 3 hours. V/Q 1:2. I:E 1:3. Murmur 3/6. Strength 4/5. TNM T2 N1 M0. Gleason 7. ECOG 1. NYHA 3. CURB-65 2.
About one third, 1/3, of the left hemithorax. 50-60% pneumothorax. 2/3 down. 0.5 mm slices. Approximately 3 to 4 cm.
"""


@pytest.mark.parametrize("text", _REPORTS.strip().splitlines())
def test_reports_that_are_full_of_numbers_stay(text):
    assert scrub(text, Known([])) == (text, Counter())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # more than two digits, a point or a leading zero count nothing, whatever follows
        ("rang 1546 re tube, ETT at T3", "rang [ID] re tube, ETT at T3"),
        ("after the 00.17 film it lay low", "after the [TIME] film it lay low"),
        ("lying on 412 clips", "lying on [ID] clips"),
        ("12 clips, 7 wires, 2 films", None),
        # what is left beside a tag
        ("provider 364213KH read it", "provider [ID] read it"),
        ("by telephone, KW 4-4827", "by telephone, [NAME] [PHONE]"),
        ("bureau ref HM 9917/16 and mine", "bureau ref [ID] and mine"),
        ("cell 081 351 1954: FEV1 1.94 l", "cell [PHONE] [TIME]: FEV1 1.94 l"),
        ("when Grant N'Diaye had tapped 650 mL", "when [NAME] had tapped 650 mL"),
        ("CT 4471829 of the chest", "CT [ID] of the chest"),
        ("read by Dr. Smith's fellow", "read by Dr. [NAME]'s fellow"),
        # two capitals that no list has are somebody's initials
        ("typed LQ, read WB", "typed [NAME]"),
        ("below GE junction, LV and RV large, AC joint", None),
        # firms that take films
        ("plate of Belmont Diagnostics seen", "plate [PLACE] seen"),
    ],
)
def test_what_stands_beside_an_identifier_goes_with_it(text, left):
    assert scrub(text, Known([]))[0] == (text if left is None else left)
