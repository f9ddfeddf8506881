"""The study schema: what a shard, the manifest, the rejects, the selection and the truth file hold.

One row is one study. Shards hold what a study *is* and never change; the manifest adds what is derived from the study
or its neighbours (visit, prior, split, labels, image statistics). All texts are de-identified before they get here.
"""

import pyarrow as pa

LABELS = (
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
    "No Finding",
)
"""The 14 CheXpert classes in the labeler's order (Irvin et al. 2019, table 1)."""

DRAWN = (
    "Cardiomegaly",
    "Pleural Effusion",
    "Pneumothorax",
    "Consolidation",
    "Lung Lesion",
    "Edema",
    "Atelectasis",
    "Support Devices",
)
"""The classes that a phantom can show, and so those that the truth file judges."""

PRESENT, ABSENT, UNCERTAIN = 1, 0, -1
"""Label values; a class that is not mentioned is null."""

FRONTAL_VIEWS = ("PA", "AP")

SPLITS = ("train", "validation", "test")

SHARD_SCHEMA = pa.schema(
    [
        ("study_id", pa.string()),  # keyed pseudonym
        ("patient_id", pa.string()),  # keyed pseudonym
        ("institution", pa.string()),
        ("source", pa.string()),
        ("policy_id", pa.string()),  # consent or legal basis under which it was taken
        ("day", pa.int32()),  # study day, shifted by a keyed offset per patient: order and distances hold, dates do not
        ("sex", pa.string()),  # F, M or empty
        ("age", pa.int16()),  # years, 90 means 90 or more, null unknown
        ("view", pa.string()),  # PA or AP
        ("modality", pa.string()),  # CR, DX or empty
        ("image", pa.binary()),  # PNG, 8-bit grey, longer side ingest.image_size
        ("image_height", pa.int16()),
        ("image_width", pa.int16()),
        ("original_bits", pa.int16()),
        ("photometric", pa.string()),
        ("indication", pa.string()),
        ("comparison", pa.string()),
        ("findings", pa.string()),
        ("impression", pa.string()),
        ("digest", pa.string()),  # HMAC-SHA-256 of the content, salted per patient
    ]
)

LATERAL = pa.field("lateral", pa.binary())
"""The lateral picture, kept as `image` is, null without one: in shards made with ingest.lateral only."""

PICTURES = ("image", LATERAL.name)
"""The columns that hold pictures: kept out of the manifest, stored uncompressed."""


def shard_schema(lateral: bool) -> pa.Schema:
    """Return the schema of shards with or without the lateral picture."""
    return SHARD_SCHEMA.append(LATERAL) if lateral else SHARD_SCHEMA


CAPITALS, SMALL, MIXED = "capitals", "small letters", "mixed"
"""How a report is written; in the first two capitals do not tell names."""

_DERIVED = [
    ("visit", pa.int16()),  # 0-based order within the patient
    ("days_since_first", pa.int32()),
    ("prior_study_id", pa.string()),  # the patient's previous study, never a later one; null for the first
    ("split", pa.string()),  # train, validation or test
    ("labels", pa.list_(pa.int8())),  # 14 values in the order of LABELS; null element: not mentioned
    ("sides", pa.list_(pa.string())),  # 14 of left, right, bilateral or empty
    ("severities", pa.list_(pa.string())),  # 14 of mild, moderate, severe or empty
    ("image_mean", pa.float32()),  # of the stored picture, 0-255
    ("image_std", pa.float32()),
    ("image_saturated", pa.float32()),  # share of pixels at 0 or 255
    ("phash", pa.string()),  # 256-bit perceptual hash, 64 hex digits
    ("burned_in", pa.string()),  # why print may be burned into the picture (ingest/burned.py); empty: nothing tells so
    ("findings_words", pa.int32()),
    ("impression_words", pa.int32()),
    ("english", pa.float32()),  # share of English words (ingest/measures.py); null where too short to tell
    ("template", pa.string()),  # equal for reports that are equal up to numbers, 16 hex digits
    ("phi_kind", pa.string()),  # kind of identifier that the texts still hold, or null
    ("unnamed", pa.string()),  # scrubbed with no name known: in capitals, small letters or mixed; null where one was
    ("shard", pa.string()),  # file name under data/studies/
    ("row", pa.int32()),  # row in that shard
]

MANIFEST_SCHEMA = pa.schema(
    [field for field in SHARD_SCHEMA if field.name != "image"] + [pa.field(*d) for d in _DERIVED]
)

REJECT_SCHEMA = pa.schema([("key", pa.string()), ("reason", pa.string())])
"""`key` is keyed too where it could hold an identifier; `reason` is a sentence that a person understands."""

SELECTION_SCHEMA = pa.schema([("study_id", pa.string()), ("split", pa.string())])
"""The studies that later stages use: the manifest less what `validate` has put in quarantine."""

QUARANTINE_SCHEMA = pa.schema([(name, pa.string()) for name in ("study_id", "institution", "split", "reason")])
"""The studies that `validate` leaves out, with all reasons of each as a person reads them."""

TRUTH_SCHEMA = pa.schema(
    [
        ("study_id", pa.string()),
        ("finding", pa.string()),  # one of LABELS
        ("side", pa.string()),  # left, right, bilateral or empty
        ("severity", pa.string()),  # mild, moderate or severe
        ("degree", pa.float32()),  # 0-1, as drawn
    ]
)
"""What the phantom drew and a reader should report; a study without rows is normal. Empty for sources without truth."""

STUDIES, MANIFEST, REJECTS, SELECTION, QUARANTINE, TRUTH = (
    "data/studies",
    "data/manifest.parquet",
    "data/rejects.parquet",
    "data/selection.parquet",
    "data/quarantine.parquet",
    "data/truth.parquet",
)
