"""The paper's claim by the protocol of docs/claim.md: RL against the best control on a never-trained institution.

    python benchmarks/claim.py --rehearse [--pairs N] [--arms a,b]   # on development worlds, from 900 on
    python benchmarks/claim.py --confirm [--arms a,b]                # on worlds 1000 to 1004; each look is logged

The rehearsal may be run at will. The confirming run wants a committed tree, writes a line to docs/claim-looks.jsonl
before it draws a world, and prints what comes out. The first look decides the primary endpoint; where its figures lie
in benchmarks/results/claim-confirming.json, a further look is at the single rewards that --arms names. It trains SFT
and, where that has the micro F1 which the first look had on every pair, the rewards: they are held against the first
look's best control as published. Its figures get a file of their own beside. Both go on where they were cut off; their
state lies in `$UNIRG_HOME/ablation` (arms, seeds, data). A start that goes on with a look (equal commit, worlds and
arms, no figures yet) is logged too, with `"goes_on": true`: it is no look of its own.

Exit code 0 where RL beats the best control in the primary endpoint (its interval lies above zero, and RL collapsed on
no pair), and after a look at single rewards, which has none; 1 where RL does not; 2 where the input will not do, or at
a fault. What was asked for is checked before anything is logged or drawn.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import claim_looks as looks  # noqa: E402
from claim_endpoints import CONTROLS, JUDGED, SINGLE, Contrasts, check_start, endpoints, single, told  # noqa: E402
from ending import end  # noqa: E402

from unirg_core.ablation import arms as known_arms  # noqa: E402
from unirg_core.ablation import run, table  # noqa: E402
from unirg_core.faults import BadInput  # noqa: E402
from unirg_core.files import write_json  # noqa: E402
from unirg_core.home import silenced  # noqa: E402
from unirg_core.params import CONFIRMING_WORLDS, DEVELOPMENT_WORLDS, resolve  # noqa: E402

REHEARSAL = f"{looks.RESULTS}/claim-rehearsal.json"
PAIRS = 5
REHEARSED = 900


def main(confirm: bool, pairs: int, names: Sequence[str]) -> int:
    """Run the protocol, print its tables, and say by the exit code whether RL won."""
    first = looks.first(ROOT) if confirm else None
    _check(pairs, names, first)
    wanted = {"sft", *(() if first else (*CONTROLS, JUDGED)), *names}
    arms = [arm for arm in known_arms.ARMS.values() if arm.name in wanted]
    worlds = CONFIRMING_WORLDS[:pairs] if confirm else range(REHEARSED, REHEARSED + pairs)
    opened = {"ingest": {"phantom": {"world": worlds[0], "confirming": confirm}}}
    params = resolve(ROOT, "claim", opened, confirming=confirm)
    look = looks.begin(ROOT, worlds, sorted(wanted)) if confirm else None
    drawn = [run.Pair(world, seed) for seed, world in enumerate(worlds)]
    if first:
        check_start(table.table(params, run.ablate(params, [known_arms.ARMS["sft"]], drawn, run.default_jobs())), first)
    measured = run.ablate(params, arms, drawn, run.default_jobs())
    found = {"confirming": confirm, **table.table(params, measured)}
    found |= single(found, first, names) if first else endpoints(Contrasts(params, measured, drawn), names)
    write_json(ROOT / (looks.figures(look) if look else REHEARSAL), {**found, "look": look} if look else found)
    print("\n".join(told(found)))
    return 0 if found.get("won", True) else 1


def _check(pairs: int, names: Sequence[str], first: Mapping[str, Any] | None) -> None:
    """Refuse what cannot be, before a look is logged or a world is drawn.

    Raises
    ------
    BadInput
        When there is no such single reward, no development world for a pair, or nothing left to look at.
    """
    if unknown := [name for name in names if name not in SINGLE]:
        raise BadInput(f"--arms takes single rewards, of {', '.join(SINGLE)}; {unknown[0]} is none.")
    if first and not names:
        raise BadInput(
            f"The first look has decided the primary endpoint, and {looks.FIRST} holds its figures; a further look is "
            "at single rewards, which --arms names."
        )
    most = DEVELOPMENT_WORLDS.stop - REHEARSED
    if not 1 <= pairs <= most:
        raise BadInput(f"--pairs {pairs} will not do; the rehearsal has 1 to {most}, one a world from {REHEARSED} on.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--rehearse", action="store_true", help="on development worlds, at will")
    which.add_argument("--confirm", action="store_true", help="on the confirming worlds; the look is logged")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of the rehearsal; the confirming run has five")
    parser.add_argument(
        "--arms",
        default=",".join(SINGLE),
        help="single rewards beside the protocol's arms, or after the first look; '' for none",
    )
    asked = parser.parse_args()
    os.environ.update(silenced(os.environ))
    os.environ.setdefault("UNIRG_HOME", str(ROOT / ".unirg"))
    names = list(dict.fromkeys(name.strip() for name in asked.arms.split(",") if name.strip()))
    end("claim", lambda: main(asked.confirm, PAIRS if asked.confirm else asked.pairs, names))
