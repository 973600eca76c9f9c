"""What a person can choose: on the command line, in pytest's ini file, and by a cell's tags."""

import functools
import tempfile
from pathlib import Path

import pytest

KINDS = ("png", "jpeg", "gif", "webp", "svg", "pdf")

# What a kernel must not take over from the person or the machine that starts it.
VARIABLES = {
    "IPYTHONDIR": "their own profile of IPython, with its start-up files and its history",
    "MATPLOTLIBRC": "their own settings of Matplotlib",
    "OMP_NUM_THREADS": "as many threads as there are cores, though notebooks run side by side",
    "TQDM_DISABLE": "progress bars, which never end twice at the same speed",
}

KEY = pytest.StashKey()  # where a session keeps its Settings
ACCEPTED, DIFFERING = "pictures-accepted", "pictures-differing"  # properties of a test, which xdist carries along

OPTIONS = {
    "tolerance": ("0.5", "how far a picture may differ: root mean square over its pixels' levels, from 0 to 255"),
    "kinds": (" ".join(KINDS), "which kinds of picture to compare; the others are left to nbval"),
    "environment": (" ".join(VARIABLES), "what to set in the kernels' environment, and nowhere else; '' for nothing"),
    "output": ("pictures-report", "where to keep pictures that differ; emptied at the start of each run"),
}


def add_options(parser):
    """Give each setting a place on the command line and one in the ini file."""
    group = parser.getgroup("nbval_pictures", "pictures in Jupyter notebooks, with --nbval")
    for name, (default, purpose) in OPTIONS.items():
        group.addoption(f"--pictures-{name}", help=f"{purpose} (ini: pictures_{name}, default: {default})")
        parser.addini(f"pictures_{name}", purpose, default=default)
    group.addoption(
        "--pictures-accept", action="store_true", help="write what failing cells show now into their notebooks"
    )


class Settings:
    """What was chosen, read from pytest's configuration; pytest.UsageError says what cannot be meant."""

    def __init__(self, config):
        def chosen(name):
            value = config.getoption(f"pictures_{name}")
            return config.getini(f"pictures_{name}") if value is None else value

        def chosen_of(name, known):
            words = chosen(name).replace(",", " ").split()
            if set(words) <= set(known):
                return words
            raise pytest.UsageError(f"pictures_{name} may hold {', '.join(known)}; it is {chosen(name)!r}")

        try:
            self.tolerance = tolerance(chosen("tolerance"))
        except ValueError as error:
            raise pytest.UsageError(f"pictures_tolerance: {error}") from None
        self.kinds = chosen_of("kinds", KINDS)
        self.accept = config.getoption("pictures_accept")
        self.output = (config.rootpath / chosen("output")).resolve()  # no link, which rmtree would leave
        self._variables = chosen_of("environment", VARIABLES)

    @functools.cached_property
    def _folder(self):
        return tempfile.TemporaryDirectory(prefix="nbval-pictures-")

    def environment(self):
        """Return the variables for the kernels, with the folder and the file they name."""
        if not self._variables:
            return {}
        return {name: value for name, value in plain(Path(self._folder.name)).items() if name in self._variables}

    def close(self):
        """Remove what ``environment`` made."""
        if "_folder" in vars(self):
            self._folder.cleanup()


def plain(folder):
    """Return an environment without anything of the person's, whose files lie in a folder."""
    matplotlibrc = folder / "matplotlibrc"
    matplotlibrc.touch()  # an empty one leaves Matplotlib its defaults
    (folder / "ipython").mkdir(exist_ok=True)
    return {
        "IPYTHONDIR": str(folder / "ipython"),
        "MATPLOTLIBRC": str(matplotlibrc),
        "OMP_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
    }


def tolerance(text):
    """Return a number that is not negative, or raise a ValueError that says what was given."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if number >= 0:  # which NaN is not
        return number
    raise ValueError(f"a tolerance is a number, 0 or more, not {text!r}")
