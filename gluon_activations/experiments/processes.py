"""Run jobs in processes of this machine, each on its own: one that dies takes no other along."""

import os
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Callable, Iterable, Iterator, Tuple

from joblib.externals.loky import ProcessPoolExecutor

ATTEMPTS = 2  # a process may have died for a reason of another's, such as too little memory

_idle = []  # pools of one process each, for the next call: a new process must import MXNet first


def run_apart(function: Callable, jobs: Iterable[Tuple], n_jobs: int) -> Iterator[Tuple[Tuple, Any]]:
    """Call a function on each job, in ``n_jobs`` processes with one MXNet thread each.

    A job whose process dies is tried once more, after all the others. When this process ends, however it does, so
    do the others.

    Parameters
    ----------
    function : callable
        Such as cloudpickle can pickle.
    jobs : iterable of tuple
        The arguments of each call.
    n_jobs : int
        How many at a time.

    Yields
    ------
    job, result
        As they come. The result of a job that fails is the exception.

    Examples
    --------
    >>> sorted(run_apart(pow, [(2, 3), (3, 3)], n_jobs=2))
    [((2, 3), 8), ((3, 3), 27)]
    """
    waiting, running = deque((job, 1) for job in jobs), {}
    try:
        while waiting or running:
            while waiting and len(running) < n_jobs:
                job, attempt = waiting.popleft()
                pool, future = _submit(function, job)
                running[future] = pool, job, attempt
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                pool, job, attempt = running.pop(future)
                error = future.exception()
                died = isinstance(error, BrokenProcessPool)
                if not died:
                    _idle.append(pool)
                if died and attempt < ATTEMPTS:
                    waiting.append((job, attempt + 1))
                elif error is not None and not isinstance(error, Exception):
                    raise error  # Ctrl-C, which reaches the processes too
                else:
                    yield job, future.result() if error is None else error
    finally:
        for pool, *_ in running.values():
            pool.shutdown(kill_workers=True)


def _submit(function, job):
    while _idle:
        pool = _idle.pop()
        try:
            return pool, pool.submit(function, *job)
        except RuntimeError:  # it died while it was idle
            pass
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    pool = ProcessPoolExecutor(1, timeout=300, initializer=_end_with, initargs=(os.getpid(),), env=one)
    return pool, pool.submit(function, *job)


def _end_with(parent):
    """End this process when its parent has: one that is killed can no longer end it."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
