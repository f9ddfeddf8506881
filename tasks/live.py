"""What a stage shows on Prefect's pages while it works: a progress bar, and samples of what RL writes.

Report text goes into Prefect's database only where it is drawn; of any other source the table holds counts alone, and
the texts stay in the run's folder.
"""

from typing import Any

from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact

from unirg_core.families import DRAWN_REPORTS
from unirg_core.progress import PROGRESS
from unirg_core.runs.run import Run
from unirg_core.training.completions import sampled


class Bar:
    """The progress artifact of one stage, fed with the lines that the stage prints."""

    def __init__(self, run: Run, stage: str) -> None:
        self.run, self.stage = run, stage
        self._artifact: Any = None

    def heard(self, line: str) -> None:
        """Move the bar, where a line of this stage tells progress; the stage itself says how often."""
        before = f"[{self.stage}"
        told = PROGRESS.match(line, len(before)) if line.startswith(before) else None
        if not told:
            return
        done, total = (int(told[name].replace(",", "")) for name in ("done", "total"))
        percent = round(100 * done / max(total, 1), 1)
        said = f"run {self.run.id}: {line.removeprefix(f'[{self.stage}] ')}"
        if self._artifact is None:
            self._artifact = create_progress_artifact(percent, f"{self.stage}-progress", said)
        else:
            update_progress_artifact(self._artifact, percent, said)


def show_samples(run: Run, stage: str) -> None:
    """Put what a stage has sampled beside its references into a table, or counts where reports are not drawn."""
    if stage != "rl":
        return
    drawn = run.params.ingest.kind in DRAWN_REPORTS
    rows = sampled(run.folder, texts=drawn)
    if rows:
        said = (
            "Sampled reports, the best of each study, beside their references" if drawn else "Sampled reports, counted"
        )
        create_table_artifact(rows, "rl-samples", f"run {run.id}: {said}; all of them lie in the run's folder")
