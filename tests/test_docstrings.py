"""The examples in the docstrings: they run, they say what comes out, and what is public has one."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import gluon_activations

PACKAGE = gluon_activations.__name__
MODULES = [
    "mxnet_compat",
    PACKAGE,
    *(module.name for module in pkgutil.walk_packages(gluon_activations.__path__, f"{PACKAGE}.")),
]
# What users import. Classes that they are given, and do not make, are shown where they are given.
FACE = """
blocks.gated blocks.rectifiers blocks.smooth catalogue curves exercises explore jacobians names planes plots
slopes surfaces words experiments.boundaries experiments.data experiments.differences experiments.elsewhere
experiments.export experiments.layers experiments.nets experiments.pictures experiments.shares
experiments.sweeps experiments.training
"""
COMPLETE = [f"{PACKAGE}.{name}" for name in FACE.split()]
GIVEN = {"Check", "Comparison", "Curves", "History", "Layer", "Layers"}
FINDER = doctest.DocTestFinder(exclude_empty=True)
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def examples(name):
    """Return the docstrings of a module that hold examples."""
    return [found for found in FINDER.find(importlib.import_module(name)) if found.examples]


def public(name):
    """Return the public functions and classes that a module defines, by name."""
    members = vars(importlib.import_module(name)).items()
    return {
        key: value
        for key, value in members
        if not key.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == name
        and key not in GIVEN
    }


def run(found):
    """Return how many examples fail, and what the runner says of them."""
    said = []
    failed, _ = doctest.DocTestRunner(optionflags=OPTIONS).run(found, out=said.append)
    return failed, "".join(said)


@pytest.mark.parametrize("name", [name for name in MODULES if examples(name)])
def test_examples_give_what_they_say(name):
    for found in examples(name):
        failed, said = run(found)
        assert not failed, said


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_public_has_an_example_and_annotations(name):
    documented = {found.name.split(".")[-1] for found in examples(name)}
    assert public(name), f"{name} defines nothing public"
    assert sorted(set(public(name)) - documented) == []
    for key, value in public(name).items():
        function = value.__init__ if inspect.isclass(value) else value
        if getattr(function, "__module__", None) == name:
            parameters = inspect.signature(function).parameters.values()
            named = [p for p in parameters if p.name != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
            assert [p.name for p in named if p.annotation is p.empty] == [], key


def test_a_wrong_example_is_seen():
    failed, said = run(doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "sum", None, None))
    assert failed == 1
    assert "Expected:" in said
