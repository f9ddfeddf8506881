"""`unirg score`: files of references and candidates in; means with intervals, paired tests and a table out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from unirg_core.families import families, gain
from unirg_core.faults import BadInput
from unirg_core.files import file_digest, written_whole
from unirg_core.params import Evaluate
from unirg_core.scores import weighted
from unirg_core.scores.reward import Score, ScoreFault
from unirg_core.scoring import baselines, rexrank, sources
from unirg_core.scoring.comparison import Settings, compared, quantities
from unirg_core.scoring.printing import counted
from unirg_core.scoring.reading import STUDY, read_rows
from unirg_core.scoring.texts import PREDICTION, SETTINGS, Report, Setting, candidate_text, reference_text, reports
from unirg_core.scoring.watching import Watch
from unirg_core.scoring.writing import (
    check_figure,
    check_not_read,
    check_table_name,
    check_writable,
    table_writer,
    told,
)

OUTPUTS = ("table", "rexrank")
FEWEST_RESAMPLES = 100
_FEWEST_DOCUMENTS = 2
_NAMED = 10


@dataclass(frozen=True)
class Request:
    """What to score and what to make of it.

    `scores` empty: those of `params.Evaluate`, which need no weights. `params`: the file whose section `scores` sets up
    judge, service and semantic; by default params.yaml of the current folder, read only where one of them is named.
    `cider_documents`: the reports whose words `cider` is weighed by, else those of `training`.
    """

    references: Path
    candidates: tuple[Path, ...]
    scores: tuple[str, ...] = ()
    setting: Setting = "findings+impression"
    training: Path | None = None
    output: Path | None = None
    format: str = "table"
    params: Path | None = None
    cider_documents: Path | None = None
    figure: Path | None = None
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class Test:
    """The studies that are scored: their references, and what each system wrote of them, all in one order.

    `wanted` is what is compared with as the board does it, `filed` the reports as they were written: of what the board
    puts for a missing section, the form of a report knows nothing.
    """

    references: list[Report]
    wanted: list[str]
    filed: list[str]
    texts: dict[str, list[str]]
    systems: list[str]
    left_out: int

    @property
    def patients(self) -> list[str]:
        """The patient of each study; a study without one is a patient of its own."""
        return [(r.patient_id and f"patient {r.patient_id}") or f"study {r.study_id}" for r in self.references]


def score_files(request: Request) -> dict[str, Any]:
    """Score candidates against references, write what was asked for and return the summary.

    Returns
    -------
    dict
        `setting`, `studies`, `patients` (None without patient ids), `left_out` (references without text in the
        setting), `level`, `resamples`, `swaps`, `seed`, `systems`, `baselines`, `empty` (empty reports of each system),
        `scores` and `comparisons` (rows of `comparison.compared`), `template_not_below` (of each system the scores
        in which the constant template is not below it), and `written`: the files.

    Raises
    ------
    BadInput
        For files, names and endings that will not do, for study ids that do not match, and for a score that fails.
    """
    names = _checked(request)
    known = sources.scores(names, request.params, _documents(request))
    references, written = _read(request)
    test = _test(request, references, written)
    scored = _scored(test, {name: known[name] for name in names})
    held = {system: quantities(scored[system], texts, test.wanted) for system, texts in test.texts.items()}
    scores, comparisons = compared(test.patients, held, _pairs(test), request.settings)
    found = {
        "setting": request.setting,
        "studies": len(test.references),
        "patients": len(set(test.patients)) if any(r.patient_id for r in test.references) else None,
        "left_out": test.left_out,
        **vars(request.settings),
        "systems": test.systems,
        "baselines": [name for name in test.texts if name not in test.systems],
        "empty": {system: sum(not text for text in texts) for system, texts in test.texts.items()},
        "scores": scores,
        "comparisons": comparisons,
        "template_not_below": _not_below(test.systems, scores),
        "written": [str(path) for path in (request.output, request.figure) if path],
    }
    if request.output:
        with told("--output", request.output):
            _write(request, request.output, test, scored, references, written)
    if request.figure:
        from unirg_core.scoring.drawing import draw

        with told("--figure", request.figure):
            draw(found, request.figure)
    return found


def _checked(request: Request) -> tuple[str, ...]:
    """Refuse what can be refused before anything is read, and return the names of the scores."""
    names = request.scores or Evaluate().scores
    if request.settings.resamples < FEWEST_RESAMPLES:
        raise BadInput(
            f"--resamples {request.settings.resamples} are too few for an interval; take {FEWEST_RESAMPLES} or more."
        )
    if request.setting not in SETTINGS:
        raise BadInput(f"--setting {request.setting} is no setting; there are {' and '.join(SETTINGS)}.")
    if request.format not in OUTPUTS:
        raise BadInput(f"--format {request.format} is no format; there are {' and '.join(OUTPUTS)}.")
    if request.format == "rexrank":
        rexrank.check(request.output, request.candidates)
    elif request.output:
        check_table_name(request.output)
    if request.figure:
        check_figure(request.figure)
    read = [request.references, *request.candidates, *filter(None, (request.training, request.cider_documents))]
    for option, path in (("--output", request.output), ("--figure", request.figure)):
        if path:
            check_not_read(path, *read)
            check_writable(option, path)
    return tuple(dict.fromkeys(names))


def _read(request: Request) -> tuple[list[Report], dict[str, list[Report]]]:
    """Return the references, and each system's reports in their order."""
    references = list(reports(request.references, read_rows(request.references), "reference"))
    written = {}
    for name, path in zip(_system_names(request.candidates), request.candidates, strict=True):
        given = {report.study_id: report for report in reports(path, read_rows(path), "candidate")}
        _check_match(path, list(given), request.references, [report.study_id for report in references])
        written[name] = [given[report.study_id] for report in references]
        _check_no_copy(path, written[name], request.references, references)
    return references, written


def _system_names(paths: Sequence[Path]) -> list[str]:
    """Return the files' names without endings, with their folder's where two are the same."""
    paths = [path.resolve() for path in paths]
    stems = [path.stem for path in paths]
    names = [
        stem if stems.count(stem) == 1 else f"{p.parent.name}/{stem}" for stem, p in zip(stems, paths, strict=True)
    ]
    for name, path in zip(names, paths, strict=True):
        if paths.count(path) > 1:
            raise BadInput(f"--candidates {path} is given twice; give it once.")
        if names.count(name) > 1:
            raise BadInput(f"Two candidates are named {name}, {path} is one; rename one of the files.")
        if name in baselines.BASELINES:
            raise BadInput(f"A candidate is named {name} like a baseline that stands beside it; rename its file.")
    return names


def _check_match(path: Path, given: Sequence[str], references: Path, wanted: Sequence[str]) -> None:
    lacking, foreign = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
    said = []
    if lacking:
        said.append(f"lacks {len(lacking)} of the {len(wanted)} studies of {references} ({_some(lacking)})")
    if foreign:
        held = "1 study that is" if len(foreign) == 1 else f"{len(foreign)} studies that are"
        there = "there" if lacking else f"in {references}"
        said.append(f"holds {held} not {there} ({_some(foreign)})")
    if said:
        raise BadInput(f"{path} {' and '.join(said)}; give one report for each reference, and no other.")


def _check_no_copy(path: Path, given: Sequence[Report], source: Path, references: Sequence[Report]) -> None:
    """Refuse references that are given as candidates: they would be perfect. `model_prediction` is no reference."""
    if all(PREDICTION in report.fields for report in given):
        return
    same = [(one.findings, one.impression) for one in given] == [(r.findings, r.impression) for r in references]
    if same or path.samefile(source) or file_digest(path) == file_digest(source):
        raise BadInput(
            f"{path} holds the references of {source} themselves, which would be perfect; give what a system wrote, "
            f"or name its field {PREDICTION} if it did write exactly this."
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _test(request: Request, references: list[Report], written: Mapping[str, list[Report]]) -> Test:
    setting = request.setting
    kept = [place for place, report in enumerate(references) if reference_text(report, setting)]
    if not kept:
        raise BadInput(f"{request.references}: no study has a reference in the setting {setting}; take the other one.")
    inside = [references[place] for place in kept]
    texts = {system: [candidate_text(given[place], setting) for place in kept] for system, given in written.items()}
    texts[baselines.TEMPLATE_NAME] = [baselines.template(setting)] * len(kept)
    if request.training:
        training = list(reports(request.training, read_rows(request.training), "reference"))
        texts |= baselines.nearest(inside, training, setting, request.training)
    wanted = [reference_text(report, setting) for report in inside]
    filed = [candidate_text(report, setting) for report in inside]
    return Test(inside, wanted, filed, texts, list(written), len(references) - len(kept))


def _documents(request: Request) -> Callable[[], list[str]] | None:
    """Return what reads the texts that `cider` weighs words by, as they are compared; None where no file holds them."""
    path = request.cider_documents or request.training
    if path is None:
        return None

    def read() -> list[str]:
        held = [reference_text(report, request.setting) for report in reports(path, read_rows(path), "reference")]
        texts = [text for text in held if text]
        if len(texts) < _FEWEST_DOCUMENTS:
            said = counted(len(texts), "report")
            raise BadInput(f"{path} holds {said} in the setting {request.setting}; cider weighs words by two or more.")
        return texts

    return read


def _scored(test: Test, scores: Mapping[str, Score]) -> dict[str, dict[str, np.ndarray]]:
    """Return system -> score -> one float a study."""
    watch = Watch("score", "reports", len(test.wanted) * len(test.texts) * len(scores))
    studies = [report.study_id for report in test.references]
    scored: dict[str, dict[str, np.ndarray]] = {}
    for system, texts in test.texts.items():
        scored[system] = {}
        for name in scores:
            wanted = test.filed if "form" in families(name) else test.wanted
            try:
                scored[system] |= weighted({name: 1.0}, scores)(texts, wanted, studies)[1]
            except ScoreFault as fault:
                raise BadInput(f"{system}: {fault}") from fault
            watch.step(len(texts))
    return scored


def _pairs(test: Test) -> list[tuple[str, str]]:
    """Return what is compared: every two systems, and each system with each baseline that has not seen the answer."""
    ours = [(a, b) for place, a in enumerate(test.systems) for b in test.systems[place + 1 :]]
    blind = [name for name in test.texts if name not in (*test.systems, baselines.BY_REFERENCE)]
    return ours + [(system, name) for system in test.systems for name in blind]


def _not_below(systems: Sequence[str], scores: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return system -> the scores in which it is no better than the constant template."""
    values = {(row["system"], row["score"]): row["value"] for row in scores if row["value"] is not None}
    names = list(dict.fromkeys(row["score"] for row in scores))

    def no_better(system: str, name: str) -> bool:
        pair = (values.get((system, name)), values.get((baselines.TEMPLATE_NAME, name)))
        return None not in pair and gain(name, pair[0] - pair[1]) <= 0

    return {system: [name for name in names if no_better(system, name)] for system in systems}


def _write(
    request: Request,
    output: Path,
    test: Test,
    scored: Mapping[str, Mapping[str, np.ndarray]],
    references: Sequence[Report],
    written: Mapping[str, Sequence[Report]],
) -> None:
    if request.format == "rexrank":
        (given,) = written.values()
        with written_whole(output) as temporary:
            temporary.write_text(rexrank.submission(request.references, references, given, request.setting))
        return
    names = list(next(iter(scored.values())))
    schema = pa.schema(
        [(name, pa.string()) for name in (STUDY, "patient_id", "system")] + [(n, pa.float64()) for n in names]
    )
    with table_writer(output, schema) as write:
        for system, values in scored.items():
            columns = {
                STUDY: [report.study_id for report in test.references],
                "patient_id": [report.patient_id or None for report in test.references],
                "system": [system] * len(test.references),
            }
            write(pa.RecordBatch.from_pydict(columns | dict(values), schema=schema))
