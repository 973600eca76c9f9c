"""Train every activation over every seed, on all cores or on a cluster."""

import itertools
import json
import warnings
import zlib
from pathlib import Path

import joblib
import mxnet as mx
from joblib.parallel import get_active_backend

from gluon_activations.experiments.data import mnist1d
from gluon_activations.experiments.training import mlp, progress_bar, train

_SETTING = ("activation", "initialiser", "lr", "depth", "seed")
_COMMON = ("width", "epochs", "batch_size", "data")


def sweep(
    activations,
    seeds,
    *,
    initializers=None,
    lrs=(2e-3,),
    depths=(2,),
    width=100,
    epochs=30,
    batch_size=100,
    data=None,
    n_jobs=-1,
    file=None,
    progress=True,
):
    """Train an `mlp` by `train` for each activation, initialiser, learning rate, depth and seed.

    The runs go through joblib, each in a process with one MXNet thread: on all cores, or under
    ``joblib.parallel_config(backend="dask")`` on a Dask cluster, whose workers must have
    OMP_NUM_THREADS=1, as Dask starts them. The rows are the same wherever they come from, but for
    ``seconds``. Ctrl-C stops the runs and returns the rows there are, with a warning.

    Parameters
    ----------
    activations : mapping of str to callable or None
        Name to what `mlp` takes.
    seeds : iterable of int
    initializers : mapping of str to mxnet.init.Initializer or None, optional
        Name to what `mlp` takes; He's by default.
    lrs : iterable of float
        Learning rates.
    depths : iterable of int
        Numbers of hidden layers.
    width, epochs, batch_size : int
        As for `mlp` and `train`.
    data : Data, optional
        MNIST-1D by default.
    n_jobs : int
        How many runs at a time; -1 is one to a core.
    file : str or pathlib.Path, optional
        Keeps each row as it comes, as a line of JSON. What it holds already is not run again, unless it
        failed, or was run on other data, or at another width, number of epochs or batch size.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    list of dict
        A row a run, in the order of the arguments, with the keys activation, initialiser, lr, depth, seed,
        width, epochs, batch_size, data (a checksum), accuracy (on the test set, 0 to 1), loss,
        seconds, diverged, error. A run that fails says why in ``error``, which is None otherwise.

    Raises
    ------
    TypeError
        If ``activations`` or ``initializers`` is no mapping.
    ValueError
        If there is nothing to run, or joblib has been set to run in threads, which share MXNet's generator.
    """
    initializers = {"He": mx.init.MSRAPrelu(slope=0)} if initializers is None else initializers
    for name, mapping in (("activations", activations), ("initializers", initializers)):
        if not hasattr(mapping, "items"):
            raise TypeError(f"{name} must be a mapping of name to factory, not {type(mapping).__name__}.")
    data = mnist1d() if data is None else data
    checksum = f"{zlib.crc32(b''.join(array.tobytes() for array in data)):08x}"
    common = dict(zip(_COMMON, (width, epochs, batch_size, checksum)))
    choices = itertools.product(activations, initializers, lrs, depths, seeds)
    settings = [{**dict(zip(_SETTING, choice)), **common} for choice in choices]
    if not settings:
        raise ValueError("activations, initializers, lrs, depths and seeds must each hold something; one is empty.")
    if file is not None and not Path(file).parent.is_dir():
        raise ValueError(f"file must be in a folder that exists; {str(file)!r} is not.")

    rows = {key: row for key, row in _kept(file).items() if row["error"] is None}
    todo = [setting for setting in settings if _key(setting) not in rows]
    jobs = [(setting, activations[setting["activation"]], initializers[setting["initialiser"]]) for setting in todo]
    with progress_bar(progress, total=len(settings), initial=len(settings) - len(todo), unit="run") as bar:
        try:
            for row in _run_all(jobs, data, n_jobs):
                rows[_key(row)] = row
                _keep(file, row)
                bar.update()
        except KeyboardInterrupt:
            done = sum(_key(setting) in rows for setting in settings)
            warnings.warn(f"sweep was stopped after {done} of {len(settings)} runs", stacklevel=2)
    return [rows[_key(setting)] for setting in settings if _key(setting) in rows]


def _run_all(jobs, data, n_jobs):
    """Yield a row for each job, as they come."""
    backend, _ = get_active_backend()
    config = {}
    if type(backend).__name__ == "LokyBackend":
        # joblib would run a single job at a time in this process, whose MXNet may have several threads already.
        alone = joblib.effective_n_jobs(n_jobs) == 1
        config = {"backend": "loky", "inner_max_num_threads": 1, "n_jobs": 2 if alone else n_jobs}
        config["pre_dispatch"] = 1 if alone else "2 * n_jobs"
    elif getattr(backend, "uses_threads", False):
        raise ValueError(f"joblib must run in processes, not by {type(backend).__name__}, which uses threads.")
    waiting = {_key(setting): (setting, *made) for setting, *made in jobs}
    parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, **config)
    try:
        for row in parallel(joblib.delayed(_run)(*job, data) for job in jobs):
            del waiting[_key(row)]
            yield row
    except Exception as error:  # a process died, and all that ran beside it is lost
        if len(waiting) == 1:
            [(setting, *_)] = waiting.values()
            yield _failed(setting, error)
        else:
            for job in waiting.values():
                yield from _run_all([job], data, n_jobs)


def _run(setting, activation, initializer, data):
    try:
        mx.random.seed(setting["seed"])
        net = mlp(activation, setting["depth"], setting["width"], int(data.y.max()) + 1, initializer)
        history = train(
            net,
            data,
            lr=setting["lr"],
            epochs=setting["epochs"],
            batch_size=setting["batch_size"],
            seed=setting["seed"],
        )
    except Exception as error:
        return _failed(setting, error)
    # As JSON has neither NaN nor infinity, a diverged run has no loss.
    loss = None if history.diverged else float(history.loss[-1])
    result = {"accuracy": float(history.accuracy[-1]), "loss": loss, "seconds": history.seconds}
    return {**setting, **result, "diverged": history.diverged, "error": None}


def _failed(setting, error):
    nothing = dict.fromkeys(("accuracy", "loss", "seconds", "diverged"))
    return {**setting, **nothing, "error": f"{type(error).__name__}: {error}".splitlines()[0]}


def _key(row):
    return tuple(row[name] for name in (*_SETTING, *_COMMON))


def _kept(file):
    """Read the rows of a file that an earlier sweep has left; a last line that it could not finish is cut off."""
    path = Path(file) if file is not None else None
    if path is None or not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    try:
        return {_key(row): row for row in map(json.loads, whole.splitlines())}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"file must be one that sweep wrote; {str(file)!r} is not ({error}).") from None


def _keep(file, row):
    if file is not None:
        with open(file, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
