"""The input, times how open a gate is that the same input opens."""

import math

from mxnet import init, nd  # noqa: F401  nd is for the examples

from gluon_activations.blocks.elementwise import Elementwise, check_numbers, negative_abs


class Swish(Elementwise):
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
        check_numbers("float32", self._numbers)
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


class Mish(Elementwise):
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


class HardSwish(Elementwise):
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


class GELU(Elementwise):
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
        left = F.maximum(negative_abs(F, x, relu), -25)  # the gate is 0 beyond; in float16 the cube would overflow
        # (1 + tanh u) / 2 = sigmoid(2u), and f(x) - relu(x) is even: computed on the left, nothing cancels.
        c = 2 * math.sqrt(2 / math.pi)
        return relu + left * F.Activation(left * (c + 0.044715 * c * F.square(left)), act_type="sigmoid")
