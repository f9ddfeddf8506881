"""What a chest report can mention: concepts, the CheXpert classes that each stands for, and the words that name it.

The mention lists of Stanford's CheXpert labeler (Irvin et al. 2019; Copyright (c) 2018 Stanford Machine Learning Group,
MIT License) are the starting point; they are rewritten as word-bounded patterns and widened by synonyms of everyday
radiology English. Departures from that list, with the reason:

- "heart size", "mediastinal contour" and the like are *anatomy*: they say something only with a state word ("normal",
  "enlarged"), where CheXpert counts the bare mention as present unless it is negated.
- "fibrosis" without "pleural" is a lung opacity (interstitial), not Pleural Other; "scarring" likewise.
- "blunting" of a costophrenic angle counts as an uncertain effusion, where CheXpert only drops No Finding.
- wires of a sternotomy and stents are support devices, as radiologists who labelled the CheXpert test set read them.
"""

from dataclasses import dataclass

from unirg_core.study import LABELS

FINDING, ANATOMY, OTHER, NORMALITY = "finding", "anatomy", "other", "normality"


@dataclass(frozen=True)
class Concept:
    """A thing that a report mentions.

    `kind` FINDING is abnormal by being there; ANATOMY is judged by its state word; OTHER bears no class, but keeps
    state words of its own and, where `abnormal`, rules No Finding out; NORMALITY calls the whole chest unremarkable.
    """

    name: str
    kind: str
    classes: tuple[int, ...]
    pattern: str
    normal_classes: tuple[int, ...] = ()
    abnormal: bool = False
    uncertain: bool = False


def _at(*names: str) -> tuple[int, ...]:
    return tuple(LABELS.index(name) for name in names)


_HEART = r"(?:heart|cardiac|cardio)"
_DEVICE = (
    r"(?:dobbhoff |feeding |endotracheal |enteric |nasogastric |orogastric |chest |tracheostomy |drainage )?"
    r"(?:tubes?|tubing)|e\.?t\.? tube|pacemakers?|pacers?|pacing (?:device|wires?|leads?)|(?:single|dual|pacer|icd) leads?"
    r"|(?:dual |single |\w+-)?(?:lead|chamber) (?:pacemaker|icd|defibrillator|device)s?"
    r"|defibrillators?|a?icd|piccs?(?: lines?)?|(?:central|picc|venous|arterial|jugular|subclavian|dialysis|ij|midline|iv) "
    r"(?:venous |access )?(?:lines?|catheters?)|catheters?|cvc|mediports?|port-?a-?caths?|(?:chest|infusion|power) ports?"
    r"|(?:prosthetic|artificial|mechanical|bioprosthetic) (?:\w+ )?valves?|valve (?:replacement|prosthesis)|valves?"
    r"|stents?|coils?|drains?|cannulas?|hardware|arthroplast\w+|prosthes[ie]s|(?:spinal |orthopedic )?(?:plates?|screws?)"
    r"|(?:sternotomy |sternal |cerclage )wires?|wires?|stimulators?|(?:monitoring|support|implanted|assist|cardiac) "
    r"(?:and \w+ )?(?:devices?|equipment|apparatus)|devices?|balloon pumps?|iabp|swan-?ganz|shunts?|leads"
)

CONCEPTS = (
    Concept(
        "normality",
        NORMALITY,
        (),
        r"(?:no|without|negative for)(?: evidence of| signs of| radiographic evidence of)?(?: an?)? (?:acute |active |focal |significant |other |new |radiographic )*(?:intrathoracic |thoracic "
        r"|cardio-?(?:pulmonary|thoracic) |cardiac or pulmonary |pulmonary |chest |lung )*(?:abnormalit(?:y|ies)|disease|process"
        r"|findings?|patholog(?:y|ies))(?: (?:is|are) (?:seen|identified|noted))?|(?:normal|unremarkable|negative) (?:frontal |two-view |portable )?(?:chest|examination"
        r"|study|radiographs?|exam)(?: (?:x-?ray|radiographs?|examination|study))?|chest (?:is|appears) (?:normal|unremarkable)",
    ),
    Concept("device", FINDING, _at("Support Devices"), _DEVICE),
    Concept(
        "vasculature",
        ANATOMY,
        _at("Edema"),
        r"(?:pulmonary |central |lung )?(?:vascularity|vasculature|vascular markings|vascular pattern)|pulmonary vessels?",
        uncertain=True,
    ),
    Concept(
        "congestion",
        FINDING,
        _at("Edema"),
        r"(?:(?:pulmonary|central|venous|vascular|mild) )*(?:congestion|engorgement|vascular (?:prominence|fullness|indistinctness"
        r"|redistribution))|prominence of the pulmonary vasculature|indistinctness|(?:fluid|volume) overload"
        r"|cardiac decompensation",
        uncertain=True,
    ),
    Concept(
        "edema",
        FINDING,
        _at("Edema"),
        r"(?:(?:interstitial|alveolar|pulmonary|airspace) )*(?:o?edema)(?:tous)?|(?:congestive )?(?:heart|cardiac) failure"
        r"|chf|kerley(?:[ -]?b)?(?: lines)?",
    ),
    Concept(
        "cardiomegaly",
        FINDING,
        _at("Cardiomegaly"),
        rf"cardiomegaly|{_HEART}[ -]enlargement|(?:enlargement of|(?<!no )increase in) (?:the )?(?:heart(?: size)?|cardiac silhouette)",
    ),
    Concept(
        "cardiomediastinal",
        ANATOMY,
        _at("Enlarged Cardiomediastinum"),
        r"cardio-?(?:pericardial|mediastin\w+)(?: (?:silhouettes?|contours?|size|structures?|shadow|borders?))?"
        r"|cardiac and mediastinal (?:silhouettes?|contours?|structures?|shadows?)"
        r"|heart and mediastin\w+(?: (?:silhouettes?|contours?|structures?))?",
        normal_classes=_at("Enlarged Cardiomediastinum", "Cardiomegaly"),
    ),
    Concept(
        "heart",
        ANATOMY,
        _at("Cardiomegaly"),
        r"(?:size|contours?|silhouette) of the (?:heart|cardiac silhouette)|(?:heart|cardiac|pericardial) (?:size|silhouettes?"
        r"|shadow|contours?|outline|diameter|configuration)(?: size)?|cardiothoracic ratio|hearts?(?! (?:border|failure))"
        r"|cardiac(?= (?:and|is|,))",
    ),
    Concept(
        "wide mediastinum",
        FINDING,
        _at("Enlarged Cardiomediastinum"),
        r"mediastinal (?:widening|enlargement|prominence|fullness)|(?:widening|enlargement|prominence) of the "
        r"(?:superior |upper )?(?:cardio)?mediastin\w+(?: (?:silhouettes?|contours?))?|widened mediastinum",
    ),
    Concept(
        "mediastinum",
        ANATOMY,
        _at("Enlarged Cardiomediastinum"),
        r"(?:superior |upper )?mediastin\w+(?: (?:silhouettes?|contours?|structures?|configuration|width|borders?|size))?",
    ),
    Concept("pneumothorax", FINDING, _at("Pneumothorax"), r"(?:hydro)?pneumo(?:-| )?thora(?:x|ces|xes)|ptx"),
    Concept(
        "pleural other",
        FINDING,
        _at("Pleural Other"),
        r"(?:bi-?apical |apical |bilateral )?pleur(?:al|o)?[ -/]*(?:parenchymal |pericardial )?(?:thickening|scar(?:ring|s)?"
        r"|fibrosis|plaques?|calcifications?)|thickening of the (?:\w+ )?pleura|(?:apical|biapical) (?:thickening|cap(?:ping)?)"
        r"|fibrothorax|pleural (?:based )?(?:mass|lesion)",
    ),
    Concept(
        "effusion",
        FINDING,
        _at("Pleural Effusion"),
        r"(?:(?:sub)?pulmonic |pleural )?effusions?|(?:pleural|layering|intrapleural|fissural) fluid|hydrothorax|hemothorax"
        r"|fluid (?:collection )?in the (?:\w+ )*(?:pleural space|fissures?|costophrenic (?:angle|sulcus))",
    ),
    Concept(
        "pleura",
        ANATOMY,
        _at("Pleural Effusion"),
        r"(?:costophrenic|costo-phrenic|cp) (?:angles?|sulc(?:us|i)|recess(?:es)?)|pleural (?:spaces?|surfaces?|recess(?:es)?"
        r"|cavit(?:y|ies))|pleurae?(?= (?:is|are))",
        normal_classes=_at("Pleural Effusion"),
        uncertain=True,
    ),
    Concept(
        "lesion",
        FINDING,
        _at("Lung Lesion"),
        r"(?:mass-?like|rounded?|coin|spiculated) (?:\w+ )?(?:opacit(?:y|ies)|opacifications?|densit(?:y|ies)|lesions?|shadows?)"
        r"|(?:pulmonary |lung |solitary )?(?:micro)?nodul(?:es?|arity)|(?<!thyroid )(?<!mediastinal )mass(?:es)?|lumps?"
        r"|(?:cavitary|cavitating|lung|pulmonary|parenchymal|focal) lesions?|lesions?(?= in the (?:left|right|lung))"
        r"|carcinomas?|neoplas(?:m|ms|tic|ia)|tumou?rs?|malignan(?:cy|t)|metast(?:asis|ases|atic)",
    ),
    Concept(
        "nodular opacity",
        FINDING,
        _at("Lung Lesion"),
        r"(?:ill-defined |focal |vague )?nodular (?:\w+ )?(?:opacit(?:y|ies)|opacifications?|densit(?:y|ies)|lesions?|infiltrates?"
        r"|foci|focus|shadows?|areas?)",
        uncertain=True,
    ),
    Concept(
        "consolidation", FINDING, _at("Consolidation"), r"(?:air-?space |focal |lobar )?consolidat(?:ions?|ive|ed|ing)"
    ),
    Concept(
        "pneumonia",
        FINDING,
        _at("Pneumonia"),
        r"(?:broncho|lobar |multifocal |aspiration )?pneumonias?|pneumonic|infect(?:ion|ions|ious)"
        r"(?: (?:process|etiology|disease))?",
    ),
    Concept(
        "atelectasis",
        FINDING,
        _at("Atelectasis"),
        r"(?:sub-?segmental |plate-?like |linear |discoid |compressive )?atelecta(?:sis|ses|tic)(?: (?:changes?|bands?|opacit\w+))?"
        r"|(?:lobar |lung |lower lobe |upper lobe |middle lobe )collapse|collapse of the|collapsed lung",
    ),
    Concept(
        "opacity",
        FINDING,
        _at("Lung Opacity"),
        r"(?:\w+ ?space |ground-?glass )?opaci(?:ty|ties|fications?|fied)|(?:decreased|reduced) trans(?:lucency|parency)"
        r"|increased densit(?:y|ies)|(?:hazy|patchy|streaky|vague|linear|basilar|airspace|interstitial) densit(?:y|ies)"
        r"|air-? ?space (?:disease|process)|infiltrat(?:es?|ions?|ive)|(?:increased |prominent |coarse(?:ned)? )interstitial "
        r"(?:markings?|pattern)|interstitial (?:lung )?(?:disease|prominence|thickening|changes?|infiltrates?|fibrosis)"
        r"|(?:increased |prominent |coarse )lung markings|retic(?:ular|ulonodular) (?:pattern|markings?|changes?)|reticulations?"
        r"|scar(?:s|ring)?|fibro(?:sis|tic)(?: changes?)?|(?:peri)?bronchial (?:wall )?(?:thickening|cuffing)",
    ),
    Concept("fracture", FINDING, _at("Fracture"), r"(?:compression )?fractur(?:es?|ed)|fx"),
    Concept(
        "lungs",
        ANATOMY,
        _at("Lung Opacity"),
        r"(?:both |right |left )?(?:lungs?|hemithora(?:x|ces))(?: (?:fields?|parenchyma|zones?|bases?|apices))?",
    ),
    Concept(
        "other abnormality",
        OTHER,
        (),
        r"emphysema\w*|blunting|elevat(?:ion|ed)|eventration|scoliosis|degenerat\w+|calcifi\w+|hyperinflat\w+|bronchospasm"
        r"|asthma|hernia\w*|copd|plaques?|osteophyt\w+|spondylosis|bronchiolitis|airways? disease|cephalization|aspiration"
        r"|bull(?:a|ae|ous)|contusion|athero\w+|osteopeni[ac]|granuloma\w*|pneumomediastinum|pneumoperitoneum|free air"
        r"|kyphosis|hyperexpan\w+|bronchiectasis|bronchitis|volume loss|deformit(?:y|ies)|hemorrhage|hematoma"
        r"|(?:lymph)?adenopathy|tortuous|tortuosity|ectatic|ectasia|aneurysm\w*|cavit(?:y|ation)|thickening",
        abnormal=True,
    ),
    Concept(
        "other anatomy",
        OTHER,
        (),
        r"aort(?:a|ic)|hil(?:a|ar|um)|trachea|bon(?:y|es)|osseous(?: structures?)?|skelet\w+|ribs?|spine|soft tissues?"
        r"|diaphragms?|hemidiaphragms?|thorax|chest|pulmonary arter(?:y|ies)|thyroid|azygos|abdomen",
    ),
)
