"""Progress goes to standard error with its rate, and only when the work takes long enough to ask."""

import re

import pytest

from unirg_core.scoring import watching


def test_a_short_loop_says_nothing(capsys: pytest.CaptureFixture) -> None:
    watching.Watch("label", "reports").step(1000)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("total", "line"),
    [
        (None, r"\[label\] 1,500 reports, [\d,]+/s\n"),
        (3000, r"\[label\] 1,500 of 3,000 reports, [\d,]+/s, \d+ s left\n"),
    ],
)
def test_a_long_loop_says_how_far_it_is(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, total: int | None, line: str
) -> None:
    clock = iter([0.0, 1.0, 3.0, 3.5])
    monkeypatch.setattr(watching.time, "monotonic", lambda: next(clock))
    watch = watching.Watch("label", "reports", total)
    for count in (500, 1000, 500):
        watch.step(count)
    out, err = capsys.readouterr()
    assert out == "" and re.fullmatch(line, err)
    assert "500/s" in err, "1,500 in three seconds"
