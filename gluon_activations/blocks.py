"""Drop-in blocks for what MXNet 1.9.1 gets wrong, does slowly, or lacks.

Every block is elementwise: arrays of any shape in, arrays of that shape and dtype out, ``mx.nd`` or
``mx.np``. All can be hybridised, exported, and loaded again with ``SymbolBlock.imports``.
"""

import math
from numbers import Real

from mxnet import init
from mxnet.gluon import HybridBlock
from mxnet.util import is_np_array

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_LAMBDA = 1.0507009873554804934193349852946


class _Elementwise(HybridBlock):
    """Runs ``formula`` on arrays of the older kind, whichever kind comes in: it is then written once."""

    def hybrid_forward(self, F, x, **parameters):
        if not is_np_array():
            return self.formula(F, x, **parameters)
        older = {name: value.as_nd_ndarray() for name, value in parameters.items()}
        return self.formula(F, x.as_nd_ndarray(), **older).as_np_ndarray()


class SELU(_Elementwise):
    r"""SELU with the right gradient.

    .. math:: f(x) = \lambda x \text{ for } x > 0, \quad \lambda\alpha(e^x - 1) \text{ else}

    The gradient is lambda or lambda alpha e^x. Replaces ``gluon.nn.SELU``, whose gradient is wrong for
    every x < 0, and which is several times slower. Klambauer et al. 2017, arXiv 1706.02515.
    """

    def formula(self, F, x):
        return _SELU_LAMBDA * F.LeakyReLU(x, act_type="elu", slope=_SELU_ALPHA)


class SoftReLU(_Elementwise):
    r"""Softplus that is never negative.

    .. math:: f(x) = \ln(1 + e^x)

    The gradient is the sigmoid. Replaces ``gluon.nn.Activation("softrelu")``, which in float32 goes
    below zero for x < -17. Dugas et al. 2000, NIPS 13:472-478.
    """

    def formula(self, F, x):
        # ReLU twice, since the one has slope 0 at zero and the other 1: their mean has the right one.
        return 0.5 * F.relu(x) + 0.5 * F.maximum(x, 0) + F.log1p(F.exp(-F.abs(x)))


class Swish(_Elementwise):
    r"""Swish, whose beta can be learned.

    .. math:: f(x) = x \sigma(\beta x)

    The gradient is beta f(x) + sigma(beta x) (1 - beta f(x)). Replaces ``gluon.nn.Swish``, which is
    slower and cannot learn beta. Ramachandran et al. 2017, arXiv 1710.05941.

    Parameters
    ----------
    beta : float
        How sharply the gate opens; where it starts, if it is learned.
    learn_beta : bool
        Whether beta is a parameter, of shape (1,).
    """

    def __init__(self, beta=1.0, learn_beta=False, **kwargs):
        super().__init__(**kwargs)
        _check_finite(beta=beta)
        if not learn_beta:
            self._beta = beta
            return
        with self.name_scope():
            self.beta = self.params.get("beta", shape=(1,), init=init.Constant(beta))

    def formula(self, F, x, beta=None):
        if beta is not None:
            scaled = F.reshape_like(F.broadcast_mul(F.reshape(x, shape=(-1,)), beta), x)
        else:
            scaled = x if self._beta == 1 else self._beta * x
        return x * F.Activation(scaled, act_type="sigmoid")


class RReLU(_Elementwise):
    r"""Leaky ReLU with a random slope.

    .. math:: f(x) = x \text{ for } x > 0, \quad a x \text{ else}

    In training a is drawn for each element from U(lower, upper), by MXNet's generator; in prediction
    it is their mean. The gradient is 1 or a. Replaces the operator ``LeakyReLU(act_type="rrelu")``,
    which crashes the process in training. Xu et al. 2015, arXiv 1505.00853.

    Parameters
    ----------
    lower, upper : float
        The bounds of the slope.
    """

    def __init__(self, lower=1 / 8, upper=1 / 3, **kwargs):
        super().__init__(**kwargs)
        _check_finite(lower=lower, upper=upper)
        if lower > upper:
            raise ValueError(f"lower must not exceed upper; {lower} does exceed {upper}.")
        self._lower, self._upper = lower, upper

    def formula(self, F, x):
        ones = F.ones_like(x)
        # Dropout turns ones to 0 or 2 in training and leaves them in prediction: the one way to tell
        # the two apart that a hybridised or exported graph keeps.
        training = F.Dropout(ones, p=0.5) != ones
        drawn = F.random.uniform_like(ones, self._lower, self._upper)
        slope = F.where(training, drawn, (self._lower + self._upper) / 2 * ones)
        return F.where(x > 0, x, F.BlockGrad(slope) * x)


class Mish(_Elementwise):
    r"""Mish, which MXNet lacks.

    .. math:: f(x) = x \tanh(\ln(1 + e^x))

    Its gradient is f(x) / x + x sigma(x) (1 - (f(x) / x)^2). Misra 2019, arXiv 1908.08681.
    """

    def formula(self, F, x):
        return x * F.Activation(SoftReLU.formula(self, F, x), act_type="tanh")


class HardSwish(_Elementwise):
    r"""Hard swish, which MXNet lacks.

    .. math:: f(x) = x \min(\max(x + 3, 0), 6) / 6

    The gradient is 0, (2x + 3) / 6 or 1. Howard et al. 2019, ICCV, arXiv 1905.02244.
    """

    def formula(self, F, x):
        return x * F.clip(x / 6 + 0.5, 0, 1)


class GELU(_Elementwise):
    r"""GELU in either of its forms.

    .. math:: f(x) = x \Phi(x) \approx \tfrac12 x (1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715 x^3)))

    The gradient of the first is Phi(x) + x phi(x). Replaces ``gluon.nn.GELU``, which has the first
    only. Hendrycks and Gimpel 2016, arXiv 1606.08415.

    Parameters
    ----------
    approximation : {"erf", "tanh"}
        "erf" is exact; "tanh" is what some published models were trained with.
    """

    def __init__(self, approximation="erf", **kwargs):
        super().__init__(**kwargs)
        if approximation not in ("erf", "tanh"):
            raise ValueError(f'approximation must be "erf" or "tanh", not {approximation!r}.')
        self._approximation = approximation

    def formula(self, F, x):
        if self._approximation == "erf":
            return F.LeakyReLU(x, act_type="gelu")
        near = F.clip(x, -10, 10)  # beyond, tanh is -1 or 1, and in float16 the gradient would overflow to NaN
        u = math.sqrt(2 / math.pi) * (near + 0.044715 * near * near * near)
        return 0.5 * x * (1 + F.Activation(u, act_type="tanh"))


def _check_finite(**numbers):
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, Real):
            raise TypeError(f"{name} must be a number, not {number!r}.")
        if not math.isfinite(number):
            raise ValueError(f"{name} must be finite, not {number}.")
