"""Run calls on a Ray cluster, one machine or many, behind Python's own executor interface.

Ray is an optional extra and is imported only when an executor is made. The function, a game with all its
updates for instance, is sent to the cluster once, not with every call.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class RayExecutor(Executor):
    """An executor whose workers are those of the Ray cluster that the process is connected to.

    Call ``ray.init`` first, with the cluster's address or without one for this machine alone. It is left
    running: `shutdown` waits for the calls, nothing else.

    Parameters
    ----------
    **options
        Resources of one call, as for ``ray.remote``: ``num_cpus=2``, for instance.

    Raises
    ------
    ImportError
        If Ray is not installed: install the extra ``ray``.
    RuntimeError
        If the process is not connected to a cluster.
    """

    def __init__(self, **options: Any) -> None:
        import ray

        if not ray.is_initialized():
            raise RuntimeError("no Ray cluster; call ray.init() before making a RayExecutor")
        self._ray = ray
        self._call = ray.remote(_call).options(**options) if options else ray.remote(_call)
        self._sent: tuple[Callable, Any] | None = None
        self._pending: set[Future] = set()
        self._closed = False

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Schedule ``fn(*args, **kwargs)`` on the cluster; see `concurrent.futures.Executor.submit`."""
        if self._closed:
            raise RuntimeError("this RayExecutor was shut down; make another")
        if self._sent is None or self._sent[0] is not fn:
            self._sent = (fn, self._ray.put(fn))
        future = self._call.remote(self._sent[1], args, kwargs).future()
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; see `concurrent.futures.Executor.shutdown`."""
        self._closed = True
        pending = list(self._pending)
        if cancel_futures:
            for future in pending:
                future.cancel()
        if wait:
            for future in pending:
                if not future.cancelled():
                    future.exception()  # waits; whoever asked for the result is told of the error


def _call(fn: Callable, args: tuple, kwargs: dict) -> Any:
    """What a worker runs."""
    return fn(*args, **kwargs)
