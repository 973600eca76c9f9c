"""The set-up: Makefile, lock and environment.yml, and what the import says where MXNet cannot be imported."""

import os
import re
import subprocess
import sys

import pytest
import yaml
from environments import ROOT, UV, copy_repository, environment, run

LOCK = ROOT / "requirements.lock"
# What a fake uv does of `uv venv`, and then `uv pip install`: make asks the environment's Jupyter for something.
MAKE_VENV = '[ "$1" != venv ] || { mkdir -p .venv/bin; cd .venv/bin; echo "#!/bin/sh" > jupyter; chmod +x jupyter; }'
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
    assert [line for line in pins if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [\w.*<>=!'() ]+)?", line)] == []


@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "x86_64-apple-darwin"])
def test_lock_satisfies_pyproject_by_wheels(platform):
    resolve = (UV, "pip", "compile", "--all-extras", "--python-version", "3.11", "--no-header", "--no-annotate")
    wheels = ("--python-platform", platform, "--only-binary", ":all:", "--constraint", LOCK)
    needed = run(*resolve, *wheels, "pyproject.toml", cwd=ROOT).splitlines()
    locked = {line.split(" ;")[0] for line in LOCK.read_text().splitlines()}
    assert [pin for pin in needed if pin not in locked] == []


def remedy(python, cwd, *path, before=""):
    report = run(
        python, "-W", "ignore", "-c", before + REPORT, cwd=cwd, PYTHONPATH=os.pathsep.join(map(str, [*path, ROOT]))
    )
    assert report.startswith("ImportError: MXNet")
    assert len(report.splitlines()) in (2, 3)
    return report


def test_absent_mxnet_is_named_with_its_remedy_which_works(tmp_path):
    inside = environment(tmp_path / "env", "numpy==1.23.5", "matplotlib")
    report = remedy(inside, tmp_path)
    commands = re.findall("python -m pip install (.*)", report)
    for command in commands:
        run(UV, "pip", "install", "--python", inside, *command.split(), cwd=tmp_path)
    assert run(inside, "-W", "ignore", "-c", REPORT, cwd=tmp_path, PYTHONPATH=str(ROOT)) == ""


@pytest.mark.parametrize("machine", ["Windows AMD64", "Darwin arm64"])
@pytest.mark.parametrize(
    "failure", ["ModuleNotFoundError('No module named mxnet', name='mxnet')", "OSError('not a mach-o file')"]
)
def test_a_system_without_a_wheel_is_named_with_what_serves(machine, failure, tmp_path):
    (tmp_path / "mxnet.py").write_text(f"raise {failure}")
    system, kind = machine.split()
    report = remedy(
        sys.executable,
        tmp_path,
        tmp_path,
        before=f"import platform; platform.system = lambda: {system!r}; platform.machine = lambda: {kind!r}\n",
    )
    assert f"no wheel for {'Windows' if system == 'Windows' else 'Apple silicon'}" in report
    assert "Linux container" in report


@pytest.mark.parametrize(
    ("failure", "command"),
    [
        ("OSError('libgomp.so.1: cannot open shared object file')", "apt-get install libgomp1 libquadmath0"),
        ("OSError('libquadmath.so.0: cannot open shared object file')", "conda install -c conda-forge libgomp libgcc"),
        ("ModuleNotFoundError('No module named requests', name='requests')", "python -m pip install requests"),
        ("ModuleNotFoundError('No module named distutils', name='distutils')", "missing here: distutils"),
    ],
)
def test_other_known_failures_are_named_with_their_remedy(failure, command, tmp_path):
    (tmp_path / "mxnet.py").write_text(f"raise {failure}")
    assert command in remedy(sys.executable, tmp_path, tmp_path)


@pytest.mark.parametrize("library", ["libarmpl_lp64_mp.so", "libamath.so", "libastring.so"])
def test_absent_libraries_of_arm_are_named_with_what_serves_as_well(library, tmp_path):
    folder = tmp_path / "a folder" / "mxnet"  # with a space in its name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(f"raise OSError('{library}: cannot open shared object file')")
    report = remedy(sys.executable, tmp_path, folder.parent)
    assert "apt-get install libgomp1 liblapacke libopenblas0-pthread" in report
    # Twice: what was done by halves can be done again.
    for _ in range(2):
        subprocess.run(["sh", "-c", report.partition("And then: ")[2]], check=True)
    links = {link.name: os.readlink(link) for link in folder.iterdir() if link.is_symlink()}
    needed = ("libarmpl_lp64_mp.so", "libamath.so", "libastring.so")  # by the wheel's libmxnet.so
    assert links == dict.fromkeys(needed, "/usr/lib/aarch64-linux-gnu/liblapacke.so.3")


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


@pytest.mark.parametrize(("there", "taken"), [("3.11", "3.11"), ("3.13", "3.13"), ("none", "3.11")])
def test_make_takes_a_python_that_is_there_before_it_fetches_one(there, taken, clone, tmp_path):
    fake = tmp_path / "bin" / "uv"
    fake.parent.mkdir()
    lines = [f"echo $* >> {tmp_path}/log", f"[ $1 != python ] || [ $4 = {there} ]", MAKE_VENV]
    fake.write_text("#!/bin/sh -e\n" + "\n".join(lines) + "\n")
    fake.chmod(0o755)
    run("make", ".venv/.ready", cwd=clone, PATH=f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    assert f"venv --quiet --python {taken} .venv" in (tmp_path / "log").read_text().splitlines()


def test_interrupted_set_up_heals(clone, tmp_path):
    fake = tmp_path / "bin" / "uv"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\n{MAKE_VENV}\n[ "$1" != pip ] || [ -z "$BROKEN" ]\n')
    fake.chmod(0o755)
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    with pytest.raises(AssertionError, match="The set-up failed, for the reason above"):
        run("make", ".venv/.ready", cwd=clone, PATH=path, BROKEN="yes")
    assert not (clone / ".venv" / ".ready").exists()
    (clone / ".venv" / "half").touch()
    run("make", ".venv/.ready", cwd=clone, PATH=path)
    assert {file.name for file in (clone / ".venv").iterdir()} == {".ready", "bin"}
