"""What breaks in MXNet on newer Pythons and NumPys, one case each. Run here, and by test_compat.py on all of those."""

import subprocess
import sys
import warnings

import mxnet as mx
import numpy as np
import pytest
from mxnet.gluon import nn

NUMPY = np.lib.NumpyVersion(np.__version__)
FOUR, HALF = np.int64(4), np.float32(0.5)
NDARRAY = mx.nd.array([[1, 0], [2, 3]])

# Each is asked for by MXNet, and missing from some NumPy.
NAMES = "bool int mirr npv pmt ppmt pv rate Inf NAN NaN NINF PINF NZERO PZERO"
NAMES += " alltrue sometrue product round_ in1d trapz msort compat"
REPORT = f"""
import numpy, sys
def seen():
    return [name for name in {NAMES.split()} if hasattr(numpy, name)]
before = seen()
import mxnet_compat
assert "mxnet" in sys.modules
assert seen() == before, set(seen()) ^ set(before)
try:
    numpy.nothing
except AttributeError as error:
    print(error)
"""


def in_a_process(script, *arguments):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_numpy_looks_to_others_as_before():
    assert in_a_process(REPORT) == "module 'numpy' has no attribute 'nothing'\n"


@pytest.fixture(scope="module")
def healed():
    """What three things give in a process with a stand-in for OpenCV, whose first import of MXNet may have failed."""
    script = """
import multiprocessing, numpy, sys, types
try:
    import mxnet
except Exception:
    pass
multiprocessing.get_all_start_methods = lambda: ["forkserver", "spawn", "fork"]  # as on Python 3.14
cv2 = types.SimpleNamespace(IMWRITE_PNG_COMPRESSION=16, imencode=lambda kind, image, parameters: (True, image.ravel()))
if "mxnet" in sys.modules:
    mxnet.recordio.cv2 = cv2
sys.modules["cv2"] = types.ModuleType("cv2")
vars(sys.modules["cv2"]).update(vars(cv2))
import mxnet_compat, mxnet
print(mxnet.nd.ones(tuple(numpy.array([2, 3]))).shape, mxnet.gluon.nn.SELU()(mxnet.nd.array([1])).asscalar())
header = mxnet.recordio.IRHeader(0, 5.0, 7, 0)
packed = mxnet.recordio.pack_img(header, numpy.arange(6, dtype="uint8").reshape(2, 3), img_fmt=".png")
print(mxnet.recordio.unpack(packed)[1])
x = mxnet.gluon.data.ArrayDataset(mxnet.nd.arange(12).reshape((6, 2)))
loader = mxnet.gluon.data.DataLoader(x, batch_size=2, num_workers=2)
print(type(loader._worker_pool._ctx).__name__, [float(batch.sum().asscalar()) for batch in loader])
"""
    return in_a_process(script).splitlines()


def test_import_heals_one_that_failed(healed):
    assert healed[0] == "(2, 3) 1.050701"


def test_images_are_packed_with_opencv(healed):
    assert healed[1] == r"b'\x00\x01\x02\x03\x04\x05'"


def test_workers_are_forked_where_python_would_do_otherwise(healed):
    assert healed[2] == "ForkContext [6.0, 22.0, 38.0]"


def test_import_mends_one_that_somebody_else_made_possible():
    script = f"""
import numpy, sys, types
if sys.version_info >= (3, 12):
    import setuptools
for name in {NAMES.split()}:
    if not hasattr(numpy, name):
        setattr(numpy, name, bool if name == "bool" else float if name == "int" else numpy.sum)
import mxnet
import mxnet_compat
print(mxnet.nd.ones(tuple(numpy.array([2, 3]))).shape, numpy.asarray(mxnet.nd.ones((2, 3))).shape)
"""
    assert in_a_process(script) == "(2, 3) (2, 3)\n" or NUMPY < "1.24.0"


@pytest.mark.parametrize(
    ("old", "new"), [("alltrue", "all"), ("sometrue", "any"), ("product", "prod"), ("round_", "around")]
)
def test_functions_that_numpy_renamed_are_still_those_of_mxnet(old, new):
    x = mx.np.array([[1.25, 0.0], [2.5, 0.0]])
    assert str(getattr(mx.np, old)(x)) == str(getattr(mx.np, new)(x))


def test_functions_that_numpy_removed_are_still_those_of_mxnet():
    assert mx.np.trapz(mx.np.array([1.0, 2.0, 5.0])).item() == 5
    assert mx.np.msort(mx.np.array([[3.0, 1.0], [2.0, 4.0]])).tolist() == [[2, 1], [3, 4]]
    assert mx.np.in1d(mx.np.array([1.0, 5.0]), mx.np.array([5.0])).tolist() == [False, True]
    assert mx.np.PINF == -mx.np.NINF == np.inf
    assert np.isnan([mx.np.NaN, mx.np.NAN]).all()
    assert str([mx.np.PZERO, mx.np.NZERO]) == "[0.0, -0.0]"


def test_names_used_later_than_at_the_import_are_there():
    from mxnet.gluon.contrib.estimator import EarlyStoppingHandler

    stopper = EarlyStoppingHandler(mx.metric.Accuracy())
    stopper.train_begin(None)
    assert stopper.best == -np.inf
    assert mx.np.pad(mx.np.ones((1, 2)), ((0, 0), (1, 1)), mode="constant").tolist() == [[0, 1, 1, 0]]


def test_np_int_is_there_for_mxnets_test_of_random_generators():
    pytest.importorskip("scipy")
    observed, expected = mx.test_utils.chi_square_check(lambda n: np.arange(n) % 2, [0, 1], [0.5, 0.5], 100)[1:]
    assert list(observed) == list(expected) == [50, 50]


def test_shapes_of_numpys_integers_are_read():
    shape = (FOUR, np.int32(2))
    assert mx.nd.ones(shape).shape == mx.nd.zeros(shape).shape == mx.nd.random.normal(shape=shape).shape == (4, 2)
    assert mx.nd.arange(8).reshape(shape).shape == (4, 2)
    assert mx.nd.transpose(mx.nd.ones((3, 5)), axes=(np.int64(1), np.int64(0))).shape == (5, 3)
    assert mx.nd.ones((8, 3))[FOUR:].shape == (4, 3)
    assert mx.nd.slice(mx.nd.ones((8, 3)), begin=(FOUR, None), end=(None, None)).shape == (4, 3)
    assert mx.np.ones(shape).shape == (4, 2)


def test_other_numbers_in_sequences_are_read():
    anchors = mx.nd.contrib.MultiBoxPrior(mx.nd.ones((1, 3, 1, 1)), sizes=(HALF,), clip=np.bool_(True))
    np.testing.assert_array_equal(anchors.asnumpy(), [[[0.25, 0.25, 0.75, 0.75]]])
    symbol = mx.sym.Variable("x", attr={"names": "['np.int64(4)', 'a']"}, shape=(FOUR, FOUR))
    assert symbol.attr("__shape__") == "(4, 4)"


def test_texts_that_are_no_sequences_stay(tmp_path):
    file = str(tmp_path / "np.int64(4).params")
    mx.nd.save(file, {"np.float32(0.5)": NDARRAY})
    assert list(mx.nd.load(file)) == ["np.float32(0.5)"]


def test_blocks_symbols_and_iterators_take_numpys_integers(tmp_path):
    block = nn.Dense(FOUR, in_units=np.int64(3))
    block.initialize(mx.init.Xavier())
    block.hybridize()
    assert block(mx.nd.ones((2, 3))).shape == (2, 4)
    pooled = mx.sym.Pooling(mx.sym.var("x"), kernel=(np.int64(2), np.int64(2)), stride=(np.int64(2), np.int64(2)))
    assert pooled.infer_shape(x=(1, 1, 4, 4))[1] == [(1, 1, 2, 2)]
    (tmp_path / "x.csv").write_text("1,2,3\n4,5,6\n")
    rows = mx.io.CSVIter(data_csv=str(tmp_path / "x.csv"), data_shape=(np.int64(3),), batch_size=2)
    assert next(rows).data[0].shape == (2, 3)


def test_records_are_packed_and_read_back():
    header = mx.recordio.IRHeader(0, [1, 2, 3], 7, 0)
    read, content = mx.recordio.unpack(mx.recordio.pack(header, b"content"))
    assert (read.label.tolist(), read.id, content) == ([1, 2, 3], 7, b"content")


def test_named_tuples_of_linalg_become_arrays_of_mxnet():
    for function in (np.linalg.qr, np.linalg.slogdet, np.linalg.eigh):
        parts = function(mx.np.array([[2.0, 1.0], [1.0, 3.0]]))
        assert isinstance(parts, tuple)
        assert len(parts) == 2


@pytest.mark.skipif(NUMPY < "1.24.0", reason="there NumPy walks the array as MXNet expects")
def test_numpy_reads_arrays():
    assert not np.all(NDARRAY)
    read = np.asarray(NDARRAY)
    assert (read.dtype, read.tolist()) == (np.float32, [[1, 0], [2, 3]])
    assert np.array(NDARRAY, dtype="int8").dtype == np.int8
    if NUMPY >= "2.0.0":
        with pytest.raises(ValueError, match="can only be copied to NumPy"):
            np.array(NDARRAY, copy=False)


def test_nothing_warns_of_what_will_break_next():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mx.nd.array([1, 2]).shape == (2,)
        assert mx.nd.moveaxis(mx.nd.ones((2, 3, 4)), 0, 2).shape == (3, 4, 2)


@pytest.mark.parametrize("arrays", [mx.nd, mx.np], ids=["nd", "np"])
def test_integers_that_do_not_fit_are_wrapped(arrays):
    x = arrays.array([300, -1], dtype="uint8")
    assert (x.dtype, x.asnumpy().tolist()) == (np.uint8, [44, 255])
