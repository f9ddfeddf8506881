"""Dates of a text: found in every form, moved in their own form by the patient's days, and nothing else touched."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.known import Known

_NOBODY = Known([])


def _days(when: date) -> int:
    return (when - date(1970, 1, 1)).days


_STUDY = _days(date(2020, 1, 1))
_BACK = Dates(-100, _STUDY)


def _moved(text: str, dates: Dates = _BACK) -> str:
    return scrub(text, _NOBODY, dates)[0]


_FORMS = [
    # (as it stands, 100 days before)
    ("03/04/2019", "11/24/2018"),
    ("3/4/19", "11/24/18"),
    ("03-04-2019", "11-24-2018"),
    ("2019-03-04", "2018-11-24"),
    ("2019/03/04", "2018/11/24"),
    ("2019-06-01", "2019-02-21"),
    ("14.03.2019", "04.12.2018"),
    ("03.14.2019", "12.04.2018"),
    ("14.3.19", "4.12.18"),
    ("04.Mar.2019", "24.Nov.2018"),
    ("04/Mar/19", "24/Nov/18"),
    ("04 March '19", "24 November '18"),
    ("March 4, 2019", "November 24, 2018"),
    ("March 4th, 2019", "November 24th, 2018"),
    ("Mar. 4, '19", "Nov. 24, '18"),
    ("MARCH 4 2019", "NOVEMBER 24 2018"),
    ("4 March 2019", "24 November 2018"),
    ("4-Mar-19", "24-Nov-18"),
    ("the 3rd of March, 2019", "the 23rd of November, 2018"),
    ("04MAR2019", "24NOV2018"),
    ("20190304", "20181124"),
    ("Monday, March 4, 2019", "Saturday, November 24, 2018"),
    ("Mon 4 Mar 2019", "Sat 24 Nov 2018"),
    ("2019 March 04", "2018 November 24"),
    ("13/02/2019", "05/11/2018"),
    ("02/13/2019", "11/05/2018"),
    ("03/04/2019 - 03/09/2019", "11/24/2018 - 11/29/2018"),
]


@pytest.mark.parametrize(("before", "after"), _FORMS, ids=[before for before, _ in _FORMS])
def test_a_full_date_is_moved_in_its_own_form(before, after):
    assert _moved(f"Compared with {before}, no change.") == f"Compared with {after}, no change."
    assert "[DATE]" in _moved(f"Compared with {before}.", Dates())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("In March 2019 and 03/2019.", "In [DATE] and [DATE]."),
        ("On March 5 and the 5th of March.", "On [DATE] and the [DATE]."),
        ("From 03/04-03/09/2019.", "From [DATE]-11/29/2018."),
        ("On 3/14 seen.", "On [DATE] seen."),
        ("Seen Tuesday, in March.", "Seen [DATE], in [DATE]."),
        ("02/31/2019", "[DATE]"),
        ("DOB 01/02/1950; born 4 May 1925.", "DOB [DATE]; born [DATE]."),
        ("Injury of 1/2/1920.", "Injury of [DATE]."),
        ("Since Thanksgiving.", "Since [DATE]."),
        ("Film of 04.03.2019, 4.3.19.", "Film of [DATE], [DATE]."),
        ("Seen 4/26, on 12/03 and Wed 12/03.", "Seen [DATE], on [DATE] and [DATE]."),
        ("4 III 2019, 04-XII-2019, 03 04 2019.", "[DATE], [DATE], [DATE]."),
        ("Film of 040319, date: 310119.", "Film of [DATE], date: [DATE]."),
        ("She comes on Mon 8 May and Fri, Jan 9.", "She comes on [DATE] and [DATE]."),
        ("Sputum of 4-May, closed 05-23, clip from 12/98.", "Sputum of [DATE], closed [DATE], clip from [DATE]."),
    ],
)
def test_what_is_no_full_date_or_too_old_is_tagged(text, left):
    assert _moved(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "T12, 1/2, 5/6 ribs, 12-10-14 mm, may 5 mm, 3.4.19 cm, 1.2.3.",
        "March-like gait. It may be 3. The sun sat.",
        "2015 ml, image 2015, 2019 mm, 1.2005.",
        "16.2/24.7, ratio 3/4, 120/80, 10-15 mm, 3-4 weeks.",
        "Second of two. Marching. Augusta sign. Decreased. Junction.",
    ],
)
@pytest.mark.parametrize("dates", [_BACK, Dates()], ids=["moved", "tagged"])
def test_what_is_no_date_stays(text, dates):
    found = Counter()
    assert (dates.scrub(text, found, []), found) == (text, Counter())


def test_a_year_alone_stays_among_tags_and_moves_with_the_studys_year_among_moved_dates():
    assert scrub("Unchanged since 2015, in 2019.", _NOBODY)[0] == "Unchanged since 2015, in 2019."
    assert _moved("Unchanged since 2015, in 2019.") == "Unchanged since 2014, in 2018."
    assert _moved("Since 2015.", Dates(-3000)) == "Since 2007."


@pytest.mark.parametrize(
    ("text", "dates", "after"),
    [
        ("03/04/2019", Dates(1, _STUDY), "03/05/2019"),
        ("03/04/2019", Dates(1, _STUDY, day_first=True), "04/04/2019"),
        ("03/04/2019 and 25/04/2019", Dates(1, _STUDY), "04/04/2019 and 26/04/2019"),
        ("04.03.2019", Dates(1, _STUDY, day_first=True), "05.03.2019"),
        ("04.03.2019 and 25.04.2019", Dates(1, _STUDY), "05.03.2019 and 26.04.2019"),
        ("04.03.2019 and 04.25.2019", Dates(1, _STUDY), "04.04.2019 and 04.26.2019"),
        ("03/11/2020", Dates(1, _days(date(2020, 3, 1))), "[DATE]-free"),
        ("05/02/2020", Dates(1, _days(date(2020, 3, 1))), "06/02/2020"),
    ],
)
def test_which_number_is_the_day_is_told_by_the_report_then_by_the_study_then_by_the_setting(text, dates, after):
    moved = _moved(text, dates)
    assert moved == after if after != "[DATE]-free" else "[DATE]" not in moved


@given(
    st.dates(date(1960, 1, 1), date(2019, 12, 31)),
    st.integers(-3650, 3650),
    st.sampled_from(["%m/%d/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%d%b%Y", "%Y%m%d", "%A, %B %d, %Y"]),
)
def test_order_and_distance_to_the_studys_day_hold(when, shift, form):
    dates = Dates(shift, _STUDY, day_first="." in form)
    moved = _moved(f"film of {when.strftime(form)}", dates).removeprefix("film of ")
    after = when + timedelta(days=shift)
    assert moved in {after.strftime(form), after.strftime(form.replace("%d", "%-d"))}


@given(st.text("0123456789/-. ':JanMrch,ofstdhT", max_size=60), st.sampled_from([None, -1234, 77]))
def test_no_text_of_numbers_and_months_raises_or_grows_without_bound(text, shift):
    left, _ = scrub(text, _NOBODY, Dates(shift, _STUDY))
    assert len(left) <= 4 * len(text) + 16
