"""A study's report in the house style of its institution: same facts in every style, other words and habits.

Every finding of the truth is said, with side and severity, in each section that the report has; change words appear
where there is a prior. The sections are clean; `text` is what the institution would file, identifiers and all.
"""

from dataclasses import dataclass

import numpy as np

from unirg_core.ingest.phantom.lexicon import ORGANS, STYLES, SYMPTOMS, Style
from unirg_core.ingest.phantom.phi import Line, Planted, asides, foot, head, header_values, identity
from unirg_core.ingest.phantom.world import NEUTRAL, Finding, PhantomStudy

CHANGE = 0.12
"""Difference of degree from which a finding has changed."""

_HEDGED_UNDER = 0.33


@dataclass(frozen=True)
class Report:
    """A report: clean sections, and the raw text with headings and planted identifiers."""

    indication: str
    comparison: str
    technique: str
    findings: str
    impression: str
    text: str


def report(study: PhantomStudy, prior: PhantomStudy | None = None) -> Report:
    """Write the report of a study; `prior` is the same patient's previous one.

    Raises
    ------
    ValueError
        For the neutral population, which has no house style.
    """
    return _filed(study, prior)[0]


def planted_phi(study: PhantomStudy, prior: PhantomStudy | None = None) -> tuple[Planted, ...]:
    """Return every identifier planted in the study's report (written with the same `prior`) and DICOM header."""
    headers = tuple(Planted(keyword, kind, text) for keyword, (kind, text) in header_values(study).items())
    return headers if study.institution == NEUTRAL else _filed(study, prior)[1] + headers


def _filed(study: PhantomStudy, prior: PhantomStudy | None) -> tuple[Report, tuple[Planted, ...]]:
    if study.institution not in STYLES:
        raise ValueError(f"{study.institution} has no house style; use neutral_caption for the neutral population")
    style = STYLES[study.institution]
    rng = np.random.Generator(np.random.Philox(key=[study.seed, 1]))
    u = rng.random(24)
    clean = _sections(study, prior, style, u)
    lines = asides(study, identity(study), style.date, u[:3])
    if prior is not None:
        from_day = prior.date.strftime(style.date)
        lines["comparison"] = Line(from_day, (Planted("report", "date", from_day),))
    text, planted = _raw(study, style, clean, lines)
    clean["comparison"] = clean["comparison"].replace("{of_date}", "")
    return Report(**clean, text=text), planted


def _sections(study: PhantomStudy, prior: PhantomStudy | None, style: Style, u: np.ndarray) -> dict[str, str]:
    symptom = SYMPTOMS[int(u[3] * len(SYMPTOMS))]
    indication = style.indications[int(u[4] * len(style.indications))].format(
        age=study.age,
        person="woman" if study.sex == "F" else "man",
        letter=study.sex,
        symptom=symptom,
        Symptom=_capital(symptom),
    )
    only_findings = u[5] < style.only_findings
    only_impression = u[5] > 1 - style.only_impression
    return {
        "indication": indication,
        "technique": style.technique.format(view=study.view),
        "comparison": style.no_comparison if prior is None else style.comparison,
        "findings": "" if only_impression else _findings(study, prior, style, u[6:]),
        "impression": "" if only_findings else _impression(study, prior, style, u[6:]),
    }


def _findings(study: PhantomStudy, prior: PhantomStudy | None, style: Style, u: np.ndarray) -> str:
    """Return the findings, organ by organ: the abnormal, else boilerplate; then what has gone; then the rest."""
    terse = style is STYLES["phantom-b"]
    said: list[str] = []
    for organ, labels in ORGANS.items():
        here = [f for f in study.findings if f.label in labels]
        said += [_sentence(study, f, prior, style, u) for f in here]
        if not here:
            said.append(style.normal.get(organ, ""))
        elif not terse:
            absent = [label for label in labels if label not in {f.label for f in here}]
            said += [style.negatives[label] for label in absent if label in style.negatives]
    said += _gone(study, prior, style)
    if terse:
        there = {f.label for f in study.findings}
        said.append(_listed([word for label, word in style.negatives.items() if label not in there]))
    # Readers drop the closing boilerplate where much is to be said.
    said += style.closing[: max(0, len(style.closing) - max(0, len(study.findings) - 1))]
    return " ".join(s for s in said if s)


def _listed(words: list[str]) -> str:
    if len(words) < 2:
        return f"No {words[0]}." if words else ""
    return f"No {', '.join(words[:-1])} or {words[-1]}."


def _sentence(study: PhantomStudy, finding: Finding, prior: PhantomStudy | None, style: Style, u: np.ndarray) -> str:
    phrase = _phrase(study, finding, style)
    frame = style.sentences[int(u[_order(finding)] * len(style.sentences))]
    if phrase.endswith(("effusions", "edema", "cardiomegaly", "atelectasis")) or "consolidation" in phrase:
        frame = frame.replace("{a} ", "").replace("{A} {phrase}", "{Phrase}")
        if phrase.endswith("effusions"):
            frame = frame.replace(" is ", " are ")
    article = "an" if phrase[0] in "aeiou" else "a"
    return frame.format(
        a=article,
        A=_capital(article),
        phrase=phrase,
        Phrase=_capital(phrase),
        change=_change(finding, prior, style),
    )


def _impression(study: PhantomStudy, prior: PhantomStudy | None, style: Style, u: np.ndarray) -> str:
    items = [_capital(_phrase(study, f, style)) + _change(f, prior, style) + "." for f in study.findings]
    items += _gone(study, prior, style)
    if not study.findings:
        items.append(style.unremarkable[int(u[12] * len(style.unremarkable))])
    if style.numbered:
        items = [f"{k}. {item}" for k, item in enumerate(items, 1)]
    return " ".join(items)


def _order(finding: Finding) -> int:
    return [label for labels in ORGANS.values() for label in labels].index(finding.label)


def _phrase(study: PhantomStudy, finding: Finding, style: Style) -> str:
    """Return the noun phrase of a finding: hedge, severity, side, noun, place."""
    severity = style.severities.get(finding.label, {}).get(finding.severity, "")
    phrase = _noun(finding, style, severity)
    return f"{style.hedge} {phrase}" if hedged(study, finding) else phrase


def _noun(finding: Finding, style: Style, severity: str) -> str:
    key = finding.kind or finding.label
    template = style.nouns[key]
    if finding.side == "bilateral":
        template = style.both.get(key, template)
    on = "on both sides" if finding.side == "bilateral" else f"on the {finding.side}"
    return template.format(of=severity, side=finding.side, on=on, zone=zone(finding)).strip()


def zone(finding: Finding) -> str:
    """Return the zone of the lung: upper, mid or lower."""
    height = finding.position[1]
    return "upper" if height < 0.40 else "mid" if height < 0.54 else "lower"


def hedged(study: PhantomStudy, finding: Finding) -> bool:
    """Tell whether the reader was unsure: of two in five of the faintest reported findings, in every style alike."""
    return not finding.kind and finding.degree < _HEDGED_UNDER and (study.seed >> (3 * _order(finding))) % 5 < 2


def change(finding: Finding, prior: PhantomStudy | None) -> str:
    """Return new, same, more or less against the prior study; empty without one."""
    if prior is None:
        return ""
    before = next((f for f in prior.findings if f.label == finding.label), None)
    if before is None:
        return "new"
    if finding.kind or abs(finding.degree - before.degree) < CHANGE:
        return "same"
    return "more" if finding.degree > before.degree else "less"


def _change(finding: Finding, prior: PhantomStudy | None, style: Style) -> str:
    return style.changes.get(change(finding, prior), "")


def _gone(study: PhantomStudy, prior: PhantomStudy | None, style: Style) -> list[str]:
    """Return a sentence for each finding of the prior that is not reported any more."""
    still = {f.label for f in study.findings}
    gone = [f for f in prior.findings if f.label not in still] if prior else []
    return [_gone_sentence(f, style) for f in gone]


def _gone_sentence(finding: Finding, style: Style) -> str:
    thing = _noun(finding, style, severity="")
    frame = style.removed if finding.kind else style.resolved
    if thing.endswith("effusions"):
        frame = frame.replace(" has ", " have ")
    return frame.format(thing=thing, Thing=_capital(thing))


def _raw(
    study: PhantomStudy, style: Style, clean: dict[str, str], lines: dict[str, Line]
) -> tuple[str, tuple[Planted, ...]]:
    """Return the filed text and what it plants, in the order of the text."""
    who = identity(study)
    top, bottom = head(study, who, style.date), foot(study, who, style.date)
    blocks, planted = ([top.text], [*top.planted]) if top else ([], [])
    for section in style.order:
        body, aside = clean[section], lines.get(section)
        if not body:
            continue
        if section == "comparison":
            body = body.replace("{of_date}", f" of {aside.text}" if aside else "")
        elif aside:
            body = f"{body} {aside.text}"
        planted += aside.planted if aside else ()
        blocks.append(f"{style.headings[section]} {body}")
    return "\n".join([*blocks, bottom.text]), (*planted, *bottom.planted)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def neutral_caption(study: PhantomStudy) -> str:
    """Return all facts in plain words and no house style, as "small left pleural effusion. severe cardiomegaly."."""
    if not study.findings:
        return "no abnormality."
    return " ".join(f"{_plain(f)}." for f in study.findings)


def _plain(finding: Finding) -> str:
    noun = finding.kind or finding.label.lower()
    return " ".join(word for word in (finding.severity, finding.side, noun) if word)
