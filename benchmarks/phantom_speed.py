"""How fast the phantom draws and writes: studies a second and core, DICOM file and report included, at 256 pixels.

Limit: 50 studies/s/core (issue "The spine"). Prints the ratio against it; exits with 1 below it, with 2 at a fault.
Run: OMP_NUM_THREADS=1 python benchmarks/phantom_speed.py [studies]
"""

import argparse
import time

from unirg_core.ingest.phantom import World, dicom_bytes, render, report, studies

LIMIT = 50.0
SIZE = 256


def main(count: int) -> int:
    population = studies(World(seed=7, patients=count, image_size=SIZE))[:count]
    dicom_bytes(population[0], render(population[:1], SIZE)[0])  # imports are not what is measured
    began, wall = time.process_time(), time.monotonic()
    written = 0
    for study in population:
        written += len(dicom_bytes(study, render([study], SIZE)[0]))
        report(study)
    seconds, wall = time.process_time() - began, time.monotonic() - wall
    rate = count / seconds
    print(f"{count} studies, {written / count / 1000:.0f} kB each: {seconds:.2f} s of one core ({wall:.2f} s wall)")
    print(f"{rate:.0f} studies/s/core; limit {LIMIT:.0f}; ratio {rate / LIMIT:.2f}")
    return 0 if rate >= LIMIT else 1


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", type=int, nargs="?", default=400, help="to be drawn; default: %(default)s")
    asked = parser.parse_args()
    end("phantom_speed", lambda: main(asked.studies))
