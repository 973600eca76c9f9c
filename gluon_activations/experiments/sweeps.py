"""Train every activation over every seed, on all cores or on a cluster."""

import itertools
import operator
import warnings
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Union

import joblib
import mxnet as mx
from joblib.parallel import get_active_backend
from mxnet import gluon
from mxnet.gluon import nn

from gluon_activations.experiments.data import Data, as_numpy, mnist1d
from gluon_activations.experiments.nets import check_factory, mlp
from gluon_activations.experiments.processes import run_apart
from gluon_activations.experiments.rows import COLUMNS, RowFile, key, plain_numbers
from gluon_activations.experiments.training import progress_bar, train

Factory = Callable[[], gluon.Block]


def sweep(
    activations: Mapping[str, Optional[Factory]],
    seeds: Iterable[int],
    *,
    nets: Optional[Mapping[str, Callable[[Factory], gluon.HybridBlock]]] = None,
    initializers: Optional[Mapping[str, Optional[mx.init.Initializer]]] = None,
    lrs: Union[Iterable[float], Mapping[str, float]] = (2e-3,),
    depths: Optional[Iterable[int]] = None,
    width: Union[int, Mapping[str, int], None] = None,
    epochs: int = 30,
    batch_size: int = 100,
    data: Optional[Data] = None,
    n_jobs: int = -1,
    file: Union[str, Path, None] = None,
    progress: bool = True,
) -> List[Dict[str, Any]]:
    """Train a net by `train` for each activation, initialiser, learning rate, depth and seed.

    The runs go through processes with one MXNet thread each: on all cores, or under
    ``joblib.parallel_config(backend="dask")`` on a Dask cluster, whose workers must have
    OMP_NUM_THREADS=1, as Dask starts them. On processors of one kind the rows are the same wherever
    they come from, but for ``seconds``. Runs of the same seed that differ in their activation start
    from the same weights, if of the same width. Ctrl-C stops the runs and returns the rows there are,
    with a warning.

    Parameters
    ----------
    activations : mapping of str to callable or None
        Name to what makes the activation, such as ``nn.SELU``; None is the identity.
    seeds : iterable of int
    nets : mapping of str to callable, optional
        Name to what makes a net, not yet initialised, from what makes its activations; `mlp` by default. It
        must be such as cloudpickle can pickle, as functions and lambdas are, wherever they stand.
    initializers : mapping of str to mxnet.init.Initializer or None, optional
        Name to what the net is initialised by; He's by default.
    lrs : iterable of float, or mapping of str to float
        Learning rates; or each activation's own, by its name.
    depths : iterable of int, optional
        Numbers of hidden layers of `mlp`; 2 by default. Other ``nets`` have none.
    width : int, or mapping of str to int, optional
        Units in each hidden layer of `mlp`, or each activation's own; 100 by default. Other ``nets`` have none.
    epochs, batch_size : int
        As for `train`.
    data : Data, optional
        Samples of any shape; MNIST-1D by default.
    n_jobs : int
        How many runs at a time; -1 is one to a core.
    file : str or pathlib.Path, optional
        Keeps each row as it comes, as a line of JSON. What it holds already is not run again, unless it
        failed, or was run on other data, or at another width, number of epochs or batch size. Nets and
        activations are known by their names alone. Nothing in the file is ever changed.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    list of dict
        A row a run, in the order of the arguments (what is named twice is run once), with the keys net,
        activation, initialiser, lr, depth, seed, width, epochs, batch_size, data (a checksum), accuracy (on
        the test set, 0 to 1), loss, seconds, diverged, error. A run that fails says why in ``error``,
        which is None otherwise.

    Raises
    ------
    TypeError
        If ``activations``, ``nets`` or ``initializers`` is no mapping of names to what makes one, or a
        number is none; or as `train`, for the data.
    ValueError
        If there is nothing to run, ``lrs`` or ``width`` is a mapping that lacks an activation, ``file`` is
        not a sweep's or cannot be written, ``depths`` or ``width`` is given beside ``nets``, or joblib has
        been set to run in threads, which share MXNet's generator; or as `train`, for the data.

    Warns
    -----
    UserWarning
        If lines of ``file`` are no rows, if it cannot be written any more, or if Ctrl-C stops the runs.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> rows = sweep({"identity": None, "ELU": nn.ELU}, range(2), epochs=1)
    >>> [(row["activation"], row["seed"]) for row in rows]
    [('identity', 0), ('identity', 1), ('ELU', 0), ('ELU', 1)]

    Each activation at its own learning rate:

    >>> rows = sweep({"ELU": nn.ELU, "SELU": nn.SELU}, [0], lrs={"ELU": 1e-2, "SELU": 5e-3}, epochs=1)
    >>> [row["lr"] for row in rows]
    [0.01, 0.005]

    A net of one's own:

    >>> def narrow(activation):
    ...     net = nn.HybridSequential()
    ...     net.add(nn.Dense(20), activation(), nn.Dense(10))
    ...     return net
    >>> [row] = sweep({"ELU": nn.ELU}, [0], nets={"narrow": narrow}, epochs=1)
    >>> row["net"], row["error"]
    ('narrow', None)
    """
    if nets is not None and (depths, width) != (None, None):
        raise ValueError("depths and width are those of mlp, and cannot be given beside nets, which have their own.")
    initializers = {"He": mx.init.MSRAPrelu(slope=0)} if initializers is None else initializers
    makers = {"mlp": None} if nets is None else nets
    for name, mapping in (("activations", activations), ("nets", makers), ("initializers", initializers)):
        if not hasattr(mapping, "items") or not all(isinstance(each, str) for each in mapping):
            raise TypeError(f"{name} must be a mapping of name to factory, not {type(mapping).__name__}: {mapping!r}.")
    for name, factory in activations.items():
        check_factory(f"activations[{name!r}]", factory)
    for name, factory in (nets or {}).items():
        check_factory(f"nets[{name!r}]", factory, optional=False)
    if nets is None:
        width, depths = 100 if width is None else width, (2,) if depths is None else depths
        width = width if hasattr(width, "items") else [width]
        widths = _by_activation("width", width, activations, operator.index)
        depths = plain_numbers("depths", depths, operator.index)
    else:
        widths, depths = dict.fromkeys(activations, (None,)), (None,)
    lrs, seeds = _by_activation("lrs", lrs, activations, float), plain_numbers("seeds", seeds, operator.index)
    [epochs] = plain_numbers("epochs", [epochs], operator.index)
    [batch_size] = plain_numbers("batch_size", [batch_size], operator.index)
    data = mnist1d() if data is None else as_numpy(data)
    checksum = f"{zlib.crc32(b''.join(array.tobytes() for array in data)):08x}"

    common = {"epochs": epochs, "batch_size": batch_size, "data": checksum}
    settings = [
        {**dict(zip(COLUMNS, (net, name, initializer, *choice))), **common}
        for net, name, initializer in itertools.product(makers, activations, initializers)
        for choice in itertools.product(lrs[name], depths, seeds, widths[name])
    ]
    if not settings:
        raise ValueError("each of activations, nets, initializers, lrs, depths and seeds must hold something.")
    kept = RowFile(file)
    rows = {key(row): row for row in kept.rows if row["error"] is None}
    todo = [setting for setting in settings if key(setting) not in rows]
    made = ((makers, "net"), (activations, "activation"), (initializers, "initialiser"))
    jobs = [(setting, *(mapping[setting[name]] for mapping, name in made), data) for setting in todo]
    with progress_bar(progress, total=len(settings), initial=len(settings) - len(todo), unit="run") as bar:
        try:
            for row in _run_all(jobs, n_jobs):
                rows[key(row)] = row
                kept.add(row)
                bar.update()
        except KeyboardInterrupt:
            done = sum(key(setting) in rows for setting in settings)
            warnings.warn(f"sweep was stopped after {done} of {len(settings)} runs", stacklevel=2)
    return [rows[key(setting)] for setting in settings if key(setting) in rows]


def _by_activation(argument, given, activations, kind):
    """Return each activation's numbers: its own one, if they are given by name, else all."""
    if not hasattr(given, "items"):
        return dict.fromkeys(activations, plain_numbers(argument, given, kind))
    for name in activations:
        if name not in given:
            raise ValueError(f"{argument} must hold a number for each activation; it has none for {name!r}.")
    return {name: plain_numbers(argument, [given[name]], kind) for name in activations}


def _run_all(jobs, n_jobs):
    """Yield a row for each job, as they come."""
    backend, _ = get_active_backend()
    if type(backend).__name__ == "LokyBackend":
        for (setting, *_), result in run_apart(_run, jobs, joblib.effective_n_jobs(n_jobs)):
            yield _failed(setting, result) if isinstance(result, Exception) else result
    elif getattr(backend, "uses_threads", False):
        raise ValueError(f"joblib must run in processes, not by {type(backend).__name__}, which uses threads.")
    else:
        yield from _run_on_cluster(jobs)


def _run_on_cluster(jobs):
    waiting = {key(setting): (setting, *made) for setting, *made in jobs}
    parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
    try:
        for row in parallel(joblib.delayed(_run)(*job) for job in jobs):
            del waiting[key(row)]
            yield row
    except Exception as error:  # one run has killed its processes, and all that ran beside it are lost
        lost = list(waiting.values())
        if len(lost) == 1:
            yield _failed(lost[0][0], error)
        else:
            for half in (lost[: len(lost) // 2], lost[len(lost) // 2 :]):
                yield from _run_on_cluster(half)


def _run(setting, make_net, activation, initializer, data):
    try:
        mx.random.seed(setting["seed"])
        if make_net is None:
            net = mlp(
                activation,
                setting["depth"],
                setting["width"],
                int(max(data.y.max(), data.y_test.max())) + 1,
                initializer,
            )
        else:
            net = make_net(activation or _identity)
            if not isinstance(net, gluon.Block):
                raise TypeError(f"nets[{setting['net']!r}] must make a block, not {net!r}.")
            net.initialize(initializer or mx.init.Uniform())
        arguments = {name: setting[name] for name in ("lr", "epochs", "batch_size", "seed")}
        history = train(net, data, **arguments)
    except (Exception, SystemExit) as error:
        return _failed(setting, error)
    # As JSON has neither NaN nor infinity, a diverged run has no loss.
    loss = None if history.diverged else float(history.loss[-1])
    result = {"accuracy": float(history.accuracy[-1]), "loss": loss, "seconds": history.seconds}
    return {**setting, **result, "diverged": history.diverged, "error": None}


def _identity():
    return nn.HybridLambda("identity")


def _failed(setting, error):
    nothing = dict.fromkeys(("accuracy", "loss", "seconds", "diverged"))
    return {**setting, **nothing, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
