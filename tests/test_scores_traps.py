"""Eight traps of clinical scores as rewards, each found in published tools.

Each test keeps the naive implementation and shows what it does wrong beside what ours does with the same input.
"""

import csv
import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from unirg_core.scores import SCORES, radcliq, weighted
from unirg_core.scores.cider import Cider, document_frequencies
from unirg_core.scores.labels import label
from unirg_core.scores.radcliq import scaled
from unirg_core.scores.reward import ScoreFault
from unirg_core.scores.summary import label_summary
from unirg_core.scores.text import tokens
from unirg_core.scores.truth import finding_counts, micro_f1
from unirg_core.study import LABELS, PRESENT, UNCERTAIN

SHARED = Path(__file__).parents[1] / "../shared"
BASELINE = 0.8473319  # of BERTScore's rescaling, distilroberta-base layer 5
NORMAL = (
    "Findings: The heart is normal in size. The lungs are clear. No pleural effusion or pneumothorax. "
    "Impression: No acute cardiopulmonary abnormality."
)


def naive_bertscore(candidate: str, references: Sequence[str], index: int, *, idf: bool = False) -> float:
    """BERTScore with one-hot words for embeddings: greedy matching, F1, idf over the references of the batch."""
    counts = Counter(word for reference in references for word in set(tokens(reference)))
    weight = {word: math.log((len(references) + 1) / (n + 1)) if idf else 1.0 for word, n in counts.items()}
    unseen = math.log(len(references) + 1) if idf else 1.0

    def matched(words: list[str], others: list[str]) -> float:
        total = sum(weight.get(word, unseen) for word in words)
        return sum(weight.get(word, unseen) for word in words if word in others) / total if total else 0.0

    ours, theirs = tokens(candidate), tokens(references[index])
    precision, recall = matched(ours, theirs), matched(theirs, ours)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def rescaled(value: float) -> float:
    return (value - BASELINE) / (1 - BASELINE)


def test_1_the_reciprocal_of_radcliq_is_no_reward() -> None:
    def naive(score: np.ndarray) -> np.ndarray:
        return 1 / score

    qualities = np.array([0.3, 0.5, 0.62, 0.64, 0.8, 1.0])  # each report better than the one before
    values = radcliq(qualities, qualities, qualities, qualities)
    assert (np.diff(values) < 0).all() and values[2] > 0 > values[3]
    assert np.argmax(naive(values)) == 2 and naive(values)[3] == naive(values).min()  # explodes, then turns its sign
    assert (np.diff(-values) > 0).all() and (np.diff(scaled(values)) > 0).all()
    assert scaled(values).max() <= 1 and scaled(values).min() >= 0


def test_2_idf_over_a_group_of_equal_references_is_zero() -> None:
    group = ["Small left pleural effusion. No pneumothorax."] * 16  # one prompt of GRPO
    naive = rescaled(naive_bertscore(group[0], group, 0, idf=True))
    assert naive == pytest.approx(-5.55, abs=5e-3)
    assert radcliq(1.0, naive, 1.0, 1.0) == pytest.approx(9.37, abs=5e-3)
    assert radcliq(1.0, rescaled(naive_bertscore(group[0], group, 0)), 1.0, 1.0) == pytest.approx(-1.44069, abs=1e-5)


def test_2_frequencies_of_the_batch_move_a_pair() -> None:
    """The same trap in CIDEr as published, whose frequencies come from the references that are scored."""

    def naive(candidates: list[str], references: list[str]) -> np.ndarray:
        documents = Counter(word for reference in references for word in set(tokens(reference)))
        idf = {word: math.log(len(references) / n) for word, n in documents.items()}
        vectors = [[{w: c * idf.get(w, 0.0) for w, c in Counter(tokens(t)).items()} for t in ts]
                   for ts in (candidates, references)]  # fmt: skip
        norms = [[math.sqrt(sum(v * v for v in vector.values())) for vector in side] for side in vectors]
        dots = [sum(a.get(w, 0.0) * v for w, v in b.items()) for a, b in zip(*vectors, strict=True)]
        return np.array([d / (a * b) if a * b else 0.0 for d, a, b in zip(dots, *norms, strict=True)])

    pair, others = "Small left pleural effusion.", ["No pneumothorax.", "Heart size is normal."]
    assert naive([pair] * 4, [pair] * 4).tolist() == [0.0] * 4  # a perfect pair is worth nothing in its group
    assert naive([pair, *others], [pair, *others])[0] == pytest.approx(1.0)
    ours = Cider(document_frequencies([pair, *others]))
    assert ours([pair] * 4, [pair] * 4)[0] == ours([pair, *others], [pair, *others])[0] == pytest.approx(10.0)


@pytest.mark.parametrize(("version", "bound"), [("v1", 0.0025), ("v0", 0.0041)])
def test_3_the_formula_reproduces_the_board(version: str, bound: float) -> None:
    """The naive form takes the parts in the order of the board's columns."""
    files = sorted((SHARED / "reference").glob("rexrank_*.csv"))
    if not files:
        pytest.skip(f"the board's tables are not in {SHARED / 'reference'}")
    rows = [row for path in files for row in csv.DictReader(path.read_text().splitlines())]
    bleu, bert, semb, radgraph = (
        np.array([float(row[name]) for row in rows]) for name in ("BLEU", "BertScore", "SembScore", "RadGraph")
    )
    theirs = np.array([float(row[f"RadCliQ-{version}"]) for row in rows])
    naive = radcliq(bleu, bert, semb, radgraph, version=version)
    assert len(rows) >= 30
    assert (np.abs(naive - theirs) > bound).mean() > 0.9
    assert (np.abs(radcliq(radgraph, bert, semb, bleu, version=version) - theirs) <= bound).all()


def test_4_accuracy_over_labels_is_not_f1() -> None:
    def naive(candidates: list[str], references: list[str]) -> float:
        """Accuracy over 14 labels, as a "CheXbert reward" has been computed."""
        rows = [
            [[v in (PRESENT, UNCERTAIN) for v in seen.values] for seen in label(t)] for t in (candidates, references)
        ]
        return float(np.mean(np.array(rows[0]) == np.array(rows[1])))

    references = [
        "Left effusion. Edema.",
        "Cardiomegaly. Atelectasis.",
        "Right pneumothorax. Lung nodule.",
        "Pneumonia.",
    ]
    blank = [""] * len(references)
    half_right = [
        "Left effusion. Fracture. Pleural plaque.",
        "Cardiomegaly. Pneumonia. Edema.",
        "Right pneumothorax.",
        "",
    ]
    assert naive(blank, references) > 0.8
    assert naive(blank, references) >= naive(half_right, references)  # saying nothing pays
    assert (SCORES["labels_f1"](blank, references) == 0).all()
    assert label_summary(blank, references).micro == 0 < label_summary(half_right, references).micro


def test_5_a_constant_template_is_seen_through() -> None:
    """A mostly normal set: by one score of words the template beats a system that finds what is there."""

    def naive(system: list[str], references: list[str]) -> float:
        return float(SCORES["rouge_l"](system, references).mean())

    references = [NORMAL] * 6 + [NORMAL.replace("The lungs are clear.", f) for f in ("Left nodule.", "Edema.")]
    finds = ["Normal chest."] * 6 + ["A nodule on the left.", "Pulmonary edema is present."]
    template = [NORMAL] * len(references)
    assert naive(template, references) > 0.9 > naive(finds, references)
    assert label_summary(template, references).micro == 0 and label_summary(finds, references).micro == 1
    assert SCORES["finding_credit"](template, references)[6:].max() < 0


def test_5_a_constant_template_on_real_reports() -> None:
    file = SHARED / "data/iu_xray/rexrank_iu_valid.json"
    if not file.exists():
        pytest.skip(f"the IU validation studies are not in {file}")
    studies = json.loads(file.read_text()).values()
    references = [s["report"] for s in studies]
    template, others = [NORMAL] * len(references), references[1:] + references[:1]  # a real report of somebody else
    assert len(references) == 296
    means = {name: [float(score(c, references).mean()) for c in (template, others)] for name, score in SCORES.items()}
    micro = [label_summary(c, references).micro for c in (template, others)]
    for name, (constant, foreign) in {**means, "corpus labels, micro": micro}.items():
        print(f"| {name} | {constant:.3f} | {foreign:.3f} |")  # noqa: T201 - docs/scores.md prints these
    for naive in (
        "bleu4",
        "rouge_l",
        "labels_f1",
    ):  # by any one of them the template is better than what a radiologist writes
        assert means[naive][0] > means[naive][1]
    assert micro[0] == 0 < micro[1]


FLIPS = [
    ("No pleural effusion.", "Pleural effusion."),
    ("No focal consolidation is seen.", "Focal consolidation is seen."),
    ("The heart is not enlarged.", "The heart is enlarged."),
]


@pytest.mark.parametrize(("reference", "flipped"), FLIPS)
def test_6_a_negation_costs(reference: str, flipped: str) -> None:
    naive = naive_bertscore(flipped, [reference], 0)
    assert naive > 0.8  # the real BERTScore says .893 of the first
    for name in ("labels_f1", "entity_f1"):
        assert SCORES[name]([flipped], [reference])[0] == 0.0
    assert SCORES["finding_credit"]([flipped], [reference])[0] <= 0.5
    reward = weighted({"bleu2": 1.0, "finding_credit": 1.0})
    total, _ = reward([reference, flipped], [reference] * 2)
    assert total[0] - total[1] > 0.5


@pytest.mark.parametrize("broken", [None, [0.5, None], [0.5, float("nan")], [0.5]])
def test_7_a_failed_score_is_no_zero(broken: object) -> None:
    def naive(weights: dict[str, float], scores: dict) -> np.ndarray:
        """What a trainer makes of rewards: None becomes NaN, and NaN is left out of the sum."""
        columns = []
        for name, weight in weights.items():
            values = scores[name](["a", "b"], ["a", "b"]) or [None, None]
            values = [*values, *[None] * (2 - len(values))]
            columns.append([weight * (np.nan if value is None else value) for value in values])
        return np.nansum(np.array(columns), axis=0)

    scores = {"good": lambda c, r: [1.0] * len(c), "bad": lambda c, r: broken}
    weights = {"good": 1.0, "bad": 2.0}
    assert naive(weights, scores)[1] == 1.0  # as if the failed score had said zero
    with pytest.raises(ScoreFault, match="The score bad"):
        weighted(weights, scores)(["a", "b"], ["a", "b"])


def test_8_the_headline_is_not_the_reward() -> None:
    """A report that pleases the labeler: the reward, which reads both with the same rules, calls it perfect."""
    truth = [[], [{"finding": "Pneumothorax", "side": "left"}]]
    references = ["An effusion was seen before. It has resolved.", "Left pneumothorax."]
    hacked = ["Effusion.", "Left pneumothorax."]

    def naive(candidates: list[str]) -> float:
        return float(SCORES["labels_f1"](candidates, references).mean())

    honest = ["No effusion.", "Left pneumothorax."]
    assert naive(hacked) == 1.0 > naive(honest)
    against_truth = [float(micro_f1(finding_counts(texts, truth).sum(axis=0))) for texts in (hacked, honest)]
    assert against_truth[0] < against_truth[1] == 1.0
    assert "truth_micro_f1" not in SCORES  # it cannot be rewarded


def test_the_naive_labels_are_those_of_the_board() -> None:
    """Trap 4's naive form is fair: 14 columns, the labeler's own."""
    assert len(LABELS) == 14 and len(label([NORMAL])[0].values) == 14
