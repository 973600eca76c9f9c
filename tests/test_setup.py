"""The set-up: Makefile, lock and environment.yml, and what the import says where MXNet cannot be imported."""

import os
import re
import subprocess
import sys

import pytest
import yaml
from environments import ROOT, UV, copy_repository, environment, run

LOCK = ROOT / "requirements.lock"
REPORT = "try: import gluon_activations\nexcept Exception as error: print(f'{type(error).__name__}: {error}')"


@pytest.fixture
def clone(tmp_path):
    return copy_repository(tmp_path / "a clone")  # with a space in its name


def test_environment_yml_makes_an_environment_that_imports_the_package(clone, tmp_path):
    python, _, packages = yaml.safe_load((clone / "environment.yml").read_text())["dependencies"]
    # conda, too, writes the lines meant for pip to a file beside environment.yml.
    (clone / "for-pip.txt").write_text("\n".join(packages["pip"]))
    inside = environment(tmp_path / "env", "-r", "for-pip.txt", python=python.replace("=", ""), cwd=clone)
    imported = run(
        inside, "-c", "import gluon_activations, jupyterlab; print(gluon_activations.__file__)", cwd=tmp_path
    )
    assert imported.strip() == str(clone / "gluon_activations" / "__init__.py")


def test_lock_pins_exactly_and_names_no_index():
    pins = [line for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    assert pins
    assert [line for line in pins if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [\w.<>=!'() ]+)?", line)] == []


@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "x86_64-apple-darwin"])
def test_lock_satisfies_pyproject_by_wheels(platform):
    resolve = (UV, "pip", "compile", "--all-extras", "--python-version", "3.11", "--no-header", "--no-annotate")
    wheels = ("--python-platform", platform, "--only-binary", ":all:", "--constraint", LOCK)
    needed = run(*resolve, *wheels, "pyproject.toml", cwd=ROOT).splitlines()
    locked = {line.split(" ;")[0] for line in LOCK.read_text().splitlines()}
    assert [pin for pin in needed if pin not in locked] == []


def remedy(python, cwd, *path):
    report = run(python, "-W", "ignore", "-c", REPORT, cwd=cwd, PYTHONPATH=os.pathsep.join(map(str, [*path, ROOT])))
    assert report.startswith("ImportError: MXNet")
    assert len(report.splitlines()) in (2, 3)
    return report


@pytest.mark.parametrize("numpy", ["1.24.4", "2.2.6"])
def test_too_new_numpy_is_named_with_its_remedy(numpy, tmp_path):
    inside = environment(tmp_path / "env", "--no-deps", "mxnet==1.9.1", f"numpy=={numpy}")
    report = remedy(inside, tmp_path)
    assert f"this is NumPy {numpy}" in report
    assert 'python -m pip install "numpy<1.24"' in report


@pytest.mark.parametrize("requirements", [(), ("--no-deps", "mxnet==1.9.1", "numpy==1.26.4")], ids=["bare", "mxnet"])
def test_too_new_python_is_named_with_its_remedy(requirements, tmp_path):
    # pyenv hides its python3.12 from whoever does not ask for it by this variable.
    asking = {**os.environ, "PYENV_VERSION": "3.12"}
    find = [UV, "python", "find", "--no-python-downloads", "3.12"]
    found = subprocess.run(find, env=asking, cwd=tmp_path, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("there is no Python 3.12 here")
    report = remedy(environment(tmp_path / "env", *requirements, python=found.stdout.strip()), tmp_path)
    assert "this is 3.12." in report
    assert "conda create --name mxnet python=3.11" in report


def test_absent_mxnet_is_named_with_its_remedy(tmp_path):
    report = remedy(environment(tmp_path / "env"), tmp_path)
    assert 'python -m pip install "mxnet==1.9.1" "numpy<1.24"' in report
    assert "Windows" in report
    assert "Apple silicon" in report


@pytest.mark.parametrize(
    ("failure", "command"),
    [
        ("OSError('libgomp.so.1: cannot open shared object file')", "apt-get install libgomp1 libquadmath0"),
        ("OSError('libquadmath.so.0: cannot open shared object file')", "conda install -c conda-forge libgomp libgcc"),
        ("OSError('libarmpl_lp64_mp.so: cannot open shared object file')", "export LD_LIBRARY_PATH="),
        ("ModuleNotFoundError('No module named distutils', name='distutils')", "conda create --name mxnet python=3.11"),
    ],
)
def test_other_known_failures_are_named_with_their_remedy(failure, command, tmp_path):
    (tmp_path / "mxnet.py").write_text(f"raise {failure}")
    assert command in remedy(sys.executable, tmp_path, tmp_path)


@pytest.mark.parametrize(
    "failure",
    [
        "OSError: libcuda.so.1: cannot open shared object file",
        "ImportError: cannot import name 'nd' from 'mxnet'",
        "ModuleNotFoundError: No module named 'requests'",
        "AttributeError: module 'mxnet' has no attribute 'nd'",
        "RuntimeError: out of memory",
    ],
)
def test_any_other_failure_is_passed_on_untouched(failure, tmp_path):
    kind, text = failure.split(": ", 1)
    (tmp_path / "mxnet.py").write_text(f"import numpy\nraise {kind}({text!r})")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    assert run(sys.executable, "-c", REPORT, cwd=tmp_path, PYTHONPATH=path) == failure + "\n"


def test_make_sets_up_only_what_is_missing_or_out_of_date(clone):
    assert "pip install" in run("make", "-n", "test", cwd=clone)
    stamp = clone / ".venv" / ".ready"
    stamp.parent.mkdir()
    stamp.touch()
    sources = [clone / "requirements.lock", clone / "pyproject.toml"]
    for source in sources:
        os.utime(source, (0, 0))
    for target in ("test", "lab", "notebooks"):
        commands = run("make", "-n", target, cwd=clone).splitlines()
        assert commands
        assert [command for command in commands if not command.startswith(".venv/bin/")] == []
    for source in sources:
        newer = stamp.stat().st_mtime + 1
        os.utime(source, (newer, newer))
        assert "pip install" in run("make", "-n", "test", cwd=clone)
        os.utime(source, (0, 0))


def test_interrupted_set_up_heals(clone, tmp_path):
    fake = tmp_path / "bin" / "uv"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\n[ "$1" != venv ] || mkdir .venv\n[ "$1" != pip ] || [ -z "$BROKEN" ]\n')
    fake.chmod(0o755)
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    with pytest.raises(AssertionError, match="The set-up failed, for the reason above"):
        run("make", ".venv/.ready", cwd=clone, PATH=path, BROKEN="yes")
    assert not (clone / ".venv" / ".ready").exists()
    (clone / ".venv" / "half").touch()
    run("make", ".venv/.ready", cwd=clone, PATH=path)
    assert [file.name for file in (clone / ".venv").iterdir()] == [".ready"]
