"""How often the Open-i reader picks a frontal picture where it must guess, measured where the header knows.

    python benchmarks/openi_views.py

Of the studies whose every picture has a view position in its header, the position is hidden and the picture that the
reader would take is compared with it: right is a picture whose header says PA or AP. Once with the header's orientation
left in, once with nothing but the order of the names. Peer in the same run: the first picture of the XML, as is common.
"""

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from unirg_core.ingest.openi import OpenI
from unirg_core.ingest.openi_views import Shown, views
from unirg_core.ingest.place import Local

FOLDER = Path(__file__).parents[1] / "../shared/data/iu_xray"
FRONTAL = ("PA", "AP")


def main() -> int:
    """Print the shares."""
    if not FOLDER.exists():
        print(f"{FOLDER} is not here; nothing measured.")
        return 0
    source = OpenI(Local(FOLDER))
    known = [
        shown for study in source.studies() if (shown := source.shown(study.key)) and all(s.position for s in shown)
    ]
    hidden = [[replace(s, position="") for s in shown] for shown in known]
    order = [[replace(s, orientation="") for s in shown] for shown in hidden]
    first = [[FRONTAL[0], *["LATERAL"] * (len(shown) - 1)] for shown in known]
    print(f"studies whose every picture has a view position: {len(known)}")
    for name, guessed in (
        ("orientation, then order of names", [views(shown) for shown in hidden]),
        ("order of names alone", [views(shown) for shown in order]),
        ("first picture", first),
    ):
        print(f"{name:34s} {_told(known, guessed)}")
    both = [shown for shown in known if len(shown) == 2 and all(_is_frontal(s) for s in shown)]
    lateral = sum("LAT" in shown[0].caption.upper() for shown in both)
    print(
        f"two pictures that the header both calls frontal: {len(both)} studies, of which {lateral} captions say lateral"
    )
    return 0


def _told(known: list[list[Shown]], guessed: list[list[str]]) -> str:
    counts: Counter[str] = Counter()
    for shown, view in zip(known, guessed, strict=True):
        taken = next((at for at, name in enumerate(view) if name in FRONTAL), None)
        if taken is None:
            counts["none taken"] += 1
            continue
        counts["frontal" if _is_frontal(shown[taken]) else "lateral"] += 1
        counts["projection right"] += shown[taken].position == view[taken]
    right, all_ = counts["frontal"], len(known)
    return (
        f"frontal by the header {right} of {all_} ({right / all_:.1%}), lateral {counts['lateral']}, none "
        f"{counts['none taken']}; PA or AP right {counts['projection right'] / max(right, 1):.1%} of those"
    )


def _is_frontal(shown: Shown) -> bool:
    return shown.position in FRONTAL


if __name__ == "__main__":
    from ending import end

    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    end("openi_views", main)
