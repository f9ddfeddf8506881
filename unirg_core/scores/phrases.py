"""What a chest report can mention: concepts, the CheXpert classes that each stands for, and the words that name it.

The mention lists of Stanford's CheXpert labeler (Irvin et al. 2019; Copyright (c) 2018 Stanford Machine Learning Group,
MIT License) are the starting point; they are rewritten as word-bounded patterns and widened by synonyms of everyday
radiology English. Departures from that list, with the reason:

- "heart size", "mediastinal contour" and the like are *anatomy*: they say something only with a state word ("normal",
  "enlarged"), where CheXpert counts the bare mention as present unless it is negated.
- Vascular congestion, fluid overload and prominent vessels count as uncertain edema: radiologists write "congestion
  without edema", and hand-made gold keeps the two apart.
- A "nodular" or "round" opacity or density counts as an uncertain lesion: one writes so of a possible nipple shadow.
- "Fibrosis" without "pleural" is a lung opacity (interstitial), not Pleural Other; "scarring" likewise.
- "Blunting" of a costophrenic angle counts as an uncertain effusion, where CheXpert only drops No Finding.
- Wires of a sternotomy and stents are support devices.
"""

from dataclasses import dataclass

from unirg_core.study import LABELS

FINDING, ANATOMY, OTHER, NORMALITY = "finding", "anatomy", "other", "normality"


@dataclass(frozen=True)
class Concept:
    """A thing that a report mentions.

    `kind` FINDING is abnormal by being there; ANATOMY is judged by its state word; OTHER bears no class, but keeps
    state words of its own and, where `abnormal`, rules No Finding out; NORMALITY calls the whole chest unremarkable.
    `uncertain` marks what only hints at its class, `place` anatomy that mostly says where ("in the left lung"),
    `normal_classes` what a normal state denies where that is more than `classes`.
    """

    name: str
    kind: str
    classes: tuple[int, ...]
    pattern: str
    normal_classes: tuple[int, ...] = ()
    abnormal: bool = False
    uncertain: bool = False
    place: bool = False


def any_of(*alternatives: str) -> str:
    """Join alternatives of a pattern."""
    return "|".join(alternatives)


def _at(*names: str) -> tuple[int, ...]:
    return tuple(LABELS.index(name) for name in names)


_HEART = r"(?:heart|cardiac|cardio)"
_OPACITY = r"(?:opacit(?:y|ies)|opacifications?|densit(?:y|ies)|lesions?|shadows?)"
_CONTOUR = r"(?:silhouettes?|contours?|structures?|shadows?|borders?|size)"

_NORMALITY = any_of(
    r"(?:no|without|negative for)(?: (?:radiographic )?(?:evidence|signs) of)?(?: an?)? (?:(?:acute|active|focal|other"
    r"|significant|new|radiographic|intrathoracic|thoracic|cardio-?(?:pulmonary|thoracic)|cardiac or pulmonary"
    r"|pulmonary|chest|lung) ){0,4}(?:abnormalit(?:y|ies)|disease|process|findings?|patholog(?:y|ies))",
    r"(?:normal|unremarkable|negative) (?:(?:frontal|two-view|portable) )?(?:chest|examination|study|radiographs?|exam)"
    r"(?: (?:x-?ray|radiographs?|examination|study))?",
    r"chest (?:is|appears) (?:normal|unremarkable)",
)

_DEVICE = any_of(
    r"(?:(?:dobbhoff|feeding|endotracheal|enteric|nasogastric|orogastric|chest|tracheostomy|drainage) )?"
    r"(?:tubes?|tubing)|e\.?t\.? tube",
    r"pacemakers?(?: with (?:\w+ )?leads?)?|pacers?|pacing (?:device|wires?|leads?)|leads",
    r"(?:dual |single |\w+-)?(?:lead|chamber) (?:pacemaker|icd|defibrillator|device)s?",
    r"(?:single|dual|pacer|icd) leads?|defibrillators?|a?icd|stimulators?|balloon pumps?|iabp|swan-?ganz",
    r"(?:central|picc|venous|arterial|jugular|subclavian|dialysis|ij|midline|iv) (?:venous |access )?"
    r"(?:lines?|catheters?)|catheters?|cvc|piccs?(?: lines?)?",
    r"mediports?|port-?a-?caths?|(?:chest|infusion|power) ports?|stents?|coils?|drains?|cannulas?|shunts?",
    r"(?:prosthetic|artificial|mechanical|bioprosthetic) (?:\w+ )?valves?|valve (?:replacement|prosthesis)|valves?",
    r"hardware|arthroplast\w+|prosthes[ie]s|(?:spinal |orthopedic )?(?:plates?|screws?)",
    r"(?:sternotomy |sternal |cerclage )wires?|wires?",
    r"(?:monitoring|support|implanted|assist|cardiac) (?:and \w+ )?(?:devices?|equipment|apparatus)|devices?",
)

_VESSELS = any_of(
    r"(?:pulmonary |central |lung )?(?:vascularity|vasculature|vascular (?:markings|pattern))|pulmonary vessels?"
)

_CONGESTION = any_of(
    r"(?:(?:pulmonary|central|venous|vascular|mild) ){0,4}(?:congestion|engorgement"
    r"|vascular (?:prominence|fullness|indistinctness|redistribution))",
    r"prominence of the pulmonary vasculature|indistinctness|(?:fluid|volume) overload|cardiac decompensation",
)

_EDEMA = any_of(
    r"(?:(?:interstitial|alveolar|pulmonary|airspace) ){0,4}o?edema(?:tous)?",
    r"(?:congestive )?(?:heart|cardiac) failure|chf|kerley(?:[ -]?b)?(?: lines)?",
)

_CARDIOMEGALY = any_of(
    rf"cardiomegaly|{_HEART}[ -]enlargement",
    r"(?:enlargement of|(?<!no )increase in) (?:the )?(?:heart(?: size)?|cardiac silhouette)",
)

_CARDIOMEDIASTINAL = any_of(
    rf"cardio-?(?:pericardial|mediastin\w+)(?: {_CONTOUR})?|cardiac and mediastinal {_CONTOUR}",
    rf"heart and mediastin\w+(?: {_CONTOUR})?",
)

_HEART_SIZE = any_of(
    r"(?:size|contours?|silhouette) of the (?:heart|cardiac silhouette)|cardiothoracic ratio",
    r"(?:heart|cardiac|pericardial) (?:silhouettes?|contours?|shadows?|size|outline|diameter|configuration)(?: size)?",
    r"hearts?(?! (?:border|failure))|cardiac(?= (?:and|is|,))",
)

_WIDE_MEDIASTINUM = any_of(
    r"mediastinal (?:widening|enlargement|prominence|fullness)|widened mediastinum",
    rf"(?:widening|enlargement|prominence) of the (?:superior |upper )?(?:cardio)?mediastin\w+(?: {_CONTOUR})?",
)

_MEDIASTINUM = rf"(?:superior |upper )?mediastin\w+(?: (?:{_CONTOUR}|configuration|width))?"

_PLEURAL_OTHER = any_of(
    r"pleur(?:al|o)?[ -/]*(?:parenchymal |pericardial )?"
    r"(?:thickening|scar(?:ring|s)?|fibrosis|plaques?|calcifications?)",
    r"thickening of the (?:\w+ )?pleura|(?:(?<=biapical )|apical )(?:thickening|cap(?:ping)?)|fibrothorax",
    r"pleural (?:based )?(?:mass|lesion)",
)

_EFFUSION = any_of(
    r"(?:(?:sub)?pulmonic |pleural )?effusions?|(?:pleural|layering|intrapleural|fissural) fluid|h(?:ydr|em)othorax",
    r"fluid (?:collection )?in the (?:\w+ ){0,4}(?:pleural space|fissures?|costophrenic (?:angle|sulcus))",
)

_PLEURA = any_of(
    r"(?:costophrenic|costo-phrenic|cp) (?:angles?|sulc(?:us|i)|recess(?:es)?)",
    r"pleural (?:spaces?|surfaces?|recess(?:es)?|cavit(?:y|ies))|pleurae?(?= (?:is|are))",
)

_LESION = any_of(
    rf"(?:mass-?like|coin|spiculated) (?:\w+ )?{_OPACITY}",
    r"(?:(?:pulmonary|lung|solitary) )?(?:micro)?nodul(?:es?|arity)",
    r"(?<!thyroid )(?<!mediastinal )mass(?:es)?|lumps?",
    r"(?:cavitary|cavitating|lung|pulmonary|parenchymal|focal) lesions?|lesions?(?= in the (?:left|right|lung))",
    r"carcinomas?|neoplas(?:m|ms|tic|ia)|tumou?rs?|malignan(?:cy|t)|metast(?:asis|ases|atic)",
)

_NODULAR = (
    r"(?:(?:ill-defined|focal|vague) )?(?:nodular|rounded?) (?:\w+ )?(?:\w+ lobe )?"
    rf"(?:{_OPACITY}|infiltrates?|foci|focus|areas?)"
)

_PNEUMONIA = any_of(
    r"(?:(?:lobar|multifocal|aspiration) )?(?:broncho)?pneumonias?|pneumonic",
    r"infect(?:ion|ions|ious)(?: (?:process|etiology|disease))?",
)

_ATELECTASIS = any_of(
    r"(?:(?:sub-?segmental|plate-?like|linear|discoid|compressive) )?"
    r"atelecta(?:sis|ses|tic)(?: (?:changes?|bands?|opacit\w+))?",
    r"(?:lobar|lung|lower lobe|upper lobe|middle lobe) collapse|collapse of the|collapsed lung",
)

_LUNG_OPACITY = any_of(
    r"(?:\w+ ?space |ground-?glass )?opaci(?:ty|ties|fications?|fied)|(?:decreased|reduced) trans(?:lucency|parency)",
    r"increased densit(?:y|ies)|(?:hazy|patchy|streaky|vague|linear|basilar|airspace|interstitial) densit(?:y|ies)",
    r"air-? ?space (?:disease|process)|infiltrat(?:es?|ions?|ive)",
    r"(?:(?:increased|prominent|coarse(?:ned)?) )interstitial (?:markings?|pattern)",
    r"interstitial (?:lung )?(?:disease|prominence|thickening|changes?|infiltrates?|fibrosis)",
    r"(?:increased|prominent|coarse) lung markings|retic(?:ular|ulonodular) (?:pattern|markings?|changes?)",
    r"reticulations?|scar(?:s|ring)?|fibro(?:sis|tic)(?: changes?)?",
    r"(?:peri)?bronchial (?:wall )?(?:thickening|cuffing)",
)

_LUNGS = r"(?:lungs?|hemithora(?:x|ces))(?: (?:fields?|parenchyma|zones?|bases?|apices))?"

_OTHER_ABNORMALITY = any_of(
    r"emphysema\w*|elevat(?:ion|ed)|eventration|scoliosis|degenerat\w+|calcifi\w+|hyperinflat\w+|copd|asthma",
    r"bronch(?:ospasm|iolitis|iectasis|itis)|airways? disease|hyperexpan\w+|volume loss|bull(?:a|ae|ous)|cephalization",
    r"hernia\w*|plaques?|osteophyt\w+|spondylosis|kyphosis|osteopeni[ac]|deformit(?:y|ies)|aspiration|contusion",
    r"athero\w+|tortuous|tortuosity|ectatic|ectasia|aneurysm\w*|granuloma\w*|(?:lymph)?adenopathy|cavit(?:y|ation)",
    r"pneumomediastinum|pneumoperitoneum|free air|hemorrhage|hematoma|thickening",
)

_OTHER_ANATOMY = any_of(
    r"aort(?:a|ic)|hil(?:a|ar|um)|trachea|bon(?:y|es)|osseous(?: structures?)?|skelet\w+|ribs?|spine|soft tissues?",
    r"diaphragms?|hemidiaphragms?|thorax|chest|pulmonary arter(?:y|ies)|thyroid|azygos|abdomen",
)

_EFFUSIONS = _at("Pleural Effusion")
_BOTH_HEART = _at("Enlarged Cardiomediastinum", "Cardiomegaly")

# The first that matches at a place wins, so what contains another stands before it.
CONCEPTS = (
    Concept("normality", NORMALITY, (), _NORMALITY),
    Concept("device", FINDING, _at("Support Devices"), _DEVICE),
    Concept("vessels", ANATOMY, _at("Edema"), _VESSELS, uncertain=True),
    Concept("congestion", FINDING, _at("Edema"), _CONGESTION, uncertain=True),
    Concept("edema", FINDING, _at("Edema"), _EDEMA),
    Concept("cardiomegaly", FINDING, _at("Cardiomegaly"), _CARDIOMEGALY),
    Concept("silhouette", ANATOMY, _at("Enlarged Cardiomediastinum"), _CARDIOMEDIASTINAL, normal_classes=_BOTH_HEART),
    Concept("heart", ANATOMY, _at("Cardiomegaly"), _HEART_SIZE),
    Concept("wide mediastinum", FINDING, _at("Enlarged Cardiomediastinum"), _WIDE_MEDIASTINUM),
    Concept("mediastinum", ANATOMY, _at("Enlarged Cardiomediastinum"), _MEDIASTINUM),
    Concept("pneumothorax", FINDING, _at("Pneumothorax"), r"(?:hydro)?pneumo(?:-| )?thora(?:x|ces|xes)|ptx"),
    Concept("pleural other", FINDING, _at("Pleural Other"), _PLEURAL_OTHER),
    Concept("effusion", FINDING, _EFFUSIONS, _EFFUSION),
    Concept("pleura", ANATOMY, _EFFUSIONS, _PLEURA, normal_classes=_EFFUSIONS, uncertain=True),
    Concept("lesion", FINDING, _at("Lung Lesion"), _LESION),
    Concept("nodular opacity", FINDING, _at("Lung Lesion"), _NODULAR, uncertain=True),
    Concept(
        "consolidation", FINDING, _at("Consolidation"), r"(?:air-?space |focal |lobar )?consolidat(?:ions?|ive|ed|ing)"
    ),
    Concept("pneumonia", FINDING, _at("Pneumonia"), _PNEUMONIA),
    Concept("atelectasis", FINDING, _at("Atelectasis"), _ATELECTASIS),
    Concept("opacity", FINDING, _at("Lung Opacity"), _LUNG_OPACITY),
    Concept("fracture", FINDING, _at("Fracture"), r"(?:compression )?fractur(?:es?|ed)|fx"),
    Concept("lungs", ANATOMY, _at("Lung Opacity"), _LUNGS, place=True),
    Concept("other abnormality", OTHER, (), _OTHER_ABNORMALITY, abnormal=True),
    Concept("other anatomy", OTHER, (), _OTHER_ANATOMY),
)
