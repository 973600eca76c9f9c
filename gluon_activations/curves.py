"""Sample a function, differentiate it with autograd, and hold the one against the other."""

import copy
from dataclasses import dataclass

import mxnet as mx
import numpy as np
from mxnet import autograd
from mxnet.gluon import Block, nn
from mxnet.gluon.parameter import DeferredInitializationError

from gluon_activations.slopes import hold_against_slope
from gluon_activations.words import decimals


@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """A sampled activation, with its gradient held against its slope.

    Its ``repr`` says between which values f(x) and f'(x) lie, and whether f'(x) is the slope of f(x).

    Attributes
    ----------
    x, y : numpy.ndarray, shape (n,), float32
        The points, and the activation's values there (dimensionless, like all below).
    gradient : numpy.ndarray, shape (n,), float32
        The derivative of ``y`` as autograd gives it.
    slope : numpy.ndarray, shape (n,), float32
        What the curve itself does: its central difference quotient.
    wrong : numpy.ndarray, shape (n,), bool
        Where the gradient is not a slope of the curve. At a kink, any value between the left and
        the right slope is one.
    """

    x: np.ndarray
    y: np.ndarray
    gradient: np.ndarray
    slope: np.ndarray
    wrong: np.ndarray

    def __repr__(self):
        return f"f(x) {_range(self.y)}\nf'(x) {_range(self.gradient)}\nf'(x) {self.verdict}"

    @property
    def verdict(self):
        """Whether f'(x) is the slope of f(x), and if not, where and by how much it is off."""
        if not self.wrong.any():
            return "is the slope of f(x)"
        # A run of wrong points starts where the mask rises, and ends one before it falls.
        edges = np.flatnonzero(np.diff(self.wrong, prepend=False, append=False))
        runs = [f"x = {decimals(self.x[a])} to {decimals(self.x[b - 1])}" for a, b in zip(edges[::2], edges[1::2])]
        more = f" and {len(runs) - 3} more stretches" if len(runs) > 3 else ""
        with np.errstate(invalid="ignore"):
            worst = np.abs(self.gradient - self.slope)[self.wrong].max()
        much = f"off by up to {decimals(worst)}" if np.isfinite(worst) else "not finite there"
        return f"is not the slope of f(x) from {', '.join(runs[:3])}{more}: {much}"


def trace_activation(activation, x=None, *, ctx=None):
    """Sample an activation, and the gradient autograd gives it, without drawing.

    The gradient is held against the left and the right difference quotient of the curve. The
    activation runs in prediction mode, and nothing of the caller's is changed: parameters keep
    their gradients, and what is not initialised stays so.

    Parameters
    ----------
    activation : callable
        Elementwise on MXNet arrays: a Block (initialised), a function, an operator, an
        ``autograd.Function``. It is given ``mx.np`` arrays after ``npx.set_np()``, else ``mx.nd``.
    x : array_like, shape (n,), optional
        Points to sample, finite and increasing; 501 on [-10, 10] by default. Used as float32.
    ctx : mxnet.Context, optional
        Where to compute; by default where the Block's parameters are, else the current context.

    Returns
    -------
    Curve

    Raises
    ------
    TypeError
        If ``activation`` is not callable or returns no MXNet array, ``x`` holds no real numbers, or
        ``ctx`` is no context.
    ValueError
        If ``activation`` is not elementwise, changes shape or dtype, is random, is a Block that is
        not initialised, or has no gradient; if ``x`` is empty, not 1-D, not finite or not
        increasing; or if ``ctx`` does not exist.

    See Also
    --------
    visualize_activation : the same, drawn.
    """
    x = _points(x)
    if not callable(activation) or isinstance(activation, type):
        raise TypeError(f"activation must be a function or a block, such as nn.SELU(), not {activation!r}.")
    ctx = _context(activation, ctx)
    y, gradient = _evaluate(activation, x, ctx, differentiate=True)
    _check_elementwise(activation, x, y, ctx)

    slope, wrong = hold_against_slope(lambda points: _evaluate(activation, points, ctx), x, y, gradient)
    return Curve(x, y, gradient, slope, wrong)


def display_name(activation):
    """Name an activation by its type and its parameters, never by ``block.name``."""
    if isinstance(activation, nn.Activation):
        return {"relu": "ReLU", "softrelu": "softReLU"}.get(activation._act_type, activation._act_type)
    if isinstance(activation, (nn.Sequential, nn.HybridSequential)):
        return " → ".join(map(display_name, activation)) or type(activation).__name__
    if isinstance(activation, (nn.Lambda, nn.HybridLambda)):
        return (getattr(activation, "_func_name", None) or activation._func_impl.__name__).strip("<>")
    if isinstance(activation, Block):
        kind = "Leaky ReLU" if type(activation) is nn.LeakyReLU else type(activation).__name__
        numbers = {key: value for key, value in vars(activation).items() if type(value) in (int, float)}
        scalars = {key: p for key, p in activation._reg_params.items() if p.shape and np.prod(p.shape) == 1}
        numbers.update({key: p.list_data()[0].asnumpy().item() for key, p in scalars.items()})
        listed = ", ".join(f"{key.strip('_')} = {value:.3g}" for key, value in numbers.items())
        return f"{kind} ({listed})" if listed else kind
    return getattr(activation, "__name__", type(activation).__name__).strip("<>")


def _range(values):
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "nowhere finite"
    missing = f", not finite at {values.size - finite.size} of {values.size} points"
    return f"from {decimals(finite.min())} to {decimals(finite.max())}{missing if finite.size < values.size else ''}"


def _points(x):
    if x is None:
        return np.linspace(-10, 10, 501, dtype=np.float32)
    x = np.asarray(x.asnumpy() if isinstance(x, mx.nd.NDArray) else x)
    if x.dtype.kind not in "iuf":
        raise TypeError(f"x must hold real numbers, not {x.dtype}.")
    if x.ndim != 1 or not x.size:
        raise ValueError(f"x must be one-dimensional and hold at least one point; its shape is {x.shape}.")
    with np.errstate(over="ignore"):
        x = x.astype(np.float32)
    if not np.isfinite(x).all():
        raise ValueError(f"x must be finite in float32; at index {np.isfinite(x).argmin()} it is not.")
    if not (np.diff(x) > 0).all():
        raise ValueError(f"x must increase in float32; after index {(np.diff(x) > 0).argmin()} it does not.")
    return x


def _context(activation, ctx):
    """Return the context to compute on, once it is known to exist and to hold the parameters."""
    if ctx is not None and not isinstance(ctx, mx.Context):
        raise TypeError(f"ctx must be an MXNet context, such as mx.cpu(), not {ctx!r}.")
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


def _evaluate(activation, x, ctx, differentiate=False):
    """Return f(x), or f(x) and its gradient, as NumPy arrays."""
    array = (mx.np if mx.util.is_np_array() else mx.nd).array(x, dtype="float32", ctx=ctx)
    if isinstance(activation, autograd.Function):
        activation = copy.copy(activation)  # MXNet lets each instance be called once only
    name = display_name(activation)
    try:
        if not differentiate:
            with autograd.pause(train_mode=False):
                return _values(activation, name, array)[0]
        array.attach_grad()
        with autograd.record(train_mode=False):
            y, output = _values(activation, name, array)
    except mx.MXNetError as error:
        raise ValueError(f"activation {name} fails on an array of shape {x.shape}: {_reason(error)}") from error
    try:
        # An output depends on its own x alone, so the gradient of their sum is f'(x) at each x.
        # grad, not backward, which would overwrite the gradients of the caller's parameters.
        return y, autograd.grad(output, [array], train_mode=False)[0].asnumpy()
    except mx.MXNetError as error:
        raise ValueError(f"activation {name} has no gradient that autograd can find: {_reason(error)}") from error


def _values(activation, name, array):
    output = activation(array.copy())  # a copy, so that even the identity is on autograd's tape
    if not isinstance(output, mx.nd.NDArray):
        raise TypeError(f"activation must return an MXNet array; {name} returns {type(output).__name__}.")
    if output.shape != array.shape:
        raise ValueError(f"activation must be elementwise; {name} turns shape {array.shape} into {output.shape}.")
    if output.dtype != np.float32:
        raise ValueError(f"activation must keep float32; {name} returns {np.dtype(output.dtype)}.")
    return output.asnumpy(), output


def _check_elementwise(activation, x, y, ctx):
    def gives(x, y):
        return np.allclose(_evaluate(activation, x, ctx), y, rtol=1e-4, atol=1e-5, equal_nan=True)

    # An elementwise function cannot tell that it sees the second quarter only, from right to left.
    # Other functions can: their least, largest, mean and first input are all others there.
    quarter = slice(x.size // 4, x.size // 2 + 1)
    if gives(x[quarter][::-1], y[quarter][::-1]):
        return
    if gives(x, y):
        raise ValueError(f"activation must be elementwise; in {display_name(activation)} other inputs count too.")
    raise ValueError(f"activation must be deterministic; {display_name(activation)} differs from call to call.")


def _reason(error):
    """MXNet's own sentence, without its C++ traceback."""
    if "CustomFunctionBackward" in str(error):
        return "its backward raised what MXNet printed above"
    return str(error).strip().splitlines()[-1].split("MXNetError: ")[-1]
