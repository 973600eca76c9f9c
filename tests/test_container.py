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
    assert re.search(r"^FROM .*debian:bookworm-slim$", DOCKERFILE, re.M)
    python = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][0]
    assert python == f"python={BOOKWORM_PYTHON}"
    assert f"--python {BOOKWORM_PYTHON}" in (ROOT / "Makefile").read_text()
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


@pytest.mark.parametrize("library", ["libgomp1", "libquadmath0"])
def test_has_the_libraries_that_mxnet_needs(library):
    assert re.search(rf"apt-get install .*\b{library}\b", DOCKERFILE)
    assert library in (ROOT / ".ci" / "run").read_text()


def test_the_dev_container_is_built_from_it():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert (ROOT / ".devcontainer" / container["build"]["context"]).resolve() == ROOT
    python = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert f"python3 -m venv {Path(python).parent.parent}\n" in DOCKERFILE.replace(" \\", "")
