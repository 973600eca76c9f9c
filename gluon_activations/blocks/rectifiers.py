"""Rectifiers: the identity on the right, and something flat, leaky or steep on the left."""

from mxnet import autograd, nd

from gluon_activations.blocks.elementwise import Elementwise, check_numbers, negative_abs

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_LAMBDA = 1.0507009873554804934193349852946


class SELU(Elementwise):
    r"""SELU with the right gradient.

    :math:`f(x) = \lambda x \text{ for } x > 0, \quad \lambda\alpha(e^x - 1) \text{ else}`. The gradient is lambda or
    lambda alpha e^x. Replaces ``gluon.nn.SELU``, whose gradient is wrong for every x < 0, and which is several times
    slower. Accurate to 4e-7, in float64 to 1e-7; as in ``gluon.nn.ELU``, e^x - 1 is 0 for -3e-8 < x < 0, and for
    0 < x < 6e-8 the gradient is that of the left side. Klambauer et al. 2017, arXiv 1706.02515.

    Examples
    --------
    >>> print(SELU()(nd.array([-2, 0, 2])).asnumpy().round(3))
    [-1.52   0.     2.101]
    """

    def _formula(self, F, x):
        return _SELU_LAMBDA * F.LeakyReLU(x, act_type="elu", slope=_SELU_ALPHA)


class SoftReLU(Elementwise):
    r"""Softplus that is never negative.

    :math:`f(x) = \ln(1 + e^x)`. The gradient is the sigmoid. Replaces ``gluon.nn.Activation("softrelu")``, which in
    float32 goes below zero for many x from -31 to -18, and is much faster. Dugas et al. 2000, NIPS 13:472-478.

    Examples
    --------
    >>> print(SoftReLU()(nd.array([-20, 0, 20])).asnumpy())
    [2.0611537e-09 6.9314718e-01 2.0000000e+01]
    """

    def _formula(self, F, x):
        relu = F.Activation(F.maximum(x, -1e4), act_type="relu")  # on Arm it would be NaN at -inf
        power = F.exp(negative_abs(F, x, relu))
        total = 1 + power
        # ln(1 + power), with what rounding took from the sum: ONNX has no log1p.
        return relu + (F.log(total) + F.BlockGrad(power - (total - 1)))


class RReLU(Elementwise):
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
        check_numbers("float32", self._numbers)
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


class SquaredReLU(Elementwise):
    r"""Squared ReLU, which MXNet lacks.

    :math:`f(x) = \max(0, x)^2`. The gradient is 2 max(0, x): without a corner, and without a bound. So et al. 2021,
    arXiv 2109.08668.

    Examples
    --------
    >>> print(SquaredReLU()(nd.array([-2, 0, 3])).asnumpy())
    [0. 0. 9.]
    """

    def _formula(self, F, x):
        return F.square(F.relu(x))  # Activation's relu hides NaN, and relu(x) x is NaN at -inf
