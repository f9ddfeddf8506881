"""`unirg doctor`: is everything here that a run needs, and does a recipe fit on this device? It changes nothing."""

from unirg_core.doctor.checks import Finding
from unirg_core.doctor.examine import Report, examine

__all__ = ["Finding", "Report", "examine"]
