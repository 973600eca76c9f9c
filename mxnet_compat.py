"""Apache MXNet 1.9.1 on today's Python and NumPy: import this before MXNet.

::

    import mxnet_compat
    import mxnet

It imports MXNet with what the import needs, and mends what would break later. No file of MXNet's is changed, NumPy
looks to all other code as it did, and where nothing is broken nothing is done. An import of MXNet that failed before
does no harm. If MXNet, or something that it needs, is missing, an ImportError names the command that brings it.

Examples
--------
>>> import mxnet_compat
>>> import mxnet, numpy
>>> mxnet.nd.ones(tuple(numpy.array([2, 3]))).shape  # with NumPy 2, MXNet alone cannot read this shape
(2, 3)
"""

import functools
import importlib.util
import multiprocessing
import os
import platform
import re
import sys
import types
import warnings
from shlex import quote

import numpy as np

_NUMPY = np.lib.NumpyVersion(np.__version__)
_MACHINE = f"{platform.system()} {platform.machine()}"
_PIP = "python -m pip install"
_NEEDED = "requests setuptools" if sys.version_info >= (3, 12) else "requests"


def _lend(module, names):
    """Let the modules of MXNet, and no others, see names that a module no longer has."""
    own = getattr(module, "__getattr__", None)

    def __getattr__(name):  # Python calls it for names that the module lacks, and for no others
        if name in names and sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] == "mxnet":
            return names[name]
        if own is None:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return own(name)

    module.__getattr__ = __getattr__


def _lend_numpys_old_names():
    # Gone since 1.24. That np.bool is NumPy's own scalar type since 2.0 makes no difference to MXNet.
    names = {"bool": bool, "int": int}
    # Gone since 1.20, but for an error at the call; MXNet names them and offers none.
    names.update(dict.fromkeys(["mirr", "npv", "pmt", "ppmt", "pv", "rate"]))
    # Gone since 2.0 or later. MXNet names most as it is imported, to offer them as its own.
    names.update(Inf=np.inf, NAN=np.nan, NaN=np.nan, NINF=-np.inf, PINF=np.inf, NZERO=-0.0, PZERO=0.0)
    names.update(alltrue=np.all, sometrue=np.any, product=np.prod, round_=np.around)
    names.update(in1d=getattr(np, "isin", None), trapz=getattr(np, "trapezoid", None))
    names.update(msort=lambda a: np.sort(a, axis=0), compat=types.SimpleNamespace(basestring=str))
    _lend(np, names)


def _put(old, new):
    """Let all of MXNet's modules that know a thing, by any name, know another in its place."""
    for module in [module for name, module in sys.modules.items() if name.partition(".")[0] == "mxnet"]:
        for name in [name for name, value in vars(module).items() if value is old]:
            setattr(module, name, new)


def _but(module, **names):
    """Return a stand-in for a module, in which some names mean something else."""
    stand_in = types.ModuleType(module.__name__, module.__doc__)
    stand_in.__dict__.update({**vars(module), **names})
    return stand_in


_SCALAR = re.compile(r"np\.(?:(?:bool|u?int\d*|float\d*|str_?)\(((?:'[^']*'|[^()'])*)\)|(True|False)_\b)")


def _as_numpy_1_wrote_it(text):
    """Take NumPy 2's type names out of a written sequence: "(4, np.int64(4))" becomes "(4, 4)".

    MXNet's own library is sent every option of an operator as text, and cannot read them.
    """
    return _SCALAR.sub(r"\1\2", text) if text[:1] in ("(", "[", "{") else text


def _mend_shapes(mxnet):
    c_str, c_str_array = mxnet.base.c_str, mxnet.base.c_str_array
    _put(c_str, lambda string: c_str(_as_numpy_1_wrote_it(string)))
    _put(c_str_array, lambda strings: c_str_array([_as_numpy_1_wrote_it(string) for string in strings]))


def _mend_named_tuples(mxnet):
    """numpy.linalg returns QRResult and the like, which are not made from a list, as MXNet makes its tuples."""
    convert = mxnet.numpy.multiarray._as_mx_np_array
    _put(convert, lambda value, ctx=None: convert(tuple(value) if isinstance(value, tuple) else value, ctx))


def _mend_arrays(mxnet):
    """NumPy 1.24 no longer walks an NDArray item by item, as np.all(array) and np.asarray(array) had it do."""

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("MXNet's arrays can only be copied to NumPy.")
        return self.asnumpy().astype(self.dtype if dtype is None else dtype, copy=False)

    mxnet.nd.NDArray.__array__ = __array__


class _Bytes(np.ndarray):
    tostring = np.ndarray.tobytes


def _mend_records(mxnet):
    """NumPy 2.3 removed ndarray.tostring, by which a record's label and image are packed."""
    recordio = mxnet.recordio
    recordio.np = _but(np, asarray=lambda *args, **kwargs: np.asarray(*args, **kwargs).view(_Bytes))
    if recordio.cv2 is not None:
        encode = recordio.cv2.imencode

        def imencode(*args, **kwargs):
            done, buffer = encode(*args, **kwargs)
            return done, buffer.view(_Bytes)

        recordio.cv2 = _but(recordio.cv2, imencode=imencode)


def _mend_calls_of_numpy(mxnet):
    """NumPy 2 no longer wraps integers, such as 300 in uint8, and it warns that np.core will go."""

    def array(values, dtype=None, **kwargs):
        try:
            return np.array(values, dtype=dtype, **kwargs)
        except OverflowError:
            return np.array(values, **kwargs).astype(dtype)

    numeric = types.SimpleNamespace(normalize_axis_tuple=np.lib.array_utils.normalize_axis_tuple)
    mxnet.ndarray.ndarray.np = _but(np, array=array, core=types.SimpleNamespace(numeric=numeric))
    mxnet.numpy.multiarray._np = _but(np, array=array)


def _mend_sparse():
    """SciPy warns that scipy.sparse.csr will go; MXNet asks it at each nd.array."""
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None:
        _put(sparse, _but(sparse, csr=types.SimpleNamespace(csr_matrix=sparse.csr_matrix)))


def _mend_workers(mxnet):
    """Python 3.14 starts workers by forkserver, in which MXNet's shared arrays hang at times, as they do by spawn."""
    loader = mxnet.gluon.data.dataloader
    fork = loader.multiprocessing.get_context("fork")
    loader.multiprocessing = _but(loader.multiprocessing, Pool=fork.Pool)


def _mend_onnx(mxnet, onnx):
    """MXNet writes operators as of ONNX's version 13, and says that they are of the newest that onnx knows."""
    if not hasattr(onnx, "mapping"):  # gone after 1.18; MXNet looks up the types of arrays there
        kinds = {
            kind: onnx.helper.tensor_dtype_to_np_dtype(kind) for kind in onnx.TensorProto.DataType.values() if kind
        }
        numbers = {dtype: onnx.helper.np_dtype_to_tensor_dtype(dtype) for dtype in kinds.values()}
        _lend(onnx, {"mapping": types.SimpleNamespace(TENSOR_TYPE_TO_NP_TYPE=kinds, NP_TYPE_TO_TENSOR_TYPE=numbers)})
    export, context = mxnet.onnx.export_model, onnx.checker.DEFAULT_CONTEXT

    @functools.wraps(export)
    def export_model(*args, **kwargs):
        newest, context.opset_imports = context.opset_imports, {"": 13}
        try:
            path = export(*args, **kwargs)
        finally:
            context.opset_imports = newest
        model = onnx.load(path)
        model.opset_import[0].version, model.ir_version = 13, 7  # the format of that version's time
        onnx.save(model, path)
        return path

    _put(export, export_model)


def _import():
    if "mxnet" not in sys.modules:  # what an import that failed has left would be half made
        for name in [name for name in sys.modules if name.startswith("mxnet.")]:
            del sys.modules[name]
    if _NUMPY >= "1.24.0":
        _lend_numpys_old_names()
    if importlib.util.find_spec("distutils") is None:  # Python 3.12 removed it; MXNet compares versions by it
        importlib.import_module("setuptools")  # which puts its own in place
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "invalid escape sequence")
        mxnet = importlib.import_module("mxnet")
    if _NUMPY >= "1.24.0":
        _mend_arrays(mxnet)
        _mend_named_tuples(mxnet)
    if _NUMPY >= "2.0.0":
        _mend_shapes(mxnet)
        _mend_calls_of_numpy(mxnet)
    if not hasattr(np.ndarray, "tostring"):
        _mend_records(mxnet)
    _mend_sparse()
    if multiprocessing.get_all_start_methods()[0] == "forkserver":  # the first is the default
        _mend_workers(mxnet)
    if "onnx" in sys.modules:
        _mend_onnx(mxnet, sys.modules["onnx"])


def _remedy(error):
    """Return what to do about a known failure, in two or three lines, or None for any other."""
    text, absent = str(error), getattr(error, "name", None) or ""
    without_wheel = {"Windows AMD64": "Windows", "Darwin arm64": "Apple silicon"}.get(_MACHINE)
    if without_wheel and (absent == "mxnet" or isinstance(error, OSError)):
        return (
            f"MXNet 1.9.1 has no wheel for {without_wheel}; older ones, which pip may bring, are not served here.\n"
            "Use a Linux container or virtual machine (on Windows, WSL). On a Mac, x86-64 conda will do too:\n"
            "CONDA_SUBDIR=osx-64 conda create --name mxnet python=3.11, and there pip install mxnet==1.9.1"
        )
    if absent == "mxnet":
        return (
            f"MXNet is not installed here. Run: {_PIP} --no-deps mxnet==1.9.1\n"
            f"and: {_PIP} {_NEEDED}\n(Without --no-deps, pip would bring an older NumPy than MXNet needs now.)"
        )
    if absent.partition(".")[0] in ("distutils", "setuptools", "requests"):
        return f"MXNet needs a package that is missing here: {absent.partition('.')[0]}.\nRun: {_PIP} {_NEEDED}"
    if "libgomp" in text or "libquadmath" in text:
        return (
            f"MXNet needs a system library that is missing here: {text}.\n"
            f"On Debian or Ubuntu, run: apt-get install libgomp1{' libquadmath0' * _MACHINE.endswith('x86_64')}\n"
            "In a conda environment, run: conda install -c conda-forge libgomp libgcc"
        )
    if any(name in text for name in ("libarmpl", "libamath", "libastring")):
        # LAPACKE brings OpenBLAS with it, libc and libm are there: MXNet needs none of Arm's own names.
        folder = quote(os.path.dirname(importlib.util.find_spec("mxnet").origin))
        return (
            f"MXNet's wheel for 64-bit Arm asks for libraries of Arm's that are missing here: {text}.\n"
            "OpenBLAS will do. On Debian or Ubuntu, run: apt-get install libgomp1 liblapacke libopenblas0-pthread\n"
            "And then: for name in armpl_lp64_mp amath astring; do "
            f"ln -sf /usr/lib/aarch64-linux-gnu/liblapacke.so.3 {folder}/lib$name.so; done"
        )


try:
    _import()
except (AttributeError, ImportError, OSError) as error:
    if _remedy(error):
        raise ImportError(_remedy(error)) from None  # without MXNet's own long traceback, which says less
    raise
