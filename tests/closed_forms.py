"""Every activation and its derivative from the paper, in 50 digits: what the tests hold MXNet against.

Nothing here knows of MXNet, NumPy or the package. Where a paper's formula would lose digits, an equal one that keeps
them is used: ``1 - tanh(x)^2`` is 0 in 50 digits from x = 58 on, ``sech(x)^2`` never is.
"""

from dataclasses import dataclass
from typing import Callable

import mpmath

mp = mpmath.mp.clone()  # a context of our own: the caller's precision stays as it is
mp.dps = 50

_CUBIC = mp.mpf("0.044715")  # of GELU's tanh form


@dataclass(frozen=True)
class ClosedForm:
    """f(x, **parameters) and f'(x, **parameters); at a kink f' is the pair (left slope, right slope)."""

    paper: str
    f: Callable
    gradient: Callable

    def slopes(self, x, **parameters):
        """Return the slopes left and right of x: equal, but at a kink."""
        gradient = self.gradient(x, **parameters)
        return gradient if isinstance(gradient, tuple) else (gradient, gradient)


def _at_zero(x, left, right):
    """Pick by the sign of x; both at the kink."""
    return left if x < 0 else right if x > 0 else (left, right)


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def _leaky(x, alpha):
    return x if x > 0 else alpha * x


def _leaky_gradient(x, alpha):
    return _at_zero(x, mp.mpf(alpha), mp.one)


def _elu(x, alpha):
    return x if x > 0 else alpha * mp.expm1(x)


def _elu_gradient(x, alpha):
    return _at_zero(x, alpha * mp.exp(x), mp.one)


def _swish_gradient(x, beta=1):
    s = _sigmoid(beta * x)
    return s + beta * x * s * _sigmoid(-beta * x)


def swish_beta_gradient(x, beta):
    """Return df/dbeta of Swish (Ramachandran et al. 2017, arXiv 1710.05941)."""
    return x**2 * _sigmoid(beta * x) * _sigmoid(-beta * x)


def _mish_gradient(x):
    softplus = mp.log1p(mp.exp(x))
    return mp.tanh(softplus) + x * mp.sech(softplus) ** 2 * _sigmoid(x)


def _hard_swish_gradient(x):
    if abs(x) == 3:
        return (mp.zero, mp.mpf(-0.5)) if x < 0 else (mp.mpf(1.5), mp.one)
    return mp.zero if x < -3 else mp.one if x > 3 else (2 * x + 3) / 6


def _gelu_tanh(x):
    # (1 + tanh u) / 2 = sigmoid(2u)
    return x * _sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + _CUBIC * x**3))


def _gelu_tanh_gradient(x):
    u = mp.sqrt(2 / mp.pi) * (x + _CUBIC * x**3)
    return _sigmoid(2 * u) + x / 2 * mp.sech(u) ** 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * _CUBIC * x**2)


def selu_constants():
    """Solve for the alpha and lambda with which SELU keeps a standard normal input at mean 0 and variance 1.

    With Z standard normal and Phi its distribution function, E[e^(kZ); Z < 0] = e^(k^2 / 2) Phi(-k), so that

        mean:           1 / sqrt(2 pi) + alpha (e^(1/2) Phi(-1) - 1/2) = 0
        second moment:  lambda^2 (1/2 + alpha^2 (e^2 Phi(-2) - 2 e^(1/2) Phi(-1) + 1/2)) = 1
    """
    once, twice = mp.exp(0.5) * mp.ncdf(-1), mp.exp(2) * mp.ncdf(-2)
    alpha = 1 / (mp.sqrt(2 * mp.pi) * (0.5 - once))
    scale = 1 / mp.sqrt(0.5 + alpha**2 * (twice - 2 * once + 0.5))
    return alpha, scale


SELU_ALPHA, SELU_LAMBDA = selu_constants()


def prelu_alpha_gradient(x):
    """Return df/dalpha of PReLU (He et al. 2015, arXiv 1502.01852, equation 3)."""
    return min(mp.zero, x)


CLOSED_FORMS = {
    "sigmoid": ClosedForm(
        "Rumelhart, Hinton, Williams 1986, Nature 323:533-536",
        _sigmoid,
        lambda x: _sigmoid(x) * _sigmoid(-x),
    ),
    "tanh": ClosedForm(
        "LeCun, Bottou, Orr, Muller 1998, Efficient BackProp",
        mp.tanh,
        lambda x: mp.sech(x) ** 2,
    ),
    "softsign": ClosedForm(
        "Bergstra et al. 2009, TR 1337; Glorot, Bengio 2010, PMLR 9:249-256",
        lambda x: x / (1 + abs(x)),
        lambda x: 1 / (1 + abs(x)) ** 2,
    ),
    "ReLU": ClosedForm(
        "Nair, Hinton 2010, ICML; Glorot, Bordes, Bengio 2011, PMLR 15:315-323",
        lambda x: max(mp.zero, x),
        lambda x: _at_zero(x, mp.zero, mp.one),
    ),
    "softReLU": ClosedForm(
        "Dugas et al. 2000, NIPS 13:472-478",
        lambda x: mp.log1p(mp.exp(x)),
        _sigmoid,
    ),
    "Leaky ReLU": ClosedForm(
        "Maas, Hannun, Ng 2013, ICML",
        lambda x, alpha=0.1: _leaky(x, alpha),
        lambda x, alpha=0.1: _leaky_gradient(x, alpha),
    ),
    "PReLU": ClosedForm(
        "He et al. 2015, ICCV, arXiv 1502.01852",
        lambda x, alpha=0.25: _leaky(x, alpha),
        lambda x, alpha=0.25: _leaky_gradient(x, alpha),
    ),
    # In prediction: the mean slope.
    "RReLU": ClosedForm(
        "Xu, Wang, Chen, Li 2015, arXiv 1505.00853",
        lambda x, lower=1 / 8, upper=1 / 3: _leaky(x, (mp.mpf(lower) + upper) / 2),
        lambda x, lower=1 / 8, upper=1 / 3: _leaky_gradient(x, (mp.mpf(lower) + upper) / 2),
    ),
    "ELU": ClosedForm(
        "Clevert, Unterthiner, Hochreiter 2015, arXiv 1511.07289",
        lambda x, alpha=1: _elu(x, alpha),
        lambda x, alpha=1: _elu_gradient(x, alpha),
    ),
    "SELU": ClosedForm(
        "Klambauer, Unterthiner, Mayr, Hochreiter 2017, arXiv 1706.02515",
        lambda x: SELU_LAMBDA * _elu(x, SELU_ALPHA),
        lambda x: _at_zero(x, SELU_LAMBDA * SELU_ALPHA * mp.exp(x), SELU_LAMBDA),
    ),
    "Swish": ClosedForm(
        "Elfwing, Uchibe, Doya 2017, arXiv 1702.03118; Ramachandran, Zoph, Le 2017, arXiv 1710.05941",
        lambda x, beta=1: x * _sigmoid(beta * x),
        _swish_gradient,
    ),
    "GELU": ClosedForm(
        "Hendrycks, Gimpel 2016, arXiv 1606.08415",
        lambda x: x * mp.ncdf(x),
        lambda x: mp.ncdf(x) + x * mp.npdf(x),
    ),
    "GELU, tanh form": ClosedForm(
        "Hendrycks, Gimpel 2016, arXiv 1606.08415",
        _gelu_tanh,
        _gelu_tanh_gradient,
    ),
    "Mish": ClosedForm(
        "Misra 2019, arXiv 1908.08681",
        lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
        _mish_gradient,
    ),
    "hard swish": ClosedForm(
        "Howard et al. 2019, ICCV, arXiv 1905.02244",
        lambda x: x * min(max(x + 3, mp.zero), mp.mpf(6)) / 6,
        _hard_swish_gradient,
    ),
    "squared ReLU": ClosedForm(
        "So et al. 2021, Primer, arXiv 2109.08668",
        lambda x: max(mp.zero, x) ** 2,
        lambda x: 2 * max(mp.zero, x),
    ),
}
