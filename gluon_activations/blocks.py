"""Drop-in blocks for what MXNet 1.9.1 gets wrong, does slowly, or lacks.

Every block is elementwise: floats of any shape in, floats of that shape and dtype out, ``mx.nd`` or ``mx.np``. All can
be hybridised, exported, loaded again with ``SymbolBlock.imports``, and written as ONNX. NaN stays NaN.

Integers are refused with a TypeError. In the graph of a hybridised parent, or from a file, MXNet's operators refuse
them, but for Mish and HardSwish, which there compute with integers.
"""

import math
from numbers import Real

import numpy as np
from mxnet import autograd, init, nd
from mxnet.gluon import HybridBlock
from mxnet.util import is_np_array

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_LAMBDA = 1.0507009873554804934193349852946


class _Elementwise(HybridBlock):
    """Runs ``_formula`` on arrays of the older kind, whichever kind comes in: it is then written once."""

    _numbers = ()  # names and values of what must be finite in the arrays' dtype

    def cast(self, dtype):
        _check_numbers(dtype, self._numbers)
        super().cast(dtype)

    def forward(self, x):
        if isinstance(x, nd.NDArray):
            if np.dtype(x.dtype).kind in "iub":
                raise TypeError(f'x must hold floats, not {np.dtype(x.dtype)}; x.astype("float32") does.')
            if not x.size:
                return x.copy()  # several of MXNet's operators fail on nothing
        return super().forward(x)

    def hybrid_forward(self, F, x, **parameters):
        if not is_np_array():
            return self._formula(F, x, **parameters)
        older = {name: value.as_nd_ndarray() for name, value in parameters.items()}
        return self._formula(F, x.as_nd_ndarray(), **older).as_np_ndarray()


class SELU(_Elementwise):
    r"""SELU with the right gradient.

    :math:`f(x) = \lambda x \text{ for } x > 0, \quad \lambda\alpha(e^x - 1) \text{ else}`. The gradient is lambda or
    lambda alpha e^x. Replaces ``gluon.nn.SELU``, whose gradient is wrong for every x < 0, and which is several times
    slower. Accurate to 2e-7, also in float64; as in ``gluon.nn.ELU``, e^x - 1 is 0 for -3e-8 < x < 0, and for 0 < x <
    6e-8 the gradient is that of the left side. Klambauer et al. 2017, arXiv 1706.02515.

    Examples
    --------
    >>> print(SELU()(nd.array([-2, 0, 2])).asnumpy().round(3))
    [-1.52   0.     2.101]
    """

    def _formula(self, F, x):
        return _SELU_LAMBDA * F.LeakyReLU(x, act_type="elu", slope=_SELU_ALPHA)


class SoftReLU(_Elementwise):
    r"""Softplus that is never negative.

    :math:`f(x) = \ln(1 + e^x)`. The gradient is the sigmoid. Replaces ``gluon.nn.Activation("softrelu")``, which in
    float32 goes below zero for x < -17 and is much faster. Dugas et al. 2000, NIPS 13:472-478.

    Examples
    --------
    >>> print(SoftReLU()(nd.array([-20, 0, 20])).asnumpy())
    [2.0611537e-09 6.9314718e-01 2.0000000e+01]
    """

    def _formula(self, F, x):
        relu = F.Activation(F.maximum(x, -1e4), act_type="relu")  # on Arm it would be NaN at -inf
        power = F.exp(_negative_abs(F, x, relu))
        total = 1 + power
        # ln(1 + power), with what rounding took from the sum: ONNX has no log1p.
        return relu + (F.log(total) + F.BlockGrad(power - (total - 1)))


class Swish(_Elementwise):
    r"""Swish, whose beta can be learned.

    :math:`f(x) = x \sigma(\beta x)`. The gradient is beta f(x) + sigma(beta x) (1 - beta f(x)). Replaces
    ``gluon.nn.Swish``, which is slower and cannot learn beta. As there and in PyTorch, it is NaN at -inf, and its
    gradient at -inf and inf: the limits would halve the speed. Ramachandran et al. 2017, arXiv 1710.05941.

    Parameters
    ----------
    beta : float
        How sharply the gate opens (dimensionless); where it starts, if it is learned.
    learn_beta : bool
        Whether beta is a parameter, of shape (1,).

    Raises
    ------
    TypeError, ValueError
        If beta is no number, or not finite in float32 or in the dtype the block is cast to.

    Examples
    --------
    >>> print(Swish(beta=2)(nd.array([-1, 0, 1])).asnumpy().round(3))
    [-0.119  0.     0.881]
    """

    def __init__(self, beta: float = 1.0, learn_beta: bool = False, **kwargs):
        super().__init__(**kwargs)
        self._numbers = (("beta", beta),)
        _check_numbers("float32", self._numbers)
        if learn_beta:
            with self.name_scope():
                self.beta = self.params.get("beta", shape=(1,), init=init.Constant(beta))
        else:
            self._beta = beta

    def _formula(self, F, x, beta=None):
        if beta is not None:
            scaled = F.reshape_like(F.broadcast_mul(x, beta), x)  # without it, no dimension would become one
        else:
            scaled = x if self._beta == 1 else self._beta * x
        return x * F.Activation(scaled, act_type="sigmoid")


class RReLU(_Elementwise):
    r"""Leaky ReLU with a random slope.

    :math:`f(x) = x \text{ for } x > 0, \quad a x \text{ else}`. In training a is drawn for each element from U(lower,
    upper), by MXNet's generator; in prediction it is their mean. The gradient is 1 or a. A hybridised or exported graph
    draws in prediction too, and throws that away: MXNet's generator moves. Replaces the operator
    ``LeakyReLU(act_type="rrelu")``, which crashes the process in training. Xu et al. 2015, arXiv 1505.00853.

    Parameters
    ----------
    lower, upper : float
        The bounds of the slope (dimensionless).

    Raises
    ------
    TypeError, ValueError
        If a bound is no number, not finite in float32 or in the dtype the block is cast to, or if they are crossed.

    Examples
    --------
    >>> print(RReLU(0.1, 0.5)(nd.array([-10, 0, 10])).asnumpy())
    [-3.  0. 10.]
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, **kwargs):
        super().__init__(**kwargs)
        self._numbers = (("lower", lower), ("upper", upper))
        _check_numbers("float32", self._numbers)
        if lower > upper:
            raise ValueError(f"lower must not exceed upper; {lower} does exceed {upper}.")
        self._lower, self._upper = lower, upper

    def _formula(self, F, x):
        mean, half = (self._lower + self._upper) / 2, (self._upper - self._lower) / 2
        if isinstance(x, nd.NDArray) and not autograd.is_training():
            slope = mean
        else:
            # Dropout turns 1 to 0 or 2 in training only: the one sign of it that a hybridised or exported graph keeps.
            training = F.square(F.Dropout(1 + F.sum(F.zeros_like(x), keepdims=True), p=0.5) - 1)
            slope = mean + F.broadcast_mul(training, F.random.uniform_like(x, -half, half))
        positive = x > 0
        return x * F.BlockGrad(positive + (1 - positive) * slope)


class Mish(_Elementwise):
    r"""Mish, which MXNet lacks.

    :math:`f(x) = x \tanh(\ln(1 + e^x))`. Its gradient is q + x sigma(x) (1 - q^2), where q = f(x) / x.
    Misra 2019, arXiv 1908.08681.

    Examples
    --------
    >>> print(Mish()(nd.array([-1, 0, 1])).asnumpy().round(3))
    [-0.303  0.     0.865]
    """

    def _formula(self, F, x):
        # tanh(ln(1 + e^x)) = (1 - c^2) / (1 + c^2), where c = 1 - s. Clipped, or there would be 0 times infinity.
        s = F.sigmoid(F.clip(x, -1000, 1000))  # Activation's is faster, and has fewer digits
        m = s * (2 - s)  # 1 - c^2
        return F.maximum(x, -1000) * m / (2 - m)


class HardSwish(_Elementwise):
    r"""Hard swish, which MXNet lacks.

    :math:`f(x) = x \min(\max(x + 3, 0), 6) / 6`. The gradient is 0, (2x + 3) / 6 or 1; at -3 and 3 it is the middle
    one. Howard et al. 2019, ICCV, arXiv 1905.02244.

    Examples
    --------
    >>> print(HardSwish()(nd.array([-4, -1, 0, 4])).asnumpy().round(3))
    [-0.    -0.333  0.     4.   ]
    """

    def _formula(self, F, x):
        return F.maximum(x, -3) * ((F.clip(x, -3, 3) + 3) / 6)  # x / 6 + 1/2 would cancel near -3


class GELU(_Elementwise):
    r"""GELU in either of its forms.

    :math:`f(x) = x \Phi(x) \approx \tfrac12 x (1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715 x^3)))`. The gradient of the first
    is Phi(x) + x phi(x). Replaces ``gluon.nn.GELU``, which is the first: accurate to 3e-7, also in float64, NaN at
    -inf, and with NaN for a gradient at -inf and inf. Hendrycks and Gimpel 2016, arXiv 1606.08415.

    Parameters
    ----------
    approximation : {"erf", "tanh"}
        "erf" is exact; "tanh" is what some published models were trained with. Another raises a ValueError.

    Examples
    --------
    >>> print(GELU("tanh")(nd.array([-1, 0, 1])).asnumpy().round(3))
    [-0.159  0.     0.841]
    """

    def __init__(self, approximation: str = "erf", **kwargs):
        super().__init__(**kwargs)
        if approximation not in ("erf", "tanh"):
            raise ValueError(f'approximation must be "erf" or "tanh", not {approximation!r}.')
        self._approximation = approximation

    def _formula(self, F, x):
        if self._approximation == "erf":
            return F.LeakyReLU(x, act_type="gelu")
        relu = F.relu(x)  # Activation's is NaN at -inf on Arm
        left = F.maximum(_negative_abs(F, x, relu), -25)  # the gate is 0 beyond; in float16 the cube would overflow
        # (1 + tanh u) / 2 = sigmoid(2u), and f(x) - relu(x) is even: computed on the left, nothing cancels.
        c = 2 * math.sqrt(2 / math.pi)
        return relu + left * F.Activation(left * (c + 0.044715 * c * F.square(left)), act_type="sigmoid")


def _negative_abs(F, x, relu):
    """Return -|x|, with slope 1 at 0, where this relu has 0: the left side's, so that both add up to a right one."""
    return F.minimum(x, 0) - relu


def _check_numbers(dtype, numbers):
    for name, number in numbers:
        if isinstance(number, bool) or not isinstance(number, Real):
            raise TypeError(f"{name} must be a number, not {number!r}.")
        if np.dtype(dtype).kind == "f" and not abs(number) <= float(np.finfo(dtype).max):
            raise ValueError(f"{name} must be finite in {np.dtype(dtype)}, not {number}.")
