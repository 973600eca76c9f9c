"""Copies of the repository, new virtual environments, and commands run free of the tests' own."""

import functools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import uv

ROOT = Path(__file__).parent.parent
UV = uv.find_uv_bin()


def free_environment(**variables):
    """This environment without what comes from the tests' own run, and with variables of one's own."""
    # Where CI is set, pytest prints some of its lines twice.
    foreign = ("PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "MAKEFLAGS", "MAKELEVEL", "CI", "BUILD_NUMBER")
    return {**{key: value for key, value in os.environ.items() if key not in foreign}, **variables}


def run(*command, cwd, **variables):
    """What a command prints, run free of this environment; if it fails, so does the test."""
    env = free_environment(UV_SYSTEM_CERTS="1", **variables)  # as in the Makefile
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.args}\n{done.stdout}{done.stderr}"
    return done.stdout


def environment(folder, *requirements, python=sys.executable, cwd=None):
    """The Python of a new virtual environment in which the requirements are installed."""
    run(UV, "venv", "--python", python, "--no-python-downloads", folder, cwd=cwd or folder.parent)
    inside = folder / "bin" / "python"
    if requirements:
        run(UV, "pip", "install", "--python", inside, *requirements, cwd=cwd or folder.parent)
    return inside


def python_of(version):
    """Return a Python of that version, or skip; where it should be there, as .ci/run says, its absence is an error."""
    # pyenv hides its pythons from whoever does not ask for them by this variable.
    asking = {**os.environ, "PYENV_VERSION": version}
    find = [UV, "python", "find", "--no-python-downloads", "--no-project", "--system", version]
    found = subprocess.run(find, env=asking, cwd="/", capture_output=True, text=True)
    if found.returncode:
        assert version not in os.environ.get("EXPECTED_PYTHONS", "").split(), f"Python {version} should be here"
        pytest.skip(f"there is no Python {version} here")
    return found.stdout.strip()


def start(*command):
    """Start a command that Ctrl-C stops, even where these tests run in the background, which ignores it."""
    obeying = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=obeying)


def copy_repository(folder):
    """Copy it there, without what the set-up and the tests leave behind."""
    left_behind = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "build", "dist", "test-output")
    return Path(shutil.copytree(ROOT, folder, ignore=left_behind))
