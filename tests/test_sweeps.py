"""Sweeps: over activations, seeds and nets, in processes that may die, kept in files that may be damaged."""

import doctest
import functools
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import joblib
import mxnet as mx
import numpy as np
import psutil
import pytest
from environments import start
from mxnet.gluon import nn

from gluon_activations.experiments import Data, mlp, processes, sweep, sweeps, train
from gluon_activations.experiments import rows as rows_module
from gluon_activations.experiments.rows import RowFile

RELU = functools.partial(nn.Activation, "relu")


SMALL = {"epochs": 2, "width": 8, "batch_size": 50, "progress": False}
ACTIVATIONS = {"identity": None, "ReLU": RELU, "SELU": nn.SELU}


@pytest.fixture(autouse=True, scope="module")
def two_threads_elsewhere():
    """Let the variable say another number of threads than a run is to have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "2")
        yield


def essence(rows):
    """Rows without the one column that differs from run to run."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def rows(data):
    return sweep(ACTIVATIONS, [0, 1], data=data, **SMALL)


def test_a_sweep_has_a_row_for_each_run_in_order(rows):
    assert [(row["activation"], row["seed"]) for row in rows] == [(name, s) for name in ACTIVATIONS for s in (0, 1)]
    assert list(rows[0]) == [
        *("net", "activation", "initialiser", "lr", "depth", "seed", "width", "epochs", "batch_size", "data"),
        *("accuracy", "loss", "seconds", "diverged", "error"),
    ]
    for row in rows:
        setting = ("mlp", "He", 2e-3, 2, None)
        assert tuple(row[name] for name in ("net", "initialiser", "lr", "depth", "error")) == setting
        assert 0 < row["accuracy"] < 1
        assert row["seconds"] > 0


def test_a_row_is_what_training_by_hand_gives(rows, data):
    net = mlp(nn.SELU, 2, 8, 3, mx.init.MSRAPrelu(slope=0))
    history = train(net, data, epochs=2, batch_size=50, seed=1)
    assert (rows[5]["loss"], rows[5]["accuracy"]) == (history.loss[-1], history.accuracy[-1])


def test_one_worker_gives_the_rows_that_two_give(rows, data):
    assert essence(sweep(ACTIVATIONS, [0, 1], data=data, n_jobs=1, **SMALL)) == essence(rows)


def test_what_an_activation_draws_as_it_is_made_is_seeded_too(data):
    drawn = {"PReLU": lambda: nn.PReLU(mx.init.Normal(0.3))}
    upwards, downwards = (sweep(drawn, seeds, data=data, **SMALL) for seeds in ([0, 1, 2, 3], [3, 2, 1, 0]))
    assert essence(upwards) == essence(downwards)[::-1]


def test_every_combination_is_run(data):
    initializers = {"small": mx.init.Normal(1e-3), "Xavier": mx.init.Xavier()}
    rows = sweep({"ReLU": RELU}, [0], data=data, initializers=initializers, lrs=[1e-2, 1e-3], depths=[0, 1], **SMALL)
    settings = [(row["initialiser"], row["lr"], row["depth"]) for row in rows]
    assert settings == [(i, lr, depth) for i in initializers for lr in (1e-2, 1e-3) for depth in (0, 1)]
    assert len({row["loss"] for row in rows}) == 8


def test_a_run_has_one_mxnet_thread(data):
    def threads():
        raise RuntimeError(os.environ["OMP_NUM_THREADS"])

    for n_jobs in (1, 2):
        assert [row["error"] for row in sweep({"f": threads}, [0], data=data, n_jobs=n_jobs, **SMALL)] == [
            "RuntimeError: 1"
        ]


def dies():
    os._exit(1)


def test_a_run_that_fails_is_a_row_that_says_why(data):
    def raises():
        raise ValueError("no such\nactivation")

    def leaves():
        sys.exit(3)

    failing = {"dies": dies, "raises": raises, "leaves": leaves, "ReLU": RELU}
    rows = sweep(failing, [0], data=data, n_jobs=1, **SMALL)
    assert rows[0]["error"].startswith("TerminatedWorkerError: ")
    assert rows[1]["error"] == "ValueError: no such"
    assert rows[1]["accuracy"] is None
    assert rows[2]["error"] == "SystemExit: 3"
    assert rows[3]["error"] is None


def test_what_dies_takes_no_other_run_along_and_holds_none_up(data, tmp_path):
    def logged():
        with open(tmp_path / "begun", "a") as log:
            log.write(f"{os.getpid()} {time.time()}\n")
        time.sleep(0.3)
        return nn.SELU()

    rows = sweep({"dies": dies, "SELU": logged}, range(4), data=data, n_jobs=2, **{**SMALL, "epochs": 1})
    assert [row["error"] is None for row in rows] == [False] * 4 + [True] * 4
    begun = (tmp_path / "begun").read_text().splitlines()
    assert len(begun) == 8  # two layers a run, and no run twice
    assert len({line.split()[0] for line in begun}) == 2  # in two processes, although others died beside them


def test_a_run_whose_process_is_killed_is_run_again(data, tmp_path):
    def killed_once():
        if not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return nn.SELU()

    [row] = sweep({"SELU": killed_once}, [1], data=data, **SMALL)
    assert (tmp_path / "killed").exists()
    assert essence([row]) == essence(sweep({"SELU": nn.SELU}, [1], data=data, **SMALL))


def test_what_cannot_be_pickled_fails_alone(data):
    lock = threading.Lock()
    rows = sweep({"locked": lambda: lock and nn.SELU(), "SELU": nn.SELU}, [0], data=data, **SMALL)
    assert "pickle" in rows[0]["error"]
    assert rows[1]["error"] is None


# each activation's own numbers


def test_each_activation_can_have_its_own_rate_and_width(data, tmp_path):
    own = {"lrs": {"SELU": 0.01, "ReLU": np.float32(0.5), "other": 1}, "width": {"SELU": np.int64(8), "ReLU": 4}}
    small = {**SMALL, "data": data, "file": tmp_path / "rows.jsonl"}
    rows = sweep({"ReLU": RELU, "SELU": nn.SELU}, [0, 1], **{**small, **own})
    settings = [(row["activation"], row["lr"], row["width"], row["seed"], row["error"]) for row in rows]
    assert settings == [("ReLU", 0.5, 4, s, None) for s in (0, 1)] + [("SELU", 0.01, 8, s, None) for s in (0, 1)]
    one_by_one = sweep({"ReLU": RELU}, [0, 1], data=data, lrs=[0.5], **{**SMALL, "width": 4})
    assert essence(rows) == essence(one_by_one + sweep({"SELU": nn.SELU}, [0, 1], data=data, lrs=[0.01], **SMALL))
    assert sweep({"SELU": nn.SELU}, [0, 1], lrs=[0.01], **small) == rows[2:]  # known again, with its seconds


# nets of one's own


def two_channels(activation):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(2, 2), activation(), nn.Dense(3))
    return net


def test_any_net_can_be_swept_over_data_of_any_shape(data):
    pictures = Data(*(part.reshape(-1, 1, 5, 1).repeat(2, axis=3) if part.ndim == 2 else part for part in data))
    small = {"epochs": 2, "batch_size": 50, "progress": False}
    nets = {"conv": two_channels, "deep": lambda activation: mlp(activation, depth=3, width=4, classes=3)}
    rows = sweep({"identity": None, "SELU": nn.SELU}, [1], nets=nets, data=pictures, **small)
    assert [(row["net"], row["activation"], row["depth"], row["width"], row["error"]) for row in rows] == [
        (net, activation, None, None, None) for net in nets for activation in ("identity", "SELU")
    ]
    by_hand = two_channels(nn.SELU)
    by_hand.initialize(mx.init.MSRAPrelu(slope=0))
    assert rows[1]["loss"] == train(by_hand, pictures, epochs=2, batch_size=50, seed=1).loss[-1]


def test_rows_of_another_net_are_not_taken_for_those_of_this(data, tmp_path):
    small = {"data": data, "file": tmp_path / "rows.jsonl", "epochs": 1, "progress": False}
    wide, narrow = ((lambda activation, w=w: mlp(activation, 1, w, 3)) for w in (9, 3))
    first = sweep({"SELU": nn.SELU}, [0], nets={"wide": wide}, **small)
    rows = sweep({"SELU": nn.SELU}, [0], nets={"narrow": narrow, "wide": wide}, **small)
    assert rows[1:] == first
    assert rows[0]["loss"] != first[0]["loss"]


def test_a_net_that_is_none_says_so(data):
    [row] = sweep({"SELU": nn.SELU}, [0], nets={"none": lambda activation: None}, data=data, epochs=1, progress=False)
    assert row["error"] == "TypeError: nets['none'] must make a block, not None."


# numbers, files


def test_numpys_numbers_are_written_as_plain_json_and_known_again(data, tmp_path):
    file = tmp_path / "rows.jsonl"
    small = {**SMALL, "width": np.int64(8), "epochs": np.int32(2), "batch_size": np.int64(50)}
    numpys = {"lrs": np.array([0.5, 0.25], dtype="float32"), "depths": np.arange(1, 2)}
    rows = sweep({"ReLU": RELU}, np.arange(2), data=data, file=file, **numpys, **small)
    assert [row["error"] for row in rows] == [None] * 4
    written = sorted(map(json.loads, file.read_text().splitlines()), key=lambda row: (-row["lr"], row["seed"]))
    assert written == rows
    assert [(row["lr"], row["depth"], row["seed"]) for row in rows] == [
        (lr, 1, s) for lr in (0.5, 0.25) for s in (0, 1)
    ]
    plain = sweep({"ReLU": RELU}, range(2), data=data, file=file, lrs=[0.5, 0.25], depths=[1], **SMALL)
    assert plain == rows  # with the seconds of the first time


def test_what_is_named_twice_is_run_once(data):
    rows = sweep({"ReLU": RELU}, [0, 1, 0], data=data, lrs=[1e-2, 0.01], **SMALL)
    assert [row["seed"] for row in rows] == [0, 1]


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"my": "results"}',
        b'{"my": "results"}\n[1, 2]',
        b"my notes",
        b"\n\n",
        b"\xef\xbb\xbf[]",
        '{"activation": "SELU"}\n'.encode("utf-16"),
        b"\x89PNG\r\n\x1a\n\0\0\0",
    ],
)
def test_a_file_that_is_not_its_own_is_refused_untouched(content, data, tmp_path):
    file = tmp_path / "r.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"file must be one that sweep wrote; no line of '.*r.json' is a row"):
        sweep({"ReLU": RELU}, [0], data=data, file=file, **SMALL)
    assert file.read_bytes() == content


@pytest.fixture(scope="module")
def lines(data, tmp_path_factory):
    file = tmp_path_factory.mktemp("whole") / "rows.jsonl"
    sweep({"ReLU": RELU}, [0, 1, 2], data=data, file=file, **SMALL)
    return file.read_bytes().splitlines()


MERGE = b"<<<<<<< HEAD"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda a, b, c: [a, b"", b, c, b""], "line 2 of"),
        (lambda a, b, c: [MERGE, a, b"=======", b, c, b">>>>>>> other", b""], "lines 1, 3 and 6 of"),
        (lambda a, b, c: [b"\xff" * n for n in range(1, 8)] + [a, b, c, b""], "lines 1, 2, 3, 4, 5 and 2 more of"),
        (lambda a, b, c: [a, b[:40], b, c, b""], "line 2 of"),
        (lambda a, b, c: [a, b, c, c[:40]], "line 4 of"),
        (lambda a, b, c: [a, b, c, b"\0" * 9], "line 4 of"),
        (lambda a, b, c: [a, b.decode().encode("utf-16"), b, c, b""], "line 2 of"),
        (lambda a, b, c: [b"\xef\xbb\xbf" + a, b, c, b""], None),
        (lambda a, b, c: [a, b, c], None),
        (lambda a, b, c: [a + b"\r", b + b"\r", c + b"\r", b""], None),
        (lambda a, b, c: [a, b, c, a, b""], None),
    ],
)
def test_damaged_lines_are_named_and_the_rest_is_kept(damage, message, lines, data, tmp_path):
    file = tmp_path / "rows.jsonl"
    content = b"\n".join(damage(*lines))
    file.write_bytes(content)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        rows = sweep({"ReLU": RELU}, [0, 1, 2, 3], data=data, file=file, **SMALL)
    said = [str(warning.message) for warning in said if "rows.jsonl" in str(warning.message)]
    assert [text.startswith(message or "nothing") for text in said] == [True] * (message is not None)
    assert sorted(map(json.loads, lines), key=lambda row: row["seed"]) == rows[:3]  # not run again
    after = file.read_bytes()
    assert after.startswith(content)
    added = after[len(content) :].lstrip(b"\n")
    assert json.loads(added) == rows[3]
    assert after.splitlines()[-1] + b"\n" == added  # a line of its own


@pytest.mark.parametrize("where", ["", "missing/rows.jsonl"])
def test_a_file_that_cannot_be_is_refused_before_the_first_run(where, data, tmp_path):
    with pytest.raises(ValueError, match=r"file must be one that can be written; '.*' cannot \((Is a|No such)"):
        sweep({"dies": dies}, [0], data=data, file=tmp_path / where, **SMALL)


def test_a_file_that_may_only_be_read_is_refused_before_the_first_run(lines, data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.jsonl")
        file.write_bytes(lines[0])
        file.chmod(0o444)
        Path(folder).chmod(0o755)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # nobody; root may write what is read-only
        try:
            with pytest.raises(ValueError, match=r"can be written; '.*rows.jsonl' cannot \(Permission denied\)"):
                sweep({"dies": dies}, [0], data=data, file=file, **SMALL)
        finally:
            os.seteuid(user)
        assert file.read_bytes() == lines[0]


def test_a_full_disk_costs_no_row_and_is_written_to_again_once_it_can(lines, tmp_path, recwarn):
    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    rows = list(map(json.loads, lines))
    file = RowFile(tmp_path / "rows.jsonl")
    file.add(rows[0])
    unlimited, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit(len(lines[0]) + 20)  # the next line breaks off after 19 bytes
    try:
        file.add(rows[1])
        file.add(rows[2])
    finally:
        limit(unlimited)
    assert (tmp_path / "rows.jsonl").stat().st_size == len(lines[0]) + 20
    [said] = [str(warning.message) for warning in recwarn if "rows.jsonl" in str(warning.message)]
    assert "cannot be written (File too large); its rows are in what sweep returns" in said
    file.add(rows[0])
    with pytest.warns(UserWarning, match="line 2 of .*: no row of a sweep, and passed over"):
        assert RowFile(tmp_path / "rows.jsonl").rows == [*rows, rows[0]]


def test_a_sweep_whose_file_is_lost_returns_every_row(data, tmp_path):
    def loses():
        if (tmp_path / "rows.jsonl").is_file():
            (tmp_path / "rows.jsonl").unlink()
            (tmp_path / "rows.jsonl").mkdir()
        return nn.SELU()

    with pytest.warns(UserWarning, match=r"rows.jsonl' cannot be written \(Is a directory\)"):
        rows = sweep({"SELU": loses}, [0, 1], data=data, file=tmp_path / "rows.jsonl", n_jobs=1, **SMALL)
    assert [row["error"] for row in rows] == [None, None]


def test_a_divergence_is_a_row(data):
    [row] = sweep({"identity": None}, [0], data=data, lrs=[1e30], **{**SMALL, "epochs": 9})
    assert row["diverged"]
    assert (row["loss"], row["error"]) == (None, None)


def test_a_stopped_sweep_goes_on_from_its_file(rows, data, tmp_path):
    file = tmp_path / "rows.jsonl"
    first = sweep({"ReLU": RELU}, [0, 1], data=data, file=file, **SMALL)
    assert sorted(map(json.loads, file.read_text().splitlines()), key=lambda row: row["seed"]) == first
    with file.open("a") as lines:
        lines.write('{"activation": "SELU", "ini')  # it was stopped in the middle of a line
    with pytest.warns(UserWarning, match="line 3 of .*: no row of a sweep, and passed over"):
        again = sweep(ACTIVATIONS, [0, 1], data=data, file=file, **SMALL)
    assert essence(again) == essence(rows)
    assert again[2:4] == first  # with the seconds of the first time: not run again
    assert len(file.read_text().splitlines()) == 7
    file.write_text("".join(line + "\n" for line in file.read_text().splitlines() if line.endswith("}")))
    other = sweep({"ReLU": RELU}, [0], data=data, file=file, **{**SMALL, "epochs": 1})
    assert other[0]["epochs"] == 1
    assert len(file.read_text().splitlines()) == 7
    [elsewhere] = sweep({"ReLU": RELU}, [0], data=data._replace(y_test=data.y_test * 0), file=file, **SMALL)
    assert elsewhere["accuracy"] != first[0]["accuracy"]


def test_a_failed_run_is_run_again(data, tmp_path):
    def raises():
        raise ValueError("no such activation")

    for activation, error in ((raises, "ValueError: no such activation"), (RELU, None)):
        [row] = sweep({"ReLU": activation}, [0], data=data, file=tmp_path / "rows.jsonl", **SMALL)
        assert row["error"] == error


def test_ctrl_c_keeps_what_is_done_and_leaves_no_worker(tmp_path):
    script, file = tmp_path / "sweeping.py", tmp_path / "rows.jsonl"
    script.write_text(
        f"""\
from gluon_activations.experiments import sweep
if __name__ == "__main__":
    rows = sweep({{"identity": None}}, range(500), epochs=3, file={str(file)!r}, progress=False)
    print(len(rows), flush=True)
"""
    )
    run = start(sys.executable, script)
    while not (file.exists() and len(file.read_text().splitlines()) >= 3):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.1)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert 3 <= int(out) == len(file.read_text().splitlines()) < 500
    assert f"sweep was stopped after {int(out)} of 500 runs" in err
    assert workers
    assert psutil.wait_procs(workers, timeout=10)[1] == []


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_a_sweep_that_is_killed(stop, tmp_path):
    script, file = tmp_path / "sweeping.py", tmp_path / "rows.jsonl"
    script.write_text(
        f"""\
from gluon_activations.experiments import sweep
sweep({{"identity": None}}, range(500), epochs=300, file={str(file)!r}, progress=False)
"""
    )
    run = start(sys.executable, script)
    while len(workers := psutil.Process(run.pid).children(recursive=True)) < 2 + 1:  # loky's tracker is one
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.1)
    time.sleep(3)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(stop)
    run.communicate(timeout=60)
    assert psutil.wait_procs(workers, timeout=20)[1] == []


def test_a_dask_cluster_that_loses_a_worker_gives_every_row(rows, data, tmp_path):
    from distributed import Client, LocalCluster

    def slow():
        time.sleep(0.5)
        return nn.SELU()

    slowly, file = {"identity": None, "ReLU": RELU, "SELU": slow}, tmp_path / "rows.jsonl"
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", local_directory=tmp_path
    )
    with cluster, Client(cluster) as client, joblib.parallel_config(backend="dask"):
        killed = []

        def kill_one(**_):
            """Once the first row is there, as the file shows."""
            while not (file.exists() and file.read_text()):
                time.sleep(0.05)
            victim = next(iter(client.run(os.getpid).values()))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

        killer = threading.Thread(target=kill_one)
        killer.start()
        got = sweep(slowly, [0, 1], data=data, file=file, **SMALL)
        killer.join()
    assert killed
    assert essence(got) == essence(rows)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"activations": [RELU]}, TypeError, "activations must be a mapping of name to factory, not list"),
        ({"initializers": "He"}, TypeError, "initializers must be a mapping of name to factory, not str"),
        ({"activations": {1: RELU}}, TypeError, "activations must be a mapping of name to factory"),
        ({"activations": {"ELU": nn.ELU()}}, TypeError, r"activations\['ELU'\] must make a new block at each call"),
        ({"nets": [mlp]}, TypeError, "nets must be a mapping of name to factory, not list"),
        ({"nets": {"mlp": None}}, TypeError, r"nets\['mlp'\] must make a block, as nn.SELU does; not None"),
        ({"nets": {"mlp": mlp}, "depths": [2]}, ValueError, "depths and width are those of mlp"),
        ({"nets": {}}, ValueError, "each of activations, nets, .* must hold something"),
        ({"seeds": []}, ValueError, "must hold something"),
        ({"seeds": 5}, TypeError, "seeds must hold whole numbers; 5 does not"),
        ({"seeds": [0.5]}, TypeError, r"seeds must hold whole numbers; \[0.5\] does not"),
        ({"width": 1.5}, TypeError, r"width must hold whole numbers; \[1.5\] does not"),
        ({"width": {"ReLU": 1.5}}, TypeError, r"width must hold whole numbers; \[1.5\] does not"),
        ({"width": {"SELU": 8}}, ValueError, "width must hold a number for each activation; it has none for 'ReLU'"),
        ({"lrs": {"SELU": 0.5}}, ValueError, "lrs must hold a number for each activation; it has none for 'ReLU'"),
        ({"lrs": {"ReLU": [0.5]}}, TypeError, r"lrs must hold numbers; \[\[0.5\]\] does not"),
        ({"lrs": {"ReLU": float("nan")}}, ValueError, r"lrs must hold finite numbers; \[nan\] does not"),
        ({"lrs": [float("nan")]}, ValueError, r"lrs must hold finite numbers; \[nan\] does not"),
        ({"lrs": [10**400]}, TypeError, "lrs must hold numbers"),
        ({"lrs": ["fast"]}, TypeError, r"lrs must hold numbers; \['fast'\] does not"),
        ({"file": os.devnull}, ValueError, "is no regular file"),
        ({"file": __file__}, ValueError, "file must be one that sweep wrote"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message, data):
    with pytest.raises(error, match=message):
        sweep(**{"activations": {"ReLU": RELU}, "seeds": [0], "data": data, **arguments})


def test_threads_are_refused(data):
    with joblib.parallel_config(backend="threading"), pytest.raises(ValueError, match="joblib must run in processes"):
        sweep({"ReLU": RELU}, [0], data=data, **SMALL)


@pytest.mark.parametrize("module", [rows_module, processes, sweeps])
def test_the_examples_run(module):
    assert doctest.testmod(module).failed == 0
