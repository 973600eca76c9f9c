"""Run an activation on numbers, and differentiate it by autograd."""

import contextlib
import copy

import mxnet as mx
import numpy as np
from mxnet import autograd
from mxnet.gluon import Block
from mxnet.gluon.parameter import DeferredInitializationError

from gluon_activations.names import brief, display_name


def evaluate(activation, x, ctx):
    """Return f(x), of the shape of x, as a NumPy array."""
    with autograd.pause(train_mode=False):
        return _call(activation, _array(x, ctx)).asnumpy()


def differentiate(activation, x, ctx, dy=None):
    """Return f(x), and f'(x) times dy, or f'(x); of the shape of x, as NumPy arrays.

    The gradient of the other input of `OfOne` is asked for as well: an ``autograd.Function`` gives none to what follows
    an input that needs none.
    """
    array = _array(x, ctx)
    array.attach_grad()
    with autograd.record(train_mode=False):
        output = _call(activation, array)
    heads = None if dy is None else [_array(dy, ctx)]
    try:
        # An output depends on its own x alone, so the gradient of their sum is f'(x) at each x.
        # grad, not backward, which would overwrite the gradients of the caller's parameters.
        variables = [array, *(activation.others if isinstance(activation, OfOne) else ())]
        gradient, *_ = autograd.grad(output, variables, head_grads=heads, train_mode=False)
        return output.asnumpy(), gradient.asnumpy()
    except mx.MXNetError as error:
        reason = _reason(error, activation)
        raise ValueError(
            f"activation {display_name(activation)} has no gradient that autograd can find: {reason}"
        ) from error


class OfOne:
    """A function of two inputs as one of the first (``place`` 0) or the second; the other is a number, or an array.

    ``others`` holds the other input as an MXNet array, once it has been called.
    """

    def __init__(self, activation, place, other):
        self.activation, self.place, self.other, self.others = activation, place, other, []
        self.__name__ = display_name(activation)

    def __call__(self, x):
        given = _array(np.broadcast_to(self.other, x.shape), x.ctx)
        given.attach_grad()
        self.others = [given]
        return callable_again(self.activation)(*((x, given) if self.place == 0 else (given, x)))


def find_context(activation, ctx):
    """Return the context to compute on, once it is known to exist and to hold the parameters."""
    if ctx is not None and not isinstance(ctx, mx.Context):
        raise TypeError(f"ctx must be an MXNet context, such as mx.cpu(), not {brief(ctx)}.")
    kind = type(activation).__name__
    for parameter in activation.collect_params().values() if isinstance(activation, Block) else ():
        try:
            held = parameter.list_ctx()
            parameter.data(held[0])
        except DeferredInitializationError:
            todo = f"call it once on data of yours first; the shape of {parameter.name} is not known before"
            raise ValueError(f"activation {kind} is not wholly initialised: {todo}.") from None
        except RuntimeError:
            raise ValueError(f"activation {kind} is not initialised: call its initialize() first.") from None
        ctx = ctx or held[0]
        if ctx not in held:
            raise ValueError(f"ctx must be where {kind} has its parameters, {held}, not {ctx}.")
    ctx = ctx or mx.context.current_context()
    # Asked for a GPU that is not there, MXNet prints to the terminal.
    if ctx.device_type == "gpu" and ctx.device_id >= mx.context.num_gpus():
        raise ValueError(f"ctx must exist, as mx.cpu() does; {ctx} does not: MXNet sees {mx.context.num_gpus()} GPUs.")
    return ctx


def check_callable(activation):
    if not callable(activation) or isinstance(activation, (type, mx.sym.Symbol)):
        raise TypeError(f"activation must be a function or a block, such as nn.SELU(), not {brief(activation)}.")


def points(name, x):
    """Return a caller's points as float32, once they are known to be finite, increasing and one-dimensional."""
    x = np.asarray(x.asnumpy() if isinstance(x, mx.nd.NDArray) else x)
    if x.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, not {x.dtype}.")
    if x.ndim != 1 or not x.size:
        raise ValueError(f"{name} must be one-dimensional and hold at least one point; its shape is {x.shape}.")
    with np.errstate(over="ignore"):
        x = x.astype(np.float32)
    if not np.isfinite(x).all():
        raise ValueError(f"{name} must be finite in float32; at index {np.isfinite(x).argmin()} it is not.")
    if not (np.diff(x) > 0).all():
        raise ValueError(f"{name} must increase in float32; after index {(np.diff(x) > 0).argmin()} it does not.")
    return x


def callable_again(activation):
    """Return a fresh copy of an ``autograd.Function``, which MXNet lets be called once only; anything else as it is."""
    if isinstance(activation, autograd.Function):
        activation = copy.copy(activation)
        activation._used = False
    return activation


def _array(values, ctx):
    return (mx.np if mx.util.is_np_array() else mx.nd).array(values, dtype="float32", ctx=ctx)


def _call(activation, array):
    name, activation = display_name(activation), callable_again(activation)
    with _explained(activation, name, array):
        output = activation(array.copy())  # a copy, so that even the identity is on autograd's tape
        if isinstance(output, mx.nd.NDArray):
            output.wait_to_read()  # some errors wait till then
    if not isinstance(output, mx.nd.NDArray):
        raise TypeError(f"activation must return an MXNet array; {name} returns {type(output).__name__}.")
    if output.shape != array.shape:
        turned = f"{name} turns shape {array.shape} into {output.shape}"
        raise ValueError(f"activation must keep the shape of its input, as what is elementwise does; {turned}.")
    if output.dtype != np.float32:
        raise ValueError(f"activation must keep float32; {name} returns {np.dtype(output.dtype)}.")
    return output


@contextlib.contextmanager
def _explained(activation, name, array):
    """Turn what MXNet says into a sentence; what the activation's own code raises is left as it is."""
    try:
        yield
    except mx.MXNetError as error:
        reason = _reason(error, activation)
        raise ValueError(f"activation {name} fails on an array of shape {array.shape}: {reason}") from error
    except AssertionError as error:
        if "can only be called once" not in str(error):
            raise
        raise ValueError(
            f"activation {name} holds an autograd.Function that has been called before, which MXNet allows once only; "
            "make a new one in each call, as lambda x: MyFunction()(x) does."
        ) from None


def _reason(error, activation):
    """Return MXNet's own sentence, without its C++ traceback, and what would do where that is known."""
    text = str(error)
    if "CustomFunctionBackward" in text or "Check failed: reinterpret_cast<CustomOp" in text:
        return "its own Python code raised what MXNet printed above"
    said = ([line for line in text.strip().splitlines() if line.strip()] or ["MXNet does not say why"])[-1]
    said = said.split("MXNetError: ")[-1].strip()
    for parameter in activation.collect_params().values() if isinstance(activation, Block) else ():
        shape = parameter.list_data()[0].shape  # that of the parameter is None in a graph from a file
        if np.prod(shape) > 1:
            return f"{said} ({parameter.name} has shape {shape}; trace a function of one of its numbers instead)"
        if parameter.dtype != np.float32:
            return f"{said} ({parameter.name} is {np.dtype(parameter.dtype)}; cast the block to float32)"
    return said
