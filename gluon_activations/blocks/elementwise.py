"""What the elementwise blocks share."""

from numbers import Real

import numpy as np
from mxnet import nd
from mxnet.gluon import HybridBlock
from mxnet.util import is_np_array


class Elementwise(HybridBlock):
    """Runs ``_formula`` on arrays of the older kind, whichever kind comes in: it is then written once."""

    _numbers = ()  # names and values of what must be finite in the arrays' dtype

    def cast(self, dtype):
        check_numbers(dtype, self._numbers)
        super().cast(dtype)

    def forward(self, x):
        if isinstance(x, nd.NDArray):
            check_floats(x)
            if not x.size:
                return x.copy()  # several of MXNet's operators fail on nothing
        return super().forward(x)

    def hybrid_forward(self, F, x, **parameters):
        if not is_np_array():
            return self._formula(F, x, **parameters)
        older = {name: value.as_nd_ndarray() for name, value in parameters.items()}
        return self._formula(F, x.as_nd_ndarray(), **older).as_np_ndarray()


def negative_abs(F, x, relu):
    """Return -|x|, with slope 1 at 0, where this relu has 0: the left side's, so that both add up to a right one."""
    return F.minimum(x, 0) - relu


def check_floats(x):
    if np.dtype(x.dtype).kind in "iub":
        raise TypeError(f'x must hold floats, not {np.dtype(x.dtype)}; x.astype("float32") does.')


def check_numbers(dtype, numbers):
    for name, number in numbers:
        if isinstance(number, bool) or not isinstance(number, Real):
            raise TypeError(f"{name} must be a number, not {number!r}.")
        if np.dtype(dtype).kind == "f" and not abs(number) <= float(np.finfo(dtype).max):
            raise ValueError(f"{name} must be finite in {np.dtype(dtype)}, not {number}.")
