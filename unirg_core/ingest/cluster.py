"""A crew on a Dask cluster: one that is named by its scheduler's address, or one of processes on this machine.

What travels are the parameters, paths and keyed names of studies. Keys, identifiers and rows do not: workers open the
vault and the source themselves and write what they have done to the spool, so all of them see the same `$UNIRG_HOME`.
"""

import logging
import os
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as LateError
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.home import home, silenced
from unirg_core.ingest.workers import Work

_CONNECT_SECONDS = 30
_LOOK_SECONDS = 5.0
_EMPTY_SECONDS = 300.0


class Cluster:
    """Workers of a Dask cluster.

    Parameters
    ----------
    address
        Its scheduler's, as tcp://10.0.0.5:8786; None starts a cluster of processes here that ends with this process.
    processes
        How many processes such a cluster has. A named one is used whole.

    Raises
    ------
    BadInput
        When Dask is not installed, nobody answers at the address, or the cluster has no worker.
    """

    def __init__(self, address: str | None, processes: int) -> None:
        self._address, self.processes = address, processes
        self._open = ExitStack()
        try:
            from distributed.scheduler import KilledWorker
        except ImportError:
            raise BadInput(
                "ingest.executor dask needs Dask, which is not installed: pip install 'unirg-pipeline[dask]', or set "
                "ingest.executor=processes."
            ) from None
        self.broken: type[BaseException] = KilledWorker

    def __enter__(self) -> "Cluster":
        with ExitStack() as stack:
            self._client = stack.enter_context(self._connected(stack))
            self._await_worker()
            self._executor = self._client.get_executor(pure=False)
            stack.callback(self._executor.shutdown, wait=False)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def submit(self, work: Work, chunk: list[str]) -> Future:
        """Give a chunk to the cluster."""
        return self._executor.submit(work, chunk)

    def result(self, future: Future) -> Any:
        """Wait for a result, as long as there is anybody who could give it."""
        empty = 0.0
        while True:
            try:
                return future.result(_LOOK_SECONDS)
            except LateError:
                empty = 0.0 if self._workers() else empty + _LOOK_SECONDS
                if empty >= _EMPTY_SECONDS:
                    raise self._gone("has had no worker for five minutes") from None
            except CancelledError:
                raise self._gone("has dropped the work") from None

    def renew(self) -> None:
        """Do nothing: the cluster starts a worker again by itself, or goes on with the others."""

    def alone(self, work: Work, chunk: list[str]) -> Any:
        """Return the result of a chunk; the caller has nothing else under way."""
        return self.result(self.submit(work, chunk))

    def _connected(self, stack: ExitStack) -> Any:
        from distributed import Client

        address = self._address or stack.enter_context(_local(self.processes))
        try:
            return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise BadInput(
                f"ingest.dask.address = {self._address}: no Dask scheduler answers there ({type(error).__name__}); "
                "start one (docs/scale.md), or set ingest.executor=processes."
            ) from None

    def _await_worker(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError:
            raise self._gone("has no worker") from None
        if self._address:
            self.processes = sum(worker["nthreads"] for worker in self._workers().values())

    def _workers(self) -> dict[str, Any]:
        return self._client.scheduler_info(n_workers=-1)["workers"]

    def _gone(self, what: str) -> BadInput:
        return BadInput(
            f"The Dask cluster {self._address or 'of this machine'} {what}; see to it and give the same command again: "
            "finished chunks are kept."
        )


def _local(processes: int) -> Any:
    """Return a cluster of separate processes; certificates of its own keep other users of the machine out of it."""
    import dask
    from distributed import LocalCluster

    settings = {
        # a study that ends its process is told apart by doing its chunk alone: no use in killing four with it
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.http.routes": [],
    }
    with dask.config.set(settings):
        return LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=None,
            security=True,
            silence_logs=logging.CRITICAL,
            env={**silenced({}), "UNIRG_HOME": str(home()), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
        )
