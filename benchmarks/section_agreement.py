"""The section parser against the labels of 3,955 real reports, in seven layouts of raw text.

    python benchmarks/section_agreement.py

Each Open-i report (XML whose AbstractText elements tell the sections apart) is rebuilt as raw text and parsed again.
Prints, for each layout, how many reports come back exactly, the exceptions (argued in tests/fixtures_openi.py: reports
that contradict their own labels), and reports a second of one core. Limit: no exception that is not argued;
exit code 1 above it, 2 at a fault.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures_openi import ARCHIVE, LAYOUTS, argued, differing, reports


def main() -> int:
    """Print a line a layout; return 1 where a report differs that is not argued."""
    if not ARCHIVE.exists():
        print(f"{ARCHIVE} is not here; nothing measured.")
        return 0
    real, unargued = reports(), 0
    for layout in LAYOUTS:
        began = time.process_time()
        found = differing(real, layout)
        speed = len(real) / (time.process_time() - began)
        unargued += len(found - argued(layout))
        print(
            f"{layout:26s} {len(real) - len(found)} of {len(real)} agree, {len(found)} argued exceptions, "
            f"{speed:,.0f} reports/s/core"
        )
    print(f"differences that are not argued: {unargued} (limit 0)")
    return int(unargued > 0)


if __name__ == "__main__":
    from ending import end

    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    end("section_agreement", main)
