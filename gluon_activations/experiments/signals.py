"""What goes into a net, and the gradients that come back."""

import json

import mxnet as mx
import numpy as np
from mxnet import MXNetError, autograd, gluon, nd
from mxnet.gluon.parameter import DeferredInitializationError

from gluon_activations.experiments.calls import arrays_in, blocks_of, kept, parameters_of


def as_inputs(net, weights, x):
    """Make the arrays that a net is called with: of its kind, on its context, and in its float type.

    Raises
    ------
    ValueError
        If the net is not initialised, or ``x`` holds no samples or no numbers.
    """
    for parameter in (p for block in blocks_of(net) for p in parameters_of(block).values()):
        try:
            contexts = parameter.list_ctx()
        except RuntimeError:
            raise ValueError(f"net must be initialised, by net.initialize(); its {parameter.name} is not.") from None
    own = {array.ctx for array in arrays_in(x)}
    [context] = own if len(own) == 1 and own <= set(contexts) else contexts[:1]
    dtype = np.dtype(weights[0].dtype)

    def made(item):
        if item is None or (isinstance(item, (list, tuple)) and arrays_in(item)):
            return item and [made(part) for part in item]
        return _array(item, dtype, context, "x")

    several = isinstance(x, tuple) and any(isinstance(item, (nd.NDArray, np.ndarray)) for item in x)
    inputs = [made(item) for item in (x if several else (x,))]
    if not arrays_in(inputs) or not arrays_in(inputs)[0].size:
        raise ValueError("x must hold at least one sample; it is empty.")
    return inputs


def _opaque(net):
    """Return the nodes of a net's graphs from files."""
    graphs = [block._cached_graph[1] for block in blocks_of(net) if isinstance(block, gluon.SymbolBlock)]
    return [node for graph in graphs for node in json.loads(graph.tojson())["nodes"]]


def _has_opaque_pooling(net):
    """Say whether a net holds a graph from a file with max pooling in it, all of which runs in one mode."""
    nodes = _opaque(net)
    pools = [node for node in nodes if node["op"] == "Pooling" and node["attrs"].get("pool_type", "max") == "max"]
    return bool(pools or [node for node in nodes if "BatchNormWithReLU" in node["op"]])


def _has_stuck_convolution(net):
    """Say whether a net holds a transposed convolution that cannot be computed in float64: of volumes, or in a file."""
    volumes = any(isinstance(block, gluon.nn.Conv3DTranspose) for block in blocks_of(net))
    return volumes or any(node["op"] == "Deconvolution" for node in _opaque(net))


def as_labels(net, y, loss, training):
    """Make an array of labels; unless a loss of the caller's own takes them, they must be classes.

    Raises
    ------
    ValueError
        If they are none, or the net's gradients cannot be had.
    """
    if not training and _has_opaque_pooling(net):
        raise ValueError(
            "y is of no use with max pooling in a SymbolBlock, whose gradient MXNet gets wrong when it predicts; "
            "leave it out, or pass training=True."
        )
    if _has_stuck_convolution(net):
        raise ValueError(
            "y is of no use with a transposed convolution of volumes, or in a SymbolBlock: in float32 MXNet fails to "
            "give its gradient, and damages the weights; leave it out."
        )
    if loss is not None and not callable(loss):
        raise TypeError(f"loss must be a function of the net's output and y, not {loss!r}.")
    labels = _numbers(y, "y").astype(float)
    strange = labels[(labels < 0) | (labels != np.floor(labels)) | ~np.isfinite(labels)]
    if loss is None and strange.size:
        raise ValueError(f"y must hold classes, which are whole numbers from 0 on; it holds {strange[0]:g}.")
    return labels


def mean_loss(output, labels, loss, training):
    """Record the mean loss of an output on autograd's tape.

    Raises
    ------
    ValueError
        If the labels do not fit the output.
    """
    arrays = arrays_in(output)
    if loss is None:
        labels = _fitted(labels, arrays)
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
    labels = _array(labels, np.dtype(arrays[0].dtype), arrays[0].ctx, "y")
    with autograd.record(train_mode=training), kept(loss):  # it may be a block
        losses = loss(output, labels)
        if not isinstance(losses, nd.NDArray):
            raise TypeError(f"loss must return an MXNet array, not {type(losses).__name__}.")
        return losses.mean()


def _fitted(labels, arrays):
    """Return labels in the shape that the cross-entropy wants for an output."""
    if len(arrays) > 1 or arrays[0].ndim < 2:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise ValueError(f"y is of no use with a net whose output has the shape {shapes}; leave it out, or pass loss.")
    *samples, classes = arrays[0].shape
    if labels.shape == (*samples, 1):
        labels = labels.reshape(samples)
    if labels.shape != tuple(samples):
        raise ValueError(
            f"y must have the shape {tuple(samples)}, a class for each row of scores of an output of shape "
            f"{arrays[0].shape}; not {labels.shape}. Else leave it out, or pass loss."
        )
    if labels.max() >= classes:
        raise ValueError(f"y must hold classes below the net's {classes} outputs; it holds {labels.max():g}.")
    return labels


def gradients(loss, weights, training):
    """Return the loss's derivative by each weight, by the weight's ``id``; parameters keep their own gradients."""
    reached = {}
    for weight in weights:
        try:
            reached[id(weight)] = weight.data(loss.ctx)
        except DeferredInitializationError:  # no call of the net has reached it
            continue
    arrays = list(reached.values())
    try:
        found = autograd.grad(loss, arrays, retain_graph=True, train_mode=training)
    except MXNetError as error:
        if "unreachable" not in str(error):
            raise
        zeros = mx.np.zeros_like if isinstance(loss, mx.np.ndarray) else nd.zeros_like
        with autograd.record(train_mode=training):  # which lets autograd reach them all, and adds nothing
            loss = loss + sum(zeros(array).sum().astype(loss.dtype) for array in arrays)
        found = autograd.grad(loss, arrays, retain_graph=True, train_mode=training)
    return {key: gradient.asnumpy() for key, gradient in zip(reached, found)}


def total(output):
    """Return one array on autograd's tape that comes from all of an output."""
    with autograd.record(train_mode=False):
        return sum(array.astype("float32").sum() for array in arrays_in(output))


def _numbers(values, name):
    numbers = values.asnumpy() if isinstance(values, nd.NDArray) else np.asarray(values)
    if numbers.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, not {numbers.dtype}.")
    return numbers


def _array(values, dtype, context, name):
    """Make an array as MXNet now wants it, ``nd`` or ``np``; what the float type cannot hold exactly stays integer."""
    numbers = _numbers(values, name)
    if numbers.dtype.kind != "f":
        kept = isinstance(values, nd.NDArray) or not np.array_equal(numbers.astype(dtype), numbers)
        dtype = (numbers.dtype if isinstance(values, nd.NDArray) else np.int32) if kept else dtype
    make = mx.np.array if mx.util.is_np_array() else nd.array
    return make(numbers, dtype=dtype, ctx=context)
