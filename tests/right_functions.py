"""Functions drawn at random, each with its right gradient, in float32: whoever accuses one of them is wrong."""

import numpy as np

F32 = np.float32


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _gated(x):
    s = _sigmoid(x)
    return s + x * s * (1 - s)


# f and f', as NumPy computes them in float32.
BASE = {
    "identity": (lambda x: x, np.ones_like),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "ReLU": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * F32(1)),
    "leaky": (lambda x: np.where(x > 0, x, F32(0.1) * x), lambda x: np.where(x > 0, F32(1), F32(0.1))),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "ELU": (
        lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
        lambda x: np.where(x > 0, F32(1), np.exp(np.minimum(x, 0))),
    ),
    "softplus": (lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), _sigmoid),
    "Swish": (lambda x: x * _sigmoid(x), _gated),
    "hard swish": (
        lambda x: x * np.clip(x / 6 + F32(0.5), 0, 1),
        lambda x: np.clip(x / 6 + F32(0.5), 0, 1) + x * (np.abs(x) < 3) / F32(6),
    ),
    "sine": (np.sin, np.cos),
    "Snake": (lambda x: x + np.sin(x) ** 2, lambda x: 1 + 2 * np.sin(x) * np.cos(x)),
    "floor": (np.floor, lambda x: x * 0),
    "sign": (np.sign, lambda x: x * 0),
    "abs": (np.abs, np.sign),
    "softshrink": (
        lambda x: np.sign(x) * np.maximum(np.abs(x) - F32(0.5), 0),
        lambda x: (np.abs(x) > F32(0.5)) * F32(1),
    ),
    "clip": (lambda x: np.clip(x, -1, 2), lambda x: ((x >= -1) & (x <= 2)) * F32(1)),
    "Gaussian": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
}
GRIDS = {
    "default": np.linspace(-10, 10, 501, dtype=F32),
    "narrow": np.linspace(-1, 1, 501, dtype=F32),
    "wide": np.linspace(-100, 100, 501, dtype=F32),
    "even": np.linspace(-10, 10, 500, dtype=F32),
    "eleven": np.linspace(-10, 10, 11, dtype=F32),
    "wide eleven": np.linspace(-100, 100, 11, dtype=F32),
    "many": np.linspace(-10, 10, 10001, dtype=F32),
}


def scaled(pair, steepness=1, shift=0, height=1, lift=0):
    """Return height f(steepness (x - shift)) + lift, and its gradient."""
    f, g = pair
    a, b, c, d = map(F32, (steepness, shift, height, lift))
    return lambda x: c * f(a * (x - b)) + d, lambda x: c * g(a * (x - b)) * a


def draw(rng):
    """Return a name, a function and its gradient."""
    kind, name = rng.choice(["scaled", "steep", "sum", "composition"]), rng.choice(list(BASE))
    if kind == "scaled":
        lift, height = rng.choice([0, 0, 1, -10, 100]), 10 ** rng.uniform(-3, 3)
        pair = scaled(BASE[name], 10 ** rng.uniform(-1.5, 1.5), rng.uniform(-8, 8), height, lift)
    elif kind == "steep":
        name = rng.choice(["sine", "Snake", "tanh", "sigmoid"])
        pair = scaled(BASE[name], 10 ** rng.uniform(-1, 2), rng.uniform(-5, 5), 10 ** rng.uniform(-3, 3))
    elif kind == "sum":
        (f, g), (k, dk) = (draw(rng)[1] for _ in range(2))
        pair = (lambda x: f(x) + k(x), lambda x: g(x) + dk(x))
    else:
        inner, outer = (
            scaled(BASE[which], 10 ** rng.uniform(-1, 1), rng.uniform(-2, 2), 10 ** rng.uniform(-1, 1))
            for which in (rng.choice(list(BASE)), name)
        )
        (f, g), (k, dk) = inner, outer
        pair = (lambda x: k(f(x)), lambda x: dk(f(x)) * g(x))
    return f"{kind} {name}", pair


def evaluator(pair):
    """Return what `check_gradient` takes: a function from points to values and gradients."""

    def evaluate(x):
        with np.errstate(all="ignore"):
            return tuple(np.asarray(function(x), dtype=F32) for function in pair)

    return evaluate
