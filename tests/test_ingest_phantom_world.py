"""The population: who is drawn, how findings are spread and how they go on from visit to visit."""

import subprocess
import sys
from collections import Counter
from dataclasses import FrozenInstanceError, replace

import pytest

from unirg_core.faults import BadInput
from unirg_core.ingest.phantom import FINDINGS, INSTITUTIONS, NEUTRAL, THRESHOLD, World, studies, vocabulary
from unirg_core.ingest.phantom.world import severity
from unirg_core.params import BASE_WORLD, CONFIRMING_WORLDS
from unirg_core.study import LABELS

_SIDED = {"Pleural Effusion", "Pneumothorax", "Consolidation", "Lung Lesion", "Atelectasis"}


@pytest.fixture(scope="module")
def population():
    return studies(World(seed=11, patients=2400))


@pytest.fixture(scope="module")
def courses(population):
    """Pairs of a study and the same patient's next."""
    by_key = {study.key: study for study in population}
    following = [(s, by_key.get(f"{s.key[:-2]}{s.visit + 2:02d}")) for s in population]
    return [(before, after) for before, after in following if after]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"seed": -1}, "seed = -1"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"patients": 0}, "patients = 0"),
        ({"patients": "many"}, "patients = 'many'"),
        ({"image_size": 8}, "image_size = 8"),
    ],
)
def test_an_impossible_world_is_refused_by_name(values, named):
    with pytest.raises(BadInput, match=named):
        World(**{"seed": 0, "patients": 6, "image_size": 64, **values})


def test_same_seed_same_population():
    assert studies(World(3, 40)) == studies(World(3, 40))


def test_another_process_draws_the_same_population():
    program = (
        "from unirg_core.ingest.phantom import World, studies; import hashlib;"
        "print(hashlib.sha256(repr(studies(World(3, 40))).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_a_larger_world_begins_with_the_same_patients():
    small = studies(World(3, 20))
    assert studies(World(3, 60))[: len(small)] == small


def test_worlds_share_nobody():
    seeds = (0, 1, 2, BASE_WORLD)
    drawn = {seed: studies(World(seed, 200)) for seed in seeds}
    pictures = Counter(study.seed for population in drawn.values() for study in population)
    assert max(pictures.values()) == 1
    builds = [{study.anatomy for study in population} for population in drawn.values()]
    assert sum(map(len, builds)) == len(set.union(*builds))


def test_the_base_population_belongs_to_no_institution_and_to_no_protocol():
    assert {study.institution for study in studies(World(BASE_WORLD, 30))} == {NEUTRAL}
    assert BASE_WORLD not in CONFIRMING_WORLDS


def test_the_smallest_world_has_all_institutions():
    assert {study.institution for study in studies(World(0, 6))} == set(INSTITUTIONS)


def test_keys_and_records_are_unique(population):
    assert len({study.key for study in population}) == len(population)
    people = {(s.institution, s.patient): s.anatomy for s in population}
    assert len(people) == 2400
    assert all(people[s.institution, s.patient] == s.anatomy for s in population)


def test_studies_are_frozen(population):
    with pytest.raises(FrozenInstanceError):
        population[0].age = 5
    assert replace(population[0], institution="phantom-b").findings == population[0].findings


@pytest.mark.parametrize("label", FINDINGS)
def test_prevalence_of_each_finding(population, label):
    share = sum(any(f.label == label for f in s.findings) for s in population) / len(population)
    assert 0.10 <= share <= 0.22


def test_share_of_normal_studies(population):
    assert 0.24 <= sum(not s.findings for s in population) / len(population) <= 0.31


@pytest.mark.parametrize("label", FINDINGS)
def test_prevalence_is_like_in_each_institution(population, label):
    shares = []
    for institution in INSTITUTIONS:
        here = [s for s in population if s.institution == institution]
        shares.append(sum(any(f.label == label for f in s.findings) for s in here) / len(here))
    assert max(shares) - min(shares) < 0.075  # 400 patients with several visits each in the smallest


def test_findings_keep_their_schema(population):
    for study in population:
        assert [f.label for f in study.findings] == sorted({f.label for f in study.findings}, key=FINDINGS.index)
        assert set(FINDINGS) <= set(LABELS)
        for finding in study.drawn:
            assert finding.side in (
                ("left", "right", "bilateral") if finding.label in _SIDED else ("", "left", "right")
            )
            assert (finding.severity in ("mild", "moderate", "severe")) != bool(finding.kind)
            assert 0 < finding.degree <= 1
            assert all(type(value) is float and 0 <= value <= 1 for value in finding.position)


def test_truth_is_what_lies_over_the_threshold(population):
    assert all(f.degree >= THRESHOLD for s in population for f in s.findings)
    assert all(f.degree < THRESHOLD for s in population for f in s.faint)
    assert 0.2 < sum(len(s.faint) for s in population) / len(population) < 0.6


def test_the_side_of_a_finding_is_where_it_lies(population):
    for finding in (f for s in population for f in s.drawn):
        column = finding.position[0]
        # The patient's right is on the left of the picture.
        assert {"right": column < 0.5, "left": column > 0.5, "bilateral": column > 0.5, "": column == 0.5}[finding.side]


@pytest.mark.parametrize(
    ("degree", "word"),
    [(0.25, "mild"), (0.4999, "mild"), (0.5, "moderate"), (0.7499, "moderate"), (0.75, "severe"), (1.0, "severe")],
)
def test_severity_follows_degree(degree, word):
    assert severity(degree) == word


def test_every_severity_and_side_is_common(population):
    severities = Counter(f.severity for s in population for f in s.findings if not f.kind)
    assert min(severities.values()) > 0.2 * sum(severities.values())
    sides = Counter(f.side for s in population for f in s.findings if f.label in _SIDED)
    assert 0.8 < sides["left"] / sides["right"] < 1.25
    assert sides["bilateral"] > 0.05 * sum(sides.values())


def test_look_alikes_are_common_and_never_truth(population):
    kinds = Counter(shape.kind for s in population for shape in s.look_alikes)
    assert set(kinds) == {"nipple", "skin fold", "fat pad"}
    assert all(0.07 < count / len(population) < 0.13 for count in kinds.values())
    assert not set(kinds) & {f.label for s in population for f in s.drawn}


def test_one_to_four_visits(population):
    visits = Counter(Counter(s.anatomy for s in population).values())
    assert set(visits) == {1, 2, 3, 4}
    assert all(count > 200 for count in visits.values())


def test_a_patient_stays_the_same_person(courses):
    for before, after in courses:
        assert (before.name, before.patient, before.birth_date, before.sex) == (
            after.name,
            after.patient,
            after.birth_date,
            after.sex,
        )
        assert after.date > before.date
        assert after.age == int((after.date - after.birth_date).days / 365.25)
        assert after.age >= before.age


def test_a_finding_keeps_side_and_place(courses):
    for before, after in courses:
        there = {f.label: f for f in before.drawn}
        for finding in after.drawn:
            if finding.label in there:
                earlier = there[finding.label]
                assert (finding.side, finding.position, finding.kind) == (earlier.side, earlier.position, earlier.kind)


def test_findings_come_stay_grow_shrink_and_go(courses):
    turns = Counter()
    for before, after in courses:
        old, new = ({f.label: f.degree for f in study.drawn} for study in (before, after))
        for label in old.keys() | new.keys():
            if label not in new:
                turns["gone"] += 1
            elif label not in old:
                turns["new"] += 1
            else:
                step = new[label] - old[label]
                turns["same" if abs(step) < 0.12 else "more" if step > 0 else "less"] += 1
    assert all(turns[turn] > 0.08 * sum(turns.values()) for turn in ("new", "gone", "same", "more", "less"))


def test_prevalence_stays_level_over_visits(population):
    burdens = []
    for visit in range(4):
        here = [s for s in population if s.visit == visit]
        burdens.append(sum(len(s.findings) for s in here) / len(here))
    assert max(burdens) - min(burdens) < 0.25


def test_age_sex_and_view(population):
    assert all(18 <= s.age <= 110 for s in population)
    assert {s.sex for s in population} == {"F", "M"}
    assert 0.2 < sum(s.view == "AP" for s in population) / len(population) < 0.4


def test_no_name_is_a_clinical_word(population):
    """Removing names from a text must not take words of the report with it."""
    said = set(vocabulary())
    assert not said & {part.lower() for s in population for part in s.name.split() if len(part) > 1}
