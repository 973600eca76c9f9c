"""What several tests share."""

from pathlib import Path

import mxnet as mx
import numpy as np
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))

# These take minutes together: begun first, they leave no process alone at the end.
LONG = ("test_compat", "test_wheel", "test_picture_floors", "test_pictures", "test_sweeps")
LONG += ("08_choosing_an_activation", "10_gated_units", "07_gradient_flow")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    import nbformat  # here, not above: test_compat.py runs some tests where it is not

    return nbformat.read(path, as_version=4)


@pytest.fixture(params=["nd", "np"])
def arrays(request):
    """MXNet's two kinds of array; the blocks take np arrays inside these scopes only."""
    is_np = request.param == "np"
    with mx.util.np_shape(is_np), mx.util.np_array(is_np):
        yield mx.np if is_np else mx.nd


@pytest.fixture(scope="module")
def data():
    """Three classes, told apart by which of the first three features is largest."""
    from gluon_activations.experiments import Data

    rng = np.random.RandomState(0)
    x = rng.normal(size=(250, 5)).astype("float32")
    y = x[:, :3].argmax(axis=1).astype("float32")
    return Data(x[:200], y[:200], x[200:], y[200:])
