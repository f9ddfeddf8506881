"""Say on standard error how far a long loop is, so that standard output holds results only."""

import sys
import time

_EVERY_SECONDS = 2.0


class Watch:
    """Count what is done and print a line with the rate now and then; a loop of under two seconds prints nothing."""

    def __init__(self, what: str, unit: str, total: int | None = None) -> None:
        self.what, self.unit, self.total, self.done = what, unit, total, 0
        self._began = self._said = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def step(self, count: int = 1) -> None:
        """Advance by `count`."""
        self.done += count
        now = time.monotonic()
        if now - self._said >= _EVERY_SECONDS:
            self._said = now
            of = f" of {self.total:,}" if self.total else ""
            rate = self.done / (now - self._began)
            left = f", {(self.total - self.done) / rate:.0f} s left" if self.total else ""
            sys.stderr.write(f"[{self.what}] {self.done:,}{of} {self.unit}, {rate:,.0f}/s{left}\n")
            sys.stderr.flush()
