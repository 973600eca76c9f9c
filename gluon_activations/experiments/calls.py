"""Call a net as it is, and keep what each block within was given and gave back."""

import collections
import contextlib
import random
from dataclasses import dataclass
from typing import Optional

import mxnet as mx
import numpy as np
from mxnet import autograd, nd
from mxnet.gluon import Block, Constant, HybridBlock, Parameter, ParameterDict
from mxnet.gluon.parameter import DeferredInitializationError

from gluon_activations.experiments.operators import right_gradients


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a block: the first array that went in, None if none did, and the first that came out.

    ``simple`` is whether they were the only ones; calls from number ``first`` on were made within it; ``seeds`` are
    what MXNet's generator was seeded with, if it was: for this call, and for each that was begun within it.
    """

    block: object
    input: Optional[nd.NDArray]
    output: nd.NDArray
    simple: bool
    first: int
    seeds: tuple


def blocks_of(net):
    """Return a net's blocks, itself too, each once."""
    found = {}
    net.apply(lambda block: found.setdefault(id(block), block))
    return list(found.values())


def parameters_of(block):
    """Return a block's own parameters by name, and not its children's; constants are none."""
    own = {id(p): p for p in [*block.params.values(), *block._reg_params.values()] if not isinstance(p, Constant)}
    return {p.name[len(block.prefix) :] if p.name.startswith(block.prefix) else p.name: p for p in own.values()}


def weights_of(block):
    """Return a block's own parameters of two or more dimensions, by name, but those that can have no gradient."""
    return {name: p for name, p in parameters_of(block).items() if dimensions_of(p) > 1 and p._differentiable}


def dimensions_of(parameter):
    """Return how many axes a parameter has; 0, where that is not yet known."""
    if parameter.shape is not None:
        return len(parameter.shape)
    try:
        return parameter.list_data()[0].ndim  # in a graph from a file, the data alone has a shape
    except (RuntimeError, DeferredInitializationError):
        return 0


def watch(net, inputs, training, seeds):
    """Call a net on autograd's tape; return its output, and the calls of its blocks in the order in which they ended.

    With ``training``, MXNet's generator is seeded by the next of ``seeds`` at each call, so that a block that
    draws can be called again with the same draws.
    """
    calls, begun, drawn, handles = [], [], [], []

    def before(block, args):
        begun.append((block, len(calls), len(drawn)))
        drawn.append(seeds.randint(2**31 - 1))
        if training:
            mx.random.seed(drawn[-1])

    def after(block, args, output):
        while True:  # past what raised, where a forward has caught it
            began, first, seeded = begun.pop()
            if began is block:
                break
        given, made = arrays_in(args), arrays_in(output)
        if made:  # else it was called with symbols, to settle shapes
            single = len(given) == len(made) == 1
            calls.append(Call(block, given[0] if given else None, made[0], single, first, tuple(drawn[seeded:])))

    try:
        for block in blocks_of(net):
            handles += [block.register_forward_pre_hook(before), block.register_forward_hook(after)]
        with autograd.record(train_mode=training):
            return net(*inputs), calls
    finally:
        for handle in handles:
            handle.detach()


def arrays_in(nested):
    """Return the arrays in a structure of lists, tuples and dictionaries, in order."""
    if isinstance(nested, dict):
        nested = list(nested.values())
    if isinstance(nested, (list, tuple)):
        return [array for item in nested for array in arrays_in(item)]
    return [nested] if isinstance(nested, nd.NDArray) else []


@contextlib.contextmanager
def imperative(net):
    """Let a hybridised net call its children, for a while; what it has compiled stays."""
    hybridised = [block for block in blocks_of(net) if isinstance(block, HybridBlock) and block._active]
    try:
        for block in hybridised:
            block._active = False  # hybridize() would throw away its flags and what it has compiled
        yield
    finally:
        for block in hybridised:
            block._active = True


@contextlib.contextmanager
def without_hooks(net):
    """Take off the hooks of a net's blocks, for a while."""
    hooks = [h for block in blocks_of(net) for h in (block._forward_pre_hooks, block._forward_hooks)]
    before = [dict(h) for h in hooks]
    try:
        for h in hooks:
            h.clear()
        yield
    finally:
        for h, items in zip(hooks, before):
            h.update(items)


@contextlib.contextmanager
def kept(block):
    """Put back what a block holds, and each block within: the numbers of its parameters, and its attributes.

    Lists, dictionaries, sets and arrays are followed and filled as they were. What is held by objects of other kinds
    is not, and a parameter that has no numbers yet keeps those it is given.
    """
    seen, copies, todo = {}, [], [block]
    nd.waitall()  # MXNet misreads weights that a net which is still running reads too
    with _unrecorded():
        while todo:
            thing = todo.pop()
            if id(thing) not in seen:
                seen[id(thing)] = thing
                todo += _within(thing)
                if isinstance(thing, (dict, list, set, collections.deque, np.ndarray, nd.NDArray)):
                    copies.append((thing, thing.copy()))
    nd.waitall()
    try:
        yield
    finally:
        with _unrecorded():
            for thing, before in copies:
                _fill(thing, before)


@contextlib.contextmanager
def _unrecorded():
    """Let arrays be copied, though the caller may be recording, and some be scalars."""
    with autograd.pause(), mx.util.np_shape():
        yield


def _within(thing):
    if isinstance(thing, Block):
        return [vars(thing)]
    if isinstance(thing, Parameter):
        return thing._data or []  # data() cannot be had of sparse ones
    if isinstance(thing, (dict, ParameterDict)):
        return thing.values()
    return thing if isinstance(thing, (list, tuple, set, collections.deque)) else []


def _fill(thing, before):
    if isinstance(thing, nd.NDArray):
        before.copyto(thing)
    elif isinstance(thing, np.ndarray):
        if thing.flags.writeable:
            np.copyto(thing, before)
    else:
        thing.clear()
        thing.update(before) if isinstance(thing, (dict, set)) else thing.extend(before)


@contextlib.contextmanager
def thawed(net):
    """Let autograd see a net's frozen weights too, for a while."""
    frozen = [p for block in blocks_of(net) for p in weights_of(block).values() if p.grad_req == "null"]
    try:
        for p in frozen:
            p.grad_req = "write"
        yield
    finally:
        for p in frozen:
            p.grad_req = "null"


@contextlib.contextmanager
def generators_kept(net, inputs, training):
    """Put back NumPy's and Python's generators; yield seeds for MXNet's, which is seeded anew if it was used.

    MXNet's generator cannot be read. So a number is drawn from it first, and seeds it afterwards.
    """
    numpys, pythons, later = np.random.get_state(), random.getstate(), None
    try:
        if training:
            if any(_undrawn(p) for block in blocks_of(net) for p in parameters_of(block).values()):
                with autograd.pause(train_mode=False), without_hooks(net), kept(net):
                    net(*inputs)  # draws the weights by the caller's own seed
            later = int(nd.random.randint(0, 2**31 - 1).asscalar())
        yield np.random.RandomState(later or 0)
    finally:
        np.random.set_state(numpys)
        random.setstate(pythons)
        if later is not None:
            mx.random.seed(later)


def _undrawn(parameter):
    try:
        parameter.list_data()
    except DeferredInitializationError:
        return True
    return False


@contextlib.contextmanager
def left_as_it_was(net, inputs, training):
    """Make a net ready to be watched, and leave all as it was; yield the seeds for `watch`."""
    if training not in (True, False):  # MXNet would raise, and go on recording
        raise TypeError(f"training must be True or False, not {training!r}.")
    with contextlib.ExitStack() as stack:
        stack.enter_context(imperative(net))
        stack.enter_context(right_gradients())
        seeds = stack.enter_context(generators_kept(net, inputs, training))
        stack.enter_context(kept(net))
        stack.enter_context(thawed(net))
        yield seeds
