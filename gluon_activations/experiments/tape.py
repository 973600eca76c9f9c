"""What autograd's tape, and graphs from files, tell of the operators that an array came from."""

import itertools
import json
import re

from mxnet import MXNetError, autograd, gluon

# Operators by what they do: activations; those that work on each number of one array; those that leave axes in place.
_FUNCTIONS = {
    *("activation", "leakyrelu", "relu", "sigmoid", "tanh", "softsign", "hard_sigmoid", "log_sigmoid", "erf", "clip"),
}
_CHOICES = {"maximum", "minimum", "where"}  # activations too, if what they choose from comes from one array
_OF_ONE = {
    *("exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "square", "reciprocal", "abs", "sign", "negative", "sin"),
    *("zeros_like", "ones_like", "full_like", "copy", "copyto", "cast", "amp_cast", "blockgrad", *_FUNCTIONS),
}
_OF_SEVERAL = {
    *("add", "subtract", "multiply", "true_divide", "power", "grad_add", "add_n", "concat", "concatenate", "pad"),
    *("batchnorm", "contrib_batchnormwithrelu", "contrib_syncbatchnorm", "layernorm", "instancenorm", "groupnorm"),
    *("l2normalization", "lrn", "softmax", "log_softmax", "pooling", "contrib_adaptiveavgpooling2d", "upsampling"),
    *("contrib_bilinearresize2d", "slice", "slice_axis", "dropout", *_CHOICES),
}


def functions(array):
    """Return the names of the operators that an array came from on autograd's tape, if they are activations."""
    nodes = _on_tape(array)
    names = [(i, re.sub("^broadcast_|_scalar$", "", name)) for i, (name, *_) in enumerate(nodes)]
    return [name for i, name in names if name in _FUNCTIONS or (name in _CHOICES and len(_sources(nodes, i)) == 1)]


def _sources(nodes, place):
    """Return what an operator's inputs were computed from, by operators that take one array each, number by number."""
    found, todo = set(), [*nodes[place][2]]
    while todo:
        source = todo.pop()
        name, _, inputs = nodes[source[0]]
        if name in _OF_ONE or name.endswith("_scalar"):
            todo += inputs
        else:
            found.add(source)
    return found


def units_axis(array):
    """Return the axis of an array along which lie the units of the layers that it came from, or None if none is sure.

    It is followed back, through what leaves every axis in its place and through transpositions, to the layers.
    """
    nodes = _on_tape(array)
    found, seen, todo = set(), set(), {(len(nodes) - 1, tuple(range(array.ndim)))} if nodes else set()
    while todo:
        step = place, axes = todo.pop()  # for each axis of what was computed there, which one of the array's it is
        seen.add(step)
        name, attrs, inputs = nodes[place]
        made = _made_along(nodes, place)
        if made is not None:
            found.add(axes[made])
        elif name in ("transpose", "swapaxis"):
            before = _transposed_back(name, attrs, axes)
            todo |= {(source, before) for source, _ in inputs if before} - seen
        elif name in _OF_ONE | _OF_SEVERAL or re.search("^(elemwise|broadcast)_|_scalar$", name):
            todo |= {(source, axes) for source, _ in inputs} - seen
    if not found and array.ndim < 3:
        return array.ndim - 1
    return found.pop() if len(found) == 1 else None


def _made_along(nodes, place):
    """Return the axis of the units of a layer's operator; None, if it is none."""
    name, attrs, inputs = nodes[place]
    if "convolution" in name:
        layout = attrs.get("layout", "")
        return layout.index("C") if "C" in layout else 1
    matrix = name in ("dot", "matmul") and nodes[inputs[1][0]][0] == "null"  # which a parameter is, or the net's input
    return -1 if matrix or name in ("fullyconnected", "embedding", "rnn") else None


def _transposed_back(name, attrs, axes):
    """Return the axes in the order before a transposition; none, if it was of an array of other dimensions."""
    order = list(range(len(axes)))
    if name == "swapaxis":
        one, other = (int(attrs.get(key, 0)) for key in ("dim1", "dim2"))
        order[one], order[other] = order[other], order[one]
    else:
        order = [int(i) for i in re.findall("-?[0-9]+", attrs.get("axes", ""))] or order[::-1]
    return tuple(axes[order.index(i)] for i in range(len(axes))) if sorted(order) == list(range(len(axes))) else ()


def uses_running_statistics(calls, array):
    """Say whether there was batch normalisation, in blocks called or on an array's tape, that training would change."""
    options = [getattr(call.block, "_kwargs", {}) for call in calls]
    graphs = [call.block._cached_graph[1] for call in calls if isinstance(call.block, gluon.SymbolBlock)]
    for name, attrs, _ in itertools.chain(_on_tape(array), *map(_operators, graphs)):
        if "batchnorm" in name.replace("_", ""):
            options.append({"use_global_stats": False, **attrs})
    return any(str(each["use_global_stats"]) == "False" for each in options if "use_global_stats" in each)


def _on_tape(array):
    try:
        return _operators(autograd.get_symbol(array))
    except MXNetError:  # it is not on the tape
        return []


def _operators(symbol):
    """Return each operator of a graph: its name, its attributes, and for each input the operator's place and output."""
    nodes = json.loads(symbol.tojson())["nodes"]
    names = [re.sub("^_(np[ix]?_)?", "", node["op"].lower()) for node in nodes]
    inputs = [[(place, output) for place, output, *_ in node["inputs"]] for node in nodes]
    return [(name, node.get("attrs", {}), given) for name, node, given in zip(names, nodes, inputs)]
