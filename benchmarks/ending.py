"""How a benchmark with exit codes ends; read by other benchmarks, it measures nothing itself."""

import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from unirg_core.faults import BadInput


def end(name: str, work: Callable[[], int | None]) -> NoReturn:
    """End the process with the code that `work` returns, or with 2 where it could not answer.

    Input that will not do is one sentence, any other fault keeps its trace. Python itself would end with 1, which says
    that a limit is missed. A termination ends it as an interrupt does, so that its temporary folders go.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        code = work() or 0
    except BadInput as error:
        print(f"{name}: {error}", file=sys.stderr)
        code = 2
    except Exception:
        traceback.print_exc()
        code = 2
    sys.exit(code)
