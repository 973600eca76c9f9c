"""Import MXNet, or say what keeps it from being imported, and the command that mends that."""

import sys

_ANEW = "Or, in a clone of this tutorial, set everything up anew: make clean lab"


def _remedy(error):
    """Two or three lines for a known failure, None for any other."""
    text = str(error)
    if isinstance(error, OSError) and ("libgomp" in text or "libquadmath" in text):
        return (
            f"MXNet needs a system library that is missing here: {text}.\n"
            "On Debian or Ubuntu, run: apt-get install libgomp1 libquadmath0\n"
            "In a conda environment, run: conda install -c conda-forge libgomp libgcc"
        )
    if isinstance(error, OSError) and "libarmpl" in text:
        return (
            f"MXNet's wheel for 64-bit Arm needs the Arm Performance Libraries, missing here: {text}.\n"
            "Install them (free, from Arm), then run: export LD_LIBRARY_PATH=<their lib folder>"
        )
    absent = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    numpy = sys.modules.get("numpy") if isinstance(error, AttributeError) and "`np." in text else None
    if absent.startswith("distutils") or (sys.version_info >= (3, 12) and (absent == "mxnet" or numpy)):
        return (
            f"MXNet 1.9.1 needs Python 3.11 or older: this is {sys.version.split()[0]}, and 3.12 removed distutils.\n"
            f"Run: conda create --name mxnet python=3.11\n{_ANEW}"
        )
    if absent == "mxnet":
        return (
            f'MXNet is not installed here. Run: python -m pip install "mxnet==1.9.1" "numpy<1.24"\n{_ANEW}\n'
            "Windows and Apple silicon have no MXNet wheels. There, use a Linux container: docker run --platform "
            "linux/amd64 (or, on a Mac, x86-64 conda: CONDA_SUBDIR=osx-64 conda env create)"
        )
    if numpy and numpy.lib.NumpyVersion(numpy.__version__) >= "1.24.0":
        return (
            f"MXNet 1.9.1 needs NumPy below 1.24, which removed np.bool; this is NumPy {numpy.__version__}.\n"
            f'Run: python -m pip install "numpy<1.24"\n{_ANEW}'
        )
    return None


try:
    import mxnet  # noqa: F401
except (AttributeError, ImportError, OSError) as error:
    if _remedy(error):
        raise ImportError(_remedy(error)) from None  # without MXNet's own long traceback, which says less
    raise
