"""Take a net out of MXNet: write it as ONNX, and run that. Needs the extra ``export``."""

import contextlib
import copy
import io
import json
import tempfile
from pathlib import Path
from typing import Any, Union

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon

from gluon_activations.names import brief


def to_onnx(net: gluon.HybridBlock, x: np.ndarray, file: Union[str, Path]) -> None:
    """Write a net as ONNX, for inputs of the shape of ``x``, in prediction mode.

    MXNet's own exporter writes a PReLU's slopes in a row, which ONNX takes for those of the last axis; here they belong
    to channels. It confuses the calls of a block that is called twice; here each is written. And here no weight is an
    input of the graph, and none is left over, of which ONNX Runtime would warn.

    Parameters
    ----------
    net : mxnet.gluon.HybridBlock
        Initialised, with one input and one output.
    x : array_like, shape (n, ...)
    file : str or Path
        Where to write. Where this fails, what is there stays as it is.

    Raises
    ------
    TypeError, ValueError
        If ``net`` is no HybridBlock, not initialised or not in float32, if ``x`` holds no numbers, or ``file`` is in no
        folder that exists. What MXNet cannot convert it names itself.

    Examples
    --------
    >>> import os, tempfile
    >>> from mxnet.gluon import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(nn.ELU(), np.zeros((2, 3)), os.path.join(folder, "elu.onnx"))
    ...     in_onnx_runtime(os.path.join(folder, "elu.onnx"), [[-50, 0, 2], [1, 1, 1]])
    array([[-1.,  0.,  2.],
           [ 1.,  1.,  1.]], dtype=float32)
    """
    import onnx  # here: the extra `export` brings it, and the rest of this wing does without

    x = _checked(net, x)
    target = Path(file)
    if not target.parent.is_dir() or target.is_dir():
        raise ValueError(f"file must be a path in a folder that exists; {str(file)!r} is not.")
    with autograd.pause(train_mode=False):
        net(mx.nd.array(x, dtype="float32"))  # so that all shapes are known
    parameters = {parameter.name: parameter.data() for parameter in net.collect_params().values()}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):  # some converters print
        whole = str(Path(folder) / "net.onnx")  # so that what was in the file stays, where this fails
        graph = _named_apart(net(mx.sym.var("data")))
        mx.onnx.export_model(graph, parameters, [x.shape], np.float32, whole)
        model = onnx.load(whole)
    constants = {constant.name: constant for constant in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    inner = graph.get_internals()
    shapes = dict(zip(inner.list_outputs(), inner.infer_shape(data=x.shape)[1]))  # MXNet's, as ONNX leaves some unknown
    for node in model.graph.node:
        if node.op_type == "PRelu":  # a copy each, as a block may be called again on an array of other axes
            slopes = model.graph.initializer.add()
            slopes.CopyFrom(constants[node.input[1]])
            slopes.name = node.input[1] = f"{node.name}_slopes"
            slopes.dims[:] = [*slopes.dims, *[1] * (len(shapes[f"{node.name}_output"]) - 2)]
    used = {name for node in model.graph.node for name in node.input}
    kept = [constant for constant in model.graph.initializer if constant.name in used]
    for part, values in ((model.graph.initializer, kept), (model.graph.input, inputs)):
        values = [copy.deepcopy(value) for value in values]
        del part[:]
        part.extend(values)
    onnx.save(model, str(target))


def _named_apart(output):
    """Return a graph in which no two nodes have one name, as those of a block that is called twice have in MXNet."""
    if not isinstance(output, mx.sym.Symbol) or len(output.list_outputs()) > 1:
        raise ValueError("net must have one output; this one has several.")
    graph, names = json.loads(output.tojson()), set()
    for i, node in enumerate(graph["nodes"]):
        node["name"] += f"_{i}" * (node["name"] in names)
        names.add(node["name"])
    return mx.sym.load_json(json.dumps(graph))


def _checked(net, x):
    """Return x for NumPy, once it and the net are known to be what can be exported."""
    if not isinstance(net, (gluon.HybridBlock, gluon.nn.Sequential)):
        raise TypeError(f"net must be a HybridBlock, such as nn.HybridSequential(), not {brief(net)}.")
    if mx.util.is_np_array():
        raise ValueError("net must take mx.nd arrays, as MXNet's exporter knows no others: call npx.reset_np() first.")
    for parameter in net.collect_params().values():
        try:
            parameter.list_ctx()
        except RuntimeError:
            raise ValueError(f"net must be initialised, by net.initialize(); its {parameter.name} is not.") from None
        if np.dtype(parameter.dtype) != np.float32:
            raise ValueError(f"net must be in float32; its {parameter.name} is in {np.dtype(parameter.dtype)}.")
    x = _numbers(x)
    if not x.ndim or not x.size:
        raise ValueError(f"x must be an array with at least one sample; its shape is {x.shape}.")
    return x


def _numbers(x):
    try:
        return np.asarray(x.asnumpy() if isinstance(x, mx.nd.NDArray) else x, dtype="float32")
    except (TypeError, ValueError):
        raise TypeError(f"x must be an array of numbers, not {brief(x)}.") from None


def in_onnx_runtime(file: Union[str, Path], x: Any) -> np.ndarray:
    """Return what ONNX Runtime makes of an input, by a file with one input and one output; MXNet has no part in it.

    Parameters
    ----------
    file : str or Path
    x : array_like, shape (n, ...)
        Of the shape that the file was written for; it is made float32.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    TypeError, ValueError
        If there is no such file, or ``x`` holds no numbers, or has another shape.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(gluon.nn.Activation("relu"), np.zeros(3), os.path.join(folder, "relu.onnx"))
    ...     in_onnx_runtime(os.path.join(folder, "relu.onnx"), [-1, 0, 2])
    array([0., 0., 2.], dtype=float32)
    """
    import onnxruntime

    x = _numbers(x)
    if not Path(file).is_file():
        raise ValueError(f"file must be one that to_onnx wrote; there is no {str(file)!r}.")
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    [place] = session.get_inputs()
    if list(x.shape) != place.shape:
        raise ValueError(f"x must have the shape that the file was written for, {place.shape}; not {list(x.shape)}.")
    [y] = session.run(None, {place.name: x})
    return y
