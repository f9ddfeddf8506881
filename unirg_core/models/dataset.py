"""Studies to train on and to judge by: manifest and selection joined, pictures read from the shards."""

import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.models.prompts import compose
from unirg_core.study import MANIFEST, SELECTION, SPLITS, STUDIES

COLUMNS = (
    "study_id",
    "patient_id",
    "institution",
    "split",
    "visit",
    "prior_study_id",
    "sex",
    "age",
    "view",
    "indication",
    "comparison",
    "findings",
    "impression",
    "labels",
    "sides",
    "severities",
    "shard",
    "row",
)
"""What a row holds of a study, unless the caller wants others."""

_GROUPS_KEPT = 64  # row groups of pictures in memory; reading in shuffled order comes back to them


def rows(root: Path, splits: str | Iterable[str] = SPLITS, columns: Iterable[str] = COLUMNS) -> list[dict[str, Any]]:
    """Return the selected studies of some splits, in the manifest's order.

    Parameters
    ----------
    root
        The checkout.
    splits
        One of train, validation, test, or several.
    columns
        Fields of the manifest that each row holds.

    Raises
    ------
    BadInput
        When manifest or selection is missing or a split has no such name.
    """
    import pyarrow.compute as pc

    wanted = [splits] if isinstance(splits, str) else list(splits)
    if unknown := set(wanted) - set(SPLITS):
        raise BadInput(f"There is no split {', '.join(sorted(unknown))}; there are {', '.join(SPLITS)}.")
    chosen = table(root / SELECTION, ["study_id", "split"], "validate")
    chosen = chosen.filter(pc.is_in(chosen["split"], value_set=_strings(wanted)))
    manifest = table(root / MANIFEST, sorted({*columns, "study_id"}), "ingest")
    kept = manifest.filter(pc.is_in(manifest["study_id"], value_set=chosen["study_id"].combine_chunks()))
    return kept.select(list(columns)).to_pylist()


def image(root: Path, row: Mapping[str, Any]) -> Any:
    """Return a study's picture as PIL RGB, decoded from its shard.

    Raises
    ------
    BadInput
        When the shard is missing or the picture in it can't be read.
    """
    from PIL import Image

    path = root / STUDIES / row["shard"]
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise BadInput(f"{path} is missing; the manifest names it. Run ingest again.") from None
    group, place = _place(_opened(path, stat.st_mtime_ns, stat.st_size), row["row"])
    data = _pictures(path, stat.st_mtime_ns, stat.st_size, group)[place].as_py()
    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except OSError as error:
        raise BadInput(f"{path}, row {row['row']}: the picture can't be read ({error}). Run ingest again.") from None


def reference(row: Mapping[str, Any]) -> str:
    """Return the report that a model should write: `Findings: ... Impression: ...`."""
    return compose(row["findings"], row["impression"])


def table(path: Path, columns: list[str], stage: str) -> Any:
    """Read columns of a table that a stage has made.

    Raises
    ------
    BadInput
        When it is missing or no Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=columns)
    except FileNotFoundError:
        raise BadInput(f"{path} is missing; run `unirg {stage}` first.") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(f"{path} can't be read as Parquet ({error}); run `unirg {stage}` again.") from None


def _strings(values: list[str]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())


@lru_cache(maxsize=256)
def _opened(path: Path, changed: int, size: int) -> tuple[int, ...]:
    """Return the rows of each row group; time and size of the file make a rewritten one a new one."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    return tuple(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))


def _place(groups: tuple[int, ...], row: int) -> tuple[int, int]:
    for group, count in enumerate(groups):
        if row < count:
            return group, row
        row -= count
    raise BadInput(f"A shard has fewer rows than the manifest says ({row} too few). Run ingest again.")


@lru_cache(maxsize=_GROUPS_KEPT)
def _pictures(path: Path, changed: int, size: int, group: int) -> Any:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        return file.read_row_group(group, columns=["image"]).column("image")
