"""Which activations there are, by family, in teaching order."""

from typing import Dict, Optional

from mxnet.gluon import Block, nn

from gluon_activations import blocks

_FACTORIES = {
    "sigmoids": {
        "sigmoid": lambda: nn.Activation("sigmoid"),
        "tanh": lambda: nn.Activation("tanh"),
        "softsign": lambda: nn.Activation("softsign"),
    },
    "rectifiers": {
        "ReLU": lambda: nn.Activation("relu"),
        "softReLU": lambda: nn.Activation("softrelu"),
    },
    "leaky rectifiers": {
        # The block has no default slope; 0.1 can be seen in a plot, the 0.01 of the paper cannot.
        "Leaky ReLU": lambda: nn.LeakyReLU(0.1),
        "PReLU": nn.PReLU,
        "RReLU": blocks.RReLU,
    },
    "exponential rectifiers": {
        "ELU": nn.ELU,
        "SELU": nn.SELU,
    },
    "smooth gates": {
        "Swish": nn.Swish,
        "GELU": nn.GELU,
        "Mish": blocks.Mish,
        "hard swish": blocks.HardSwish,
    },
    "squared rectifiers": {
        "squared ReLU": blocks.SquaredReLU,
    },
    "mended": {
        "SELU, mended": blocks.SELU,
        "softReLU, mended": blocks.SoftReLU,
        "Swish, learned beta": lambda: blocks.Swish(learn_beta=True),
        "GELU, tanh form": lambda: blocks.GELU("tanh"),
    },
}


def activation_blocks(family: Optional[str] = None) -> Dict[str, Block]:
    """Make the activations of one family, or all of them, as Gluon blocks.

    Parameters
    ----------
    family : str, optional
        ``"sigmoids"``, ``"rectifiers"``, ``"leaky rectifiers"``, ``"exponential rectifiers"``,
        ``"smooth gates"``, ``"squared rectifiers"`` or ``"mended"`` (which `gluon_activations.blocks`
        says more about); all of them by default.

    Returns
    -------
    dict of str to mxnet.gluon.Block
        Display name to block, in teaching order. The blocks are new on each call, and initialised
        on the current context.

    Raises
    ------
    ValueError
        If there is no such family.

    Examples
    --------
    >>> list(activation_blocks("sigmoids"))
    ['sigmoid', 'tanh', 'softsign']
    >>> from mxnet import nd
    >>> activation_blocks()["ReLU"](nd.array([-1, 2])).asnumpy()
    array([0., 2.], dtype=float32)
    """
    if family is None:
        families = list(_FACTORIES)
    elif family in list(_FACTORIES):
        families = [family]
    else:
        raise ValueError(f"family must be one of {', '.join(map(repr, _FACTORIES))}, or None for all; not {family!r}.")
    blocks = {name: make() for key in families for name, make in _FACTORIES[key].items()}
    for block in blocks.values():
        block.initialize()
    return blocks
