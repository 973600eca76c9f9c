"""Take a net out of MXNet: write it as ONNX, and run that. Needs the extra ``export``."""

import contextlib
import io
from pathlib import Path
from typing import Any, Union

import mxnet as mx
import numpy as np
from mxnet import gluon


def to_onnx(net: gluon.HybridBlock, x: np.ndarray, file: Union[str, Path]) -> None:
    """Write a net as ONNX, for inputs of the shape of ``x``, in prediction mode.

    MXNet's own exporter writes a PReLU's slopes in a row, which ONNX takes for those of the last axis; here they belong
    to channels. And here no weight is an input of the graph, of which ONNX Runtime would warn.

    Parameters
    ----------
    net : mxnet.gluon.HybridBlock
        Initialised, with one input and one output.
    x : numpy.ndarray, shape (n, ...)
    file : str or Path
        Where to write.

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

    net(mx.nd.array(x, dtype="float32"))  # so that all shapes are known
    parameters = {parameter.name: parameter.data() for parameter in net.collect_params().values()}
    with contextlib.redirect_stdout(io.StringIO()):  # some of MXNet's converters print
        mx.onnx.export_model(net(mx.sym.var("data")), parameters, [np.shape(x)], np.float32, str(file))
    model = onnx.shape_inference.infer_shapes(onnx.load(file))
    constants = {constant.name: constant for constant in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    shapes = {value.name: value.type.tensor_type.shape.dim for value in [*inputs, *model.graph.value_info]}
    for node in model.graph.node:
        if node.op_type == "PRelu":
            slopes = constants[node.input[1]]
            slopes.dims[:] = [*slopes.dims, *[1] * (len(shapes[node.input[0]]) - 2)]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    onnx.save(model, file)


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

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(gluon.nn.Activation("relu"), np.zeros(3), os.path.join(folder, "relu.onnx"))
    ...     in_onnx_runtime(os.path.join(folder, "relu.onnx"), [-1, 0, 2])
    array([0., 0., 2.], dtype=float32)
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    [y] = session.run(None, {session.get_inputs()[0].name: np.asarray(x, dtype="float32")})
    return y
