"""The words: the same facts in every style, changes against the prior, clean sections, planted identifiers."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from unirg_core.ingest.phantom import (
    FINDINGS,
    INSTITUTIONS,
    World,
    neutral_caption,
    planted_phi,
    report,
    studies,
    vocabulary,
)
from unirg_core.ingest.phantom.lexicon import STYLES
from unirg_core.ingest.phantom.reports import change, hedged, zone
from unirg_core.ingest.phantom.world import Finding
from unirg_core.params import BASE_WORLD

_WORDS = {
    "Cardiomegaly": r"cardiomegaly|cardiac enlargement|enlargement of the cardiac silhouette",
    "Pleural Effusion": r"effusions?|pleural fluid",
    "Pneumothorax": "pneumothorax",
    "Consolidation": "consolidation",
    "Lung Lesion": "nodule|nodular density",
    "Edema": "edema",
    "Atelectasis": "atelectasis|atelectatic change",
    "pacemaker": "pacemaker|pacing device",
    "central line": "central venous catheter|central line|central venous line",
    "endotracheal tube": "endotracheal tube|tracheal tube",
}
_SEVERITIES = {
    "mild": "mild|small|minimal|slight|tiny",
    "moderate": "moderate",
    "severe": "severe|large|marked|extensive|pronounced",
    "": "",
}
_SIDES = {"left": r"\bleft\b", "right": r"\bright\b", "bilateral": r"bilateral|bibasilar|both sides", "": ""}
_CHANGES = {
    "new": "new|not present previously",
    "same": "unchanged|stable|without change",
    "more": "increased|worse|progressive",
    "less": "decreased|improved|regressing",
}
_HEDGES = "possible|questionable|suspected"


@pytest.fixture(scope="module")
def population():
    return studies(World(seed=13, patients=600))


@pytest.fixture(scope="module")
def priors(population):
    by_key = {study.key: study for study in population}
    return {s.key: by_key.get(f"{s.key[:-2]}{s.visit:02d}") for s in population}


def _sentences(text):
    return [s.strip() for s in re.split(r"(?<=\.)\s+(?:\d+\.\s+)?|^\d+\.\s+", text) if s.strip()]


def _sentence_of(finding, text):
    """Return the sentences that state a finding, not those that deny it or tell that it has gone."""
    denied = re.compile(r"\bno\b|without focal|\bfree of\b|resolved|no longer|removed", re.IGNORECASE)
    pattern = re.compile(_WORDS[finding.kind or finding.label], re.IGNORECASE)
    return [s for s in _sentences(text) if pattern.search(s) and not denied.search(s)]


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_every_fact_is_said_once_a_section_in_every_style(population, priors, institution):
    for study in population:
        told = report(replace(study, institution=institution), priors[study.key])
        for section in filter(None, (told.findings, told.impression)):
            for finding in study.findings:
                said = _sentence_of(finding, section)
                assert len(said) == 1, (finding, section)
                sentence = said[0].lower()
                assert re.search(_SEVERITIES[finding.severity], sentence), (finding, sentence)
                assert re.search(_SIDES[finding.side], sentence), (finding, sentence)
                turn = change(finding, priors[study.key])
                assert not turn or re.search(_CHANGES[turn], sentence), (turn, sentence)
                assert hedged(study, finding) == bool(re.search(_HEDGES, sentence))


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_nothing_is_said_that_is_not_truth(population, priors, institution):
    for study in population:
        told = report(replace(study, institution=institution), priors[study.key])
        there = {f.kind or f.label for f in study.findings}
        for name in _WORDS:
            if name not in there:
                absent = Finding(name, "", "", 0.5, (0.5, 0.5))
                assert not _sentence_of(absent, f"{told.findings} {told.impression}"), (name, told)


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_what_has_gone_is_said(population, priors, institution):
    gone = 0
    for study in population:
        prior = priors[study.key]
        left = {f.label for f in study.findings}
        for finding in prior.findings if prior else ():
            if finding.label not in left:
                told = report(replace(study, institution=institution), prior)
                pattern = rf"(?:{_WORDS[finding.kind or finding.label]}).*(?:resolved|no longer|removed)"
                text = f"{told.findings} {told.impression}"
                assert any(re.search(pattern, s, re.IGNORECASE) for s in _sentences(text)), text
                gone += 1
    assert gone > 100


def test_changes_only_with_a_prior(population):
    said = re.compile("|".join(_CHANGES.values()))
    for study in population[:200]:
        for institution in INSTITUTIONS:
            told = report(replace(study, institution=institution), None)
            assert not said.search(f"{told.findings} {told.impression}")


def _at(degree, label="Edema", kind=""):
    return Finding(label, "", "", degree, (0.5, 0.5), kind)


@pytest.mark.parametrize(
    ("before", "now", "word"),
    [
        (None, 0.5, "new"),
        (0.5, 0.5, "same"),
        (0.5, 0.61, "same"),
        (0.5, 0.63, "more"),
        (0.5, 0.37, "less"),
    ],
)
def test_change_against_the_prior(population, before, now, word):
    prior = replace(population[0], findings=() if before is None else (_at(before),))
    assert change(_at(now), prior) == word
    assert change(_at(now), None) == ""


def test_a_device_does_not_grow(population):
    prior = replace(population[0], findings=(_at(0.3, "Support Devices", "pacemaker"),))
    assert change(_at(0.9, "Support Devices", "pacemaker"), prior) == "same"


@pytest.mark.parametrize(("height", "word"), [(0.25, "upper"), (0.45, "mid"), (0.6, "lower")])
def test_zones(height, word):
    assert zone(Finding("Lung Lesion", "left", "mild", 0.3, (0.7, height))) == word


def test_hedges_are_few_and_only_of_the_faintest(population):
    unsure = [f for s in population for f in s.findings if hedged(s, f)]
    assert 0.03 < len(unsure) / sum(len(s.findings) for s in population) < 0.12
    assert all(f.degree < 0.33 and not f.kind for f in unsure)


def test_styles_say_the_same_in_other_words(population, priors):
    overlaps = []
    for study in population[:100]:
        texts = [report(replace(study, institution=i), priors[study.key]) for i in INSTITUTIONS]
        words = [set(re.findall(r"[a-z]+", f"{t.findings} {t.impression}".lower())) for t in texts]
        overlaps += [len(a & b) / len(a | b) for a, b in ((words[0], words[1]), (words[0], words[2]))]
    assert sum(overlaps) / len(overlaps) < 0.4


@pytest.mark.parametrize(
    ("institution", "least", "most"), [("phantom-a", 40, 60), ("phantom-b", 15, 30), ("phantom-c", 30, 50)]
)
def test_reports_are_of_moderate_length(population, priors, institution, least, most):
    told = [report(replace(s, institution=institution), priors[s.key]) for s in population]
    words = [len(f"{t.findings} {t.impression}".split()) for t in told]
    assert least < sum(words) / len(words) < most
    assert sum(count > 90 for count in words) < 0.05 * len(words)


@pytest.mark.parametrize(
    ("institution", "no_impression", "no_findings"),
    [("phantom-a", 0.18, 0.0), ("phantom-b", 0.10, 0.15), ("phantom-c", 0.0, 0.22)],
)
def test_some_reports_have_one_section_only(population, institution, no_impression, no_findings):
    told = [report(replace(s, institution=institution)) for s in population]
    assert all(t.findings or t.impression for t in told)
    assert sum(not t.impression for t in told) / len(told) == pytest.approx(no_impression, abs=0.035)
    assert sum(not t.findings for t in told) / len(told) == pytest.approx(no_findings, abs=0.035)


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_raw_text_holds_each_section_under_its_heading(population, institution):
    style = STYLES[institution]
    for study in population[:100]:
        told = report(replace(study, institution=institution))
        for section in ("indication", "findings", "impression"):
            body = getattr(told, section)
            assert (f"\n{style.headings[section]} {body}" in f"\n{told.text}") == bool(body)


def test_house_habits_differ(population):
    texts = {i: report(replace(population[0], institution=i)).text for i in INSTITUTIONS}
    assert "FINDINGS:" in texts["phantom-a"]
    assert "Comparison:" in texts["phantom-b"]
    assert "CONCLUSION: 1. " in texts["phantom-c"]
    assert texts["phantom-c"].index("CONCLUSION:") < texts["phantom-c"].index("COMPARISON:")


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_planted_identifiers_are_in_the_raw_text_and_not_in_the_clean(population, priors, institution):
    for study in population[:300]:
        study = replace(study, institution=institution)
        told = report(study, priors[study.key])
        planted = [p for p in planted_phi(study, priors[study.key]) if p.where == "report"]
        assert planted
        clean = " ".join((told.indication, told.comparison, told.technique, told.findings, told.impression))
        for one in planted:
            assert one.text in told.text, one
            assert one.text not in clean, one


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_nothing_identifies_that_is_not_in_the_truth(population, priors, institution):
    """Cut the planted strings out of the raw text: no name, number or date of the study may be left."""
    for study in population[:300]:
        study = replace(study, institution=institution)
        prior = priors[study.key]
        text = report(study, prior).text
        for one in sorted(planted_phi(study, prior), key=lambda p: -len(p.text)):
            text = text.replace(one.text, " ")
        left = text.lower()
        assert not [part for part in study.name.lower().split() if len(part) > 2 and part in left]
        assert study.patient not in text
        assert not re.search(r"\d{4}|\d\d:\d\d|\d+/\d+", text), text


def test_many_forms_of_identifiers(population, priors):
    planted = [p for s in population for p in planted_phi(s, priors[s.key])]
    kinds = Counter(p.kind for p in planted if p.where == "report")
    assert {"name", "id", "date", "time", "phone", "accession"} <= set(kinds)
    assert {p.where for p in planted} >= {
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "AccessionNumber",
        "PrivateNote",
    }
    shapes = {re.sub(r"\d", "9", p.text) for p in planted if p.kind == "date" and p.where == "report"}
    assert {"99/99/9999", "9999-99-99"} <= shapes


def test_some_reports_name_somebody_inside_a_section(population):
    """Dropping header and signature is not enough to de-identify."""
    inside = 0
    for study in population:
        lines = report(study).text.split("\n")
        heads = tuple(STYLES[study.institution].headings[s] for s in ("findings", "impression"))
        inside += any(
            line.startswith(heads) and any(p.text in line for p in planted_phi(study) if p.where == "report")
            for line in lines
        )
    assert 0.08 < inside / len(population) < 0.25


def test_reports_and_identifiers_are_deterministic(population, priors):
    for study in population[:50]:
        assert report(study, priors[study.key]) == report(study, priors[study.key])
        assert planted_phi(study, priors[study.key]) == planted_phi(study, priors[study.key])


@pytest.mark.parametrize(
    ("findings", "caption"),
    [
        ((), "no abnormality."),
        ((Finding("Pleural Effusion", "left", "mild", 0.3, (0.7, 0.7)),), "mild left pleural effusion."),
        (
            (
                Finding("Cardiomegaly", "", "severe", 0.9, (0.5, 0.6)),
                Finding("Support Devices", "right", "", 0.5, (0.4, 0.3), "central line"),
            ),
            "severe cardiomegaly. right central line.",
        ),
    ],
)
def test_neutral_captions(population, findings, caption):
    assert neutral_caption(replace(population[0], findings=findings)) == caption


def test_the_neutral_population_has_captions_but_no_house_style():
    study = studies(World(BASE_WORLD, 6))[0]
    assert neutral_caption(study).endswith(".")
    assert all(p.where != "report" for p in planted_phi(study))
    with pytest.raises(ValueError, match="no house style"):
        report(study)


def test_the_vocabulary_holds_every_word(population, priors):
    known = set(vocabulary())
    assert vocabulary() == sorted(known)
    assert len(known) < 400
    for study in population:
        texts = [neutral_caption(study)]
        for institution in INSTITUTIONS:
            told = report(replace(study, institution=institution), priors[study.key])
            texts += [told.indication, told.comparison, told.technique, told.findings, told.impression]
        assert set(re.findall(r"[a-z]+(?:-[a-z]+)*", " ".join(texts).lower())) <= known


@pytest.mark.parametrize("label", FINDINGS)
def test_every_style_has_words_for_every_finding(label):
    for style in STYLES.values():
        assert label in style.nouns or label == "Support Devices"
        assert label not in style.severities or set(style.severities[label]) == {"mild", "moderate", "severe"}
