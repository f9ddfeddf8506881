"""What is kept of an ablation beside its work: each arm's scores and facts, small enough to carry elsewhere.

The layout is that of `$UNIRG_HOME/ablation`. No model, no picture and no report is kept, so an arm that has still to be
trained needs its world drawn and its SFT model trained anew; `run.py` refuses one that becomes another.
"""

from pathlib import Path

from unirg_core.ablation import measure, roots
from unirg_core.faults import BadInput
from unirg_core.files import write_json, written_whole

_LEVEL = 19


def refuse_other(place: Path, digest: str) -> None:
    """Refuse to go on where something else is kept: it may have cost hours, and is never replaced.

    Raises
    ------
    BadInput
        When the place holds what was made from inputs of another digest.
    """
    if not (place / roots.DONE).exists() or roots.is_done(place, digest):
        return
    made = roots.facts(place).get("commit")
    where = f", at commit {made}" if made else ""
    raise BadInput(
        f"{place} was made from other code or parameters than these{where}, and what is kept is not "
        "replaced; go on at its commit (docs/ablation.md), or name another folder in --keep."
    )


def copy(folder: Path, place: Path) -> None:
    """Copy what a table needs of a complete folder; one that is there already is left, another one is refused.

    The constant template's scores are kept once for each pair, with SFT's, where tables look for them.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    told = roots.facts(folder)
    refuse_other(place, told["digest"])
    if roots.is_done(place, told["digest"]):
        return
    place.mkdir(parents=True, exist_ok=True)
    if (folder / measure.SCORED).exists():
        scores = pq.read_table(folder / measure.SCORED)
        if folder.name != "sft":
            scores = scores.filter(pc.not_equal(scores["system"], measure.TEMPLATE))
        with written_whole(place / measure.SCORED) as temporary:
            pq.write_table(scores, temporary, compression="zstd", compression_level=_LEVEL)
    write_json(place / roots.DONE, told)
