"""MXNet's operators whose gradients are wrong, or cannot be had, on the CPU."""

import contextlib
import functools

import mxnet as mx
import numpy as np
from mxnet import autograd, nd


@contextlib.contextmanager
def right_gradients():
    """Give a net that predicts the gradients it would have in training, for a while.

    On the CPU, MXNet 1.9.1 sends the gradients of max pooling, and of batch normalisation with ReLU, to wrong elements,
    unless the forward ran in training mode. There max pooling computes the same, and batch normalisation too, if told
    to use its running statistics. Convolutions are right in either mode, but round differently, which made a
    thousandth in a deep net of ReLUs. The operators are wrapped, and not the blocks, as functions call them too.

    A transposed convolution in float32 fails in `autograd.grad`, in either mode, and leaves other numbers in its
    weights. In float64 MXNet computes it otherwise, but that of volumes not at all.
    """
    old, new = ("Pooling", "Convolution", "Deconvolution"), ("pooling", "convolution", "deconvolution")
    places = [(module, name) for module in (nd, nd.op) for name in old] + [(nd.contrib, "BatchNormWithReLU")]
    places += [(module, name) for module in (mx.npx, nd.numpy_extension) for name in new]
    kept = [(module, name, getattr(module, name)) for module, name in places]
    try:
        for module, name, operator in kept:
            if name in ("Deconvolution", "deconvolution"):
                operator = _in_float64(operator)
            setattr(module, name, _in_training_mode(operator, {"use_global_stats": True} if "Norm" in name else {}))
        yield
    finally:
        for module, name, operator in kept:
            setattr(module, name, operator)


def _in_training_mode(operator, options):
    @functools.wraps(operator)
    def wrapped(*args, **kwargs):
        if autograd.is_training():
            return operator(*args, **kwargs)
        with autograd.train_mode():
            return operator(*args, **{**kwargs, **options})

    return wrapped


def _in_float64(operator):
    @functools.wraps(operator)
    def wrapped(*args, **kwargs):
        arrays = [value for value in (*args, *kwargs.values()) if isinstance(value, nd.NDArray)]
        if any(array.dtype != np.float32 or array.ndim > 4 for array in arrays):
            return operator(*args, **kwargs)
        args = [_wide(value) for value in args]
        return operator(*args, **{name: _wide(value) for name, value in kwargs.items()}).astype("float32")

    return wrapped


def _wide(value):
    return value.astype("float64") if isinstance(value, nd.NDArray) else value
