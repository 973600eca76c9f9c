"""Each thing in its room: what may import what, read from the syntax trees."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "gluon_activations"
# A room imports from those above its line here, and none beside or below it.
STOREYS = [
    {"words", "intervals", "names"},
    {"slopes", "blocks", "evaluation"},
    {"catalogue", "curves", "figures"},
    {"surfaces", "jacobians"},
    {"plots", "planes", "experiments", "answers"},
    {"net_exercises", "gated_exercises", "leaving_exercises"},
    {"explore", "exercises"},
]
# Each of a wing may import from those before it.
WINGS = {
    "blocks": ["elementwise", "rectifiers", "smooth", "gated"],
    "experiments": [
        *("data", "nets", "training", "operators", "calls", "tape", "kinds", "signals"),
        *("layers", "rows", "processes", "sweeps", "pictures"),
        *("shares", "boundaries", "differences", "elsewhere", "export"),
    ],
}
FOREIGN = {
    "words": {"mxnet", "matplotlib"},
    "intervals": {"mxnet", "matplotlib"},
    "slopes": {"mxnet", "matplotlib"},
    "figures": {"mxnet"},
    "evaluation": {"matplotlib"},
    "curves": {"matplotlib"},
    "surfaces": {"matplotlib"},
    "jacobians": {"matplotlib"},
    "answers": {"matplotlib"},
}
PRIVATE = "_(?!_|replace|fields|asdict)"  # those are how a named tuple spells what is public
MODULES = sorted(path for path in (ROOT / PACKAGE).rglob("*.py") if path.name != "__init__.py")
COMPAT = ROOT / "mxnet_compat.py"
PLUGIN = sorted((ROOT / "nbval_pictures").glob("*.py"))  # a house of its own
SOURCES = [
    path
    for folder in (PACKAGE, "nbval_pictures", "tests", "tools", "benchmarks", "docs")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def imports(source):
    """Return each (module, name) that is imported anywhere in a file, with None for a whole module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or ".", alias.name) for alias in node.names)


def private(source):
    """Return the private names of ours that a file takes."""
    ours = set()
    for module, name in imports(source):
        parts = [*module.split("."), *([name] if name else [])]
        if parts[0] in (PACKAGE, "nbval_pictures", "."):
            ours.add(parts[-1])
            yield from (part for part in parts if re.match(PRIVATE, part))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) in ours and re.match(PRIVATE, node.attr):
            yield node.attr


def rooms(source):
    """Return the rooms of ours that a file imports from, such as ("figures",) or ("experiments", "data")."""
    for module, name in imports(source):
        if module.split(".")[0] == PACKAGE:
            yield tuple(f"{module}.{name or ''}".strip(".").split(".")[1:3])


def objections(path, source):
    *wing, room = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
    storey = next(i for i, storey in enumerate(STOREYS) if (wing or [room])[0] in storey)
    lower = set().union(*STOREYS[:storey])
    for there, *inner in rooms(source):
        if wing and there == wing[0]:
            if not inner or inner[0] not in WINGS[there][: WINGS[there].index(room)]:
                yield f"{room} imports {'.'.join([there, *inner])}"
        elif there not in lower:
            yield f"{room} imports {there}"
    for module, _ in imports(source):
        if module.split(".")[0] in FOREIGN.get(room, ()):
            yield f"{room} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_room_imports_from_below_only(path):
    assert list(objections(path, path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("figures", "import mxnet as mx"),
        ("figures", "from gluon_activations.curves import Curve"),
        ("slopes", "from matplotlib import pyplot"),
        ("slopes", "def f():\n    from mxnet import nd"),
        ("curves", "from gluon_activations import figures"),
        ("plots", "from gluon_activations.experiments import mlp"),
        ("blocks/smooth", "from gluon_activations.catalogue import activation_blocks"),
        ("blocks/elementwise", "from gluon_activations.blocks.smooth import Swish"),
        ("blocks/gated", "from gluon_activations.blocks import Swish"),
        ("experiments/data", "from gluon_activations.experiments.training import mlp"),
        ("experiments/data", "from gluon_activations.experiments import mlp"),
        ("experiments/layers", "from gluon_activations.exercises import check"),
        ("answers", "from gluon_activations.experiments import train"),
        ("net_exercises", "from gluon_activations.exercises import check"),
    ],
)
def test_an_import_from_above_is_seen(room, line):
    assert len(list(objections(ROOT / PACKAGE / f"{room}.py", line))) == 1


def test_mxnet_compat_knows_nothing_of_the_rest():
    named = {module.split(".")[0] for module, _ in imports(COMPAT.read_text(encoding="utf-8"))}
    assert named - sys.stdlib_module_names == {"numpy"}


def test_nothing_imports_a_private_name():
    found = {str(path): list(private(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("line", ["from {} import _b", "import {}._b", "from {}._b import c", "from {} import b; b._c"])
def test_a_private_import_is_seen(line):
    assert len(list(private(line.format(PACKAGE)))) == 1


@pytest.mark.parametrize("path", PLUGIN, ids=lambda path: path.stem)
def test_the_plugin_knows_nothing_of_the_tutorial(path):
    known = {module.split(".")[0] for module, _ in imports(path.read_text(encoding="utf-8"))}
    assert not known & {"mxnet", PACKAGE}


@pytest.mark.parametrize("path", [*MODULES, *PLUGIN, COMPAT], ids=lambda path: path.stem)
def test_no_module_is_too_long_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250
