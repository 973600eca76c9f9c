"""Tell activations from other blocks, by trying."""

import contextlib

import mxnet as mx
import numpy as np
from mxnet import MXNetError, autograd, nd
from mxnet.gluon import nn

from gluon_activations.experiments.calls import blocks_of, kept, parameters_of, weights_of
from gluon_activations.experiments.tape import functions

_DRAWS = np.random.RandomState(0)
# Numbers right and left of zero, from 0.1 to 30 in size, and which of them to keep; so many that no axis is a multiple.
_PROBES = [s * 10 ** _DRAWS.uniform(-1, 1.5, 5003) for s in (1, -1)] + [_DRAWS.uniform(size=5003) < 0.5]


def kind(block, x):
    """Say what a block does to arrays such as ``x``.

    Parameters
    ----------
    block : mxnet.gluon.Block
    x : mxnet.nd.NDArray or mxnet.np.ndarray
        Of the shape, type and context that it takes.

    Returns
    -------
    str
        ``"activation"`` if it is elementwise, bends, and has no weights of two or more dimensions; ``"scaling"``
        if it is elementwise without a bend, or normalises with parameters of its own, so that an activation behind it
        still belongs to the layer before it; else ``""``. What it is made of counts, for a plain chain.
    """
    parts = blocks_of(block)
    if type(block) in (nn.Sequential, nn.HybridSequential) or any(weights_of(part) for part in parts):
        return ""
    elementwise, bends = _tried(block, x)
    if elementwise:
        inner = any(isinstance(part, nn.BatchNorm) for part in parts)
        return "scaling" if not bends else "" if inner else "activation"
    return "scaling" if any(parameters_of(part) for part in parts) else ""


def _tried(block, x):
    """Return whether each output depends on its own input alone, and whether any does so by other than a straight line.

    A block is tried on two samples, cut to eight positions along each axis but the first two, which costs little; where
    it does not take that, uncut.
    """
    if not np.issubdtype(x.dtype, np.floating):
        return False, False
    for shape in ((*x.shape[:2], *(min(n, 8) for n in x.shape[2:])), x.shape):
        shape = (min(shape[0], 2), *shape[1:]) if len(shape) > 1 else shape
        right, left, mask = (np.resize(values, shape) for values in _PROBES)
        mask.flat[0], mask.flat[-1] = True, False
        try:
            at_right, at_left = _forward(block, x, right), _forward(block, x, left)
            mixed = _forward(block, x, np.where(mask, right, (right + left) / 2))
        except Exception:  # whatever a stranger's block says to such numbers
            continue
        if at_right.shape != shape:
            continue
        straight = (at_right + at_left) / 2
        slack = (1e-2 if x.dtype == np.float16 else 1e-4) * (np.abs(at_right) + np.abs(at_left))
        with np.errstate(invalid="ignore"):
            bends = ~(np.abs(mixed - straight) <= slack) & ~(np.isnan(mixed) & np.isnan(straight)) & ~mask
        return np.array_equal(mixed[mask], at_right[mask], equal_nan=True), bends.any()
    return False, False


def _forward(block, x, values):
    make = mx.np.array if isinstance(x, mx.np.ndarray) else nd.array
    with autograd.pause(train_mode=False), kept(block):
        return block.forward(make(values, dtype=x.dtype, ctx=x.ctx)).asnumpy().astype(float)


def outermost(calls):
    """Return calls with their kinds, in order, without those made within an activation."""
    found, known, i = [], {}, len(calls) - 1
    while i >= 0:
        call, what = calls[i], ""
        if call.simple and call.output is not call.input and call.output.shape == call.input.shape:
            if id(call.block) not in known:
                known[id(call.block)] = kind(call.block, call.input)
            what = known[id(call.block)]
        found.append((call, what))
        i = call.first - 1 if what == "activation" else i - 1
    return found[::-1]


@contextlib.contextmanager
def _drawn_again(call):
    """Seed MXNet's generator as it was for a call, and for those within it, in the same order, for a while."""
    seeds, handles = iter(call.seeds), []

    def seed(*_):
        mx.random.seed(next(seeds, 0))

    try:
        seed()
        handles = [part.register_forward_pre_hook(seed) for part in blocks_of(call.block) if part is not call.block]
        yield
    finally:
        for handle in handles:
            handle.detach()


def slope(call, training):
    """Return an activation's derivative at what went into a call of it, and the functions it is made of."""
    x = call.input.detach()
    x.attach_grad()
    with contextlib.ExitStack() as stack:
        stack.enter_context(kept(call.block))
        if training:
            stack.enter_context(_drawn_again(call))
        stack.enter_context(autograd.record(train_mode=training))
        y = call.block.forward(x)
    made_of = functions(y)
    try:
        return autograd.grad(y, [x], train_mode=training)[0].asnumpy(), made_of
    except MXNetError:  # it is a step, through which nothing flows
        return np.zeros(x.shape, x.dtype), made_of
