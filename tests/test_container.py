"""The container's files are sound, and say what the rest of the project says. No engine runs here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BOOKWORM_PYTHON = "3.11"  # Debian releases keep theirs


def test_the_linter_has_no_complaint():
    linted = subprocess.run(
        [Path(sys.executable).parent / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def test_has_the_python_and_the_versions_of_every_other_environment():
    assert re.search(r"^FROM debian:bookworm-slim$", DOCKERFILE, re.M)  # for whichever machine builds it
    python = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][0]
    assert python == f"python={BOOKWORM_PYTHON}"
    assert f"PYTHONS = {BOOKWORM_PYTHON} " in (ROOT / "Makefile").read_text()
    assert '--constraint requirements.lock --editable ".[notebooks]"' in DOCKERFILE


def test_copies_files_that_exist():
    copied = [line.split()[2:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    assert {"requirements.lock", "notebooks"} <= {name for names in copied for name in names}
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name


def test_runs_as_an_ordinary_user_with_the_token_on():
    assert re.findall(r"^USER (.+)", DOCKERFILE, re.M) == ["1000"]
    command = json.loads(re.search(r"^CMD (.+)", DOCKERFILE, re.M)[1])
    assert command[:2] == ["jupyter", "lab"]
    assert not any("token" in word or "password" in word or "allow" in word for word in command)
    [opened] = [word.partition("/lab/tree/")[2] for word in command if "default_url" in word]
    assert (ROOT / opened).is_file()


def steps(machine, folder):
    """Run the Dockerfile's steps as if on that machine, and return each command that they would have run there."""
    tools, log = folder / "tools", folder / "log"
    tools.mkdir()
    log.touch()
    for tool in ("apt-get", "jupyter", "ln", "pip", "python3", "rm", "useradd"):
        (tools / tool).write_text(f'#!/bin/sh\necho {tool} "$@" >> "{log}"\n')
    (tools / "uname").write_text(f"#!/bin/sh\necho {machine}\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    for step in re.findall(r"^RUN ((?:.*\\\n)*.*)", DOCKERFILE, re.M):
        # No other tool can be found, so none runs in earnest.
        subprocess.run(["/bin/sh", "-c", step], env={"PATH": str(tools)}, check=True)
    return [line.split() for line in log.read_text().splitlines()]


@pytest.mark.parametrize(
    ("machine", "libraries"),
    [("x86_64", {"libquadmath0"}), ("aarch64", {"liblapacke", "libopenblas0-pthread"})],
)
def test_installs_the_libraries_that_mxnet_needs(machine, libraries, tmp_path):
    [installed] = [set(command) for command in steps(machine, tmp_path) if command[:2] == ["apt-get", "install"]]
    assert {name for name in installed if name.startswith("lib")} == {"libgomp1"} | libraries


def test_gives_mxnet_on_arm_what_it_looks_for_in_its_folder(tmp_path):
    links = [command for command in steps("aarch64", tmp_path) if command[0] == "ln"]
    folder = f"/home/reader/venv/lib/python{BOOKWORM_PYTHON}/site-packages/mxnet"
    needed = ["libarmpl_lp64_mp.so", "libamath.so", "libastring.so"]  # by the wheel's libmxnet.so
    assert links == [["ln", "-s", "/usr/lib/aarch64-linux-gnu/liblapacke.so.3", f"{folder}/{name}"] for name in needed]


def test_links_nothing_on_other_machines(tmp_path):
    assert "ln" not in {command[0] for command in steps("x86_64", tmp_path)}


@pytest.mark.parametrize("library", ["libgomp1", "libquadmath0"])
def test_the_set_up_of_a_bare_machine_has_the_libraries_that_mxnet_needs(library):
    assert library in (ROOT / ".ci" / "run").read_text()


def test_the_dev_container_is_built_from_it():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert (ROOT / ".devcontainer" / container["build"]["context"]).resolve() == ROOT
    python = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert f"python3 -m venv {Path(python).parent.parent}\n" in DOCKERFILE.replace(" \\", "")
