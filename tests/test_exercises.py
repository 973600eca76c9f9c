"""Every exercise can be solved, in more than one way; what is not right, of whatever kind, is told so in one line."""

import functools
import re
from decimal import Decimal
from fractions import Fraction

import mxnet as mx
import nbformat
import numpy as np
import pytest
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn

from gluon_activations import blocks
from gluon_activations.exercises import CHECKS, check

PI = np.pi


def function(forward, backward):
    """Make an activation from f(x) and from what its backward returns, given x and dy."""

    class Made(autograd.Function):
        def forward(self, x):
            self.x = x
            return forward(x)

        def backward(self, dy):
            return backward(self.x, dy)

    return Made()


def tall(formula=lambda F, x, height: F.broadcast_mul(height, F.tanh(x)), name="height", shape=(1,), plain=False, **kw):
    """Make the class of a block with one parameter."""

    class Tall(nn.HybridBlock):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            with self.name_scope():
                make = gluon.Parameter if plain else self.params.get
                setattr(self, name, make(name, shape=shape, **kw))

        def hybrid_forward(self, F, x, **parameters):
            return formula(F, x, parameters[name])

    return Tall


class Imperative(nn.Block):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.h = self.params.get("h", shape=(1, 1), init=mx.init.Constant(3))

    def forward(self, x):
        return self.h.data().reshape(1) * (2 * nd.sigmoid(2 * x) - 1)


class OwnForward(tall()):
    def forward(self, x):
        return self.height.data() * nd.tanh(x)


class OwnHeight(tall()):
    def hybrid_forward(self, F, x, height):
        return F.broadcast_mul(self.height.data(), F.tanh(x))


def two_heights():
    net = nn.HybridSequential()
    net.add(tall()(), tall()())
    return net


def prelu(alpha, channels=1):
    block = nn.PReLU(alpha_initializer=mx.init.Constant(alpha), in_channels=channels)
    block.initialize()
    return block


def taught(goal):
    """Notebook 4's loop."""
    block, x = prelu(0.25), nd.arange(-3, 3, 0.1)
    trainer = gluon.Trainer(block.collect_params(), "sgd", {"learning_rate": 0.1})
    for _ in range(40):
        with autograd.record():
            loss = ((block(x) - goal(x)) ** 2).mean()
        loss.backward()
        trainer.step(batch_size=1)
    return block


def selu(alpha, scale, condition=lambda x: x > 0):
    return lambda x: scale * nd.where(condition(x), x, alpha * (nd.exp(nd.minimum(x, 0)) - 1))


def lambdas(formula):
    return lambda: nn.HybridLambda(lambda F, x: formula(F, x))


def log_cosh_by_parts(x):
    size = nd.abs(x)
    return nd.relu(size - 20) + nd.log(nd.cosh(nd.minimum(size, 20)))


RIGHT = {
    "1.1": [2, 2.0, np.float32(2), np.array(2.0), nd.array([2]), Fraction(2), Decimal(2), np.int64(2), np.array([[2]])],
    "1.2": [
        lambda x: x + 0.3 * nd.tanh(x),
        lambda x: x + 0.3 * nd.sin(x),
        lambda x: x - 0.5 * nd.tanh(x),  # 0.5 at zero
        lambda x: nd.relu(x) + 0.9 * x - 0.4 * x,  # 0.49999997 in float32
        lambda x: x + nd.exp(x),
        lambda x: x + x**3,
        nn.LeakyReLU(0.5),
        nn.LeakyReLU(0.995),
        lambda x: x + 0.002 * nd.sin(x),
        lambda x: x + nd.relu(x - 60),
        lambda x: x + 1000 * nd.relu(x - 0.01),
        lambda x: x + 0.5 * nd.sqrt(1 + x * x),  # towards 0.5 on the left
        nd.sinh,
        function(lambda x: x + nd.relu(x), lambda x, dy: dy * (1 + (x > 0))),
    ],
    "1.3": [
        function(nd.sigmoid, lambda x, dy: dy * nd.sigmoid(x) * (1 - nd.sigmoid(x))),
        function(nd.sigmoid, lambda x, dy: dy * nd.sigmoid(x) * nd.sigmoid(-x)),
        nd.sigmoid,
        lambda x: 1 / (1 + nd.exp(-x)),
    ],
    "2.1": [4, 4.0, nd.array([4]), 3.98],
    "2.2": [
        lambda x: nd.arctan(PI / 2 * x) / (PI / 2),
        lambda x: nd.arctan(1.57 * x) / 1.57,
        lambda x: nd.arctan(1.5708 * x) * 0.6366,
        lambda x: 4 / PI * nd.arctan(PI / 2 * x / (1 + nd.sqrt(1 + (PI / 2 * x) ** 2))),
    ],
    "2.3": [1.6, 1.61, nd.array([1.55])],
    "3.1": [
        lambda x: nd.relu(x) - nd.relu(x - 6),
        lambda x: nd.clip(x, 0, 6),
        lambda x: nd.minimum(nd.maximum(x, 0), 6),
        lambda x: 6 - nd.relu(6 - nd.relu(x)),
        lambda x: (nd.abs(x) - nd.abs(x - 6)) / 2 + 3,
    ],
    "3.2": [
        lambda x: nd.relu(x) + nd.relu(-x),
        lambda x: 2 * nd.relu(x) - x,
        lambda x: nd.maximum(x, -x),
        nd.abs,
        lambda x: x * nd.sign(x),
        lambda x: nd.where(x < 0, -x, x),
        lambda x: -nd.minimum(x, -x),
    ],
    "3.3": [70, 70.0, np.int64(70), nd.array([70])],
    "4.1": [lambda x: nd.LeakyReLU(x, slope=-1), lambda x: nd.LeakyReLU(x, slope=-1.0), prelu(-1.0)],
    "4.2": [-3.5, np.float32(-3.5), nd.array([-3.5])],
    "4.3": [prelu(-1e-3), prelu(-5.0), prelu(-0.1, 3), taught(nd.abs), taught(lambda x: nd.LeakyReLU(x, slope=-0.3))],
    "5.1": [1.67326, 1.6733, 1.67, 1.65, 1.69],
    "5.2": [-3.03, -3, -3.07],
    "5.3": [
        selu(1.6732632, 1.0507010),
        selu(1.6733, 1.0507),
        selu(1.6732632, 1.0507010, lambda x: x >= 0),
        blocks.SELU(),
        lambda x: 1.0507 * nd.relu(x) + 1.0507 * 1.67326 * (nd.exp(nd.minimum(x, 0)) - 1),
        lambda x: 1.0507 * nd.LeakyReLU(x, act_type="elu", slope=1.67326),
        lambda x: nd.where(x > 0, 1.0507 * x, 1.0507 * 1.6733 * nd.expm1(nd.minimum(x, 0))),
    ],
    "6.1": [-0.75, -0.7518],
    "6.2": [
        lambda x: nd.clip(x + 0.5, 0, 1),
        lambda x: (nd.erf(x / np.sqrt(2)) + 1) / 2,
        lambda x: nd.arctan(x) / PI + 0.5,
        lambda x: (nd.softsign(x) + 1) / 2,
        lambda x: x > 0,  # ReLU's
        lambda x: (nd.sign(x) + 1) / 2,
        lambda x: nd.clip(x + 3, 0, 6) / 6,
        lambda x: (nd.softsign(x / 5) + 1) / 2,  # these three open slowly
        lambda x: nd.arctan(x / 10) / PI + 0.5,
        lambda x: nd.clip(x / 300 + 0.5, 0, 1),
        lambda x: blocks.SoftReLU()(x + 0.5) - blocks.SoftReLU()(x - 0.5),  # these two are nearly sigmoids
        lambda x: (nd.sigmoid(x) + nd.sigmoid(1.1 * x)) / 2,
    ],
    "6.3": [1.77, 1.773, 1.75, 1.8],
    "7.1": ["He", "he", " HE "],
    "7.2": [0.24, 0.25, np.sqrt(0.06)],
    "7.3": ["GELU", "gelu"],
    "8.1": [0.33, 0.32, 1 / 3],
    "8.2": [
        lambdas(lambda F, x: F.sigmoid(8 * x)),
        lambdas(lambda F, x: F.Activation(12 * x, act_type="sigmoid")),
        lambdas(lambda F, x: (1 + F.tanh(5 * x)) / 2),
        lambdas(lambda F, x: F.sigmoid(-8 * x)),  # the weights may turn it round
    ],
    "8.3": [0.04, 0.02, 0.01, 0.07],  # with five other seeds, 0.01 to 0.07
    "9.1": [
        lambda x: nd.abs(x) + nd.log1p(nd.exp(-2 * nd.abs(x))) - np.log(2),
        lambda x: blocks.SoftReLU()(2 * x) - x - np.log(2),
        lambda x: nn.Activation("softrelu")(-2 * x) + x - np.log(2),
        log_cosh_by_parts,
        lambda x: nd.abs(x) - 0.6931 + nd.log1p(nd.exp(-2 * nd.abs(x))),
        function(lambda x: nd.abs(x) + nd.log1p(nd.exp(-2 * nd.abs(x))) - np.log(2), lambda x, dy: dy * nd.tanh(x)),
    ],
    "9.2": [
        function(lambda x: x**3, lambda x, dy: dy * 3 * x**2),
        function(lambda x: x * x * x, lambda x, dy: 3 * dy * x * x),
        lambda x: x**3,
    ],
    "9.3": [
        tall(),
        tall(name="scale"),
        tall(plain=True),
        tall(init=mx.init.Constant(7)),
        tall(grad_req="add"),
        tall(shape=(1, 1), formula=lambda F, x, height: F.broadcast_mul(F.reshape(height, shape=(1,)), F.tanh(x))),
        lambda: tall()(prefix="mine_"),
        Imperative,
    ],
    "10.1": [2048, 2048.0, np.int64(2048), nd.array([2048]), Fraction(2048)],
    "10.2": [
        lambda x: (1 + nd.erf(x / 2**0.5)) / 2,
        lambda x: 0.5 * nd.erf(x * 0.70710678) + 0.5,
        lambda x: 1 - (1 + nd.erf(-x / np.sqrt(2))) / 2,
        nn.HybridLambda(lambda F, x: (1 + F.erf(x * 0.70710678)) / 2),
        function(lambda x: (1 + nd.erf(x / 2**0.5)) / 2, lambda x, dy: dy * nd.exp(-x * x / 2) / (2 * PI) ** 0.5),
    ],
    "10.3": [2.078, 2.08, 2.07, 1 / np.log((1 + 5**0.5) / 2), nd.array([2.078])],
    "11.1": [
        lambda x: nd.hard_sigmoid(x, alpha=1 / 6),
        lambda x: nd.clip(x / 6 + 0.5, 0, 1),
        lambda x: nd.hard_sigmoid(x / 1.2),
        lambda x: nd.relu(x / 6 + 0.5) - nd.relu(x / 6 - 0.5),
        lambda x: nd.clip(x + 3, 0, 6) / 6,
        nn.HybridLambda(lambda F, x: F.hard_sigmoid(x, alpha=0.166667)),
    ],
    "11.2": [
        lambda x: 2 * nn.ELU()(x / 2),
        lambda x: 2 * nn.ELU(1)(0.5 * x),
        lambda x: nn.ELU(2)(x / 2) + nd.relu(x) / 2,
        lambda x: nd.relu(x) + 2 * (nd.exp(nd.minimum(x, 0) / 2) - 1),
        lambda x: 2 * nd.LeakyReLU(x / 2, act_type="elu", slope=1),
    ],
    "11.3": [
        lambda w: w.reshape(-1, 3, 4, 5).transpose(0, 2, 3, 1).reshape(-1, 60),
        lambda w: np.moveaxis(w.reshape((2, 3, 4, 5)), 1, -1).reshape(2, 60),
        lambda w: w[:, np.arange(60).reshape(3, 4, 5).transpose(1, 2, 0).ravel()],
        lambda w: w.reshape(2, 3, 20).swapaxes(1, 2).reshape(2, 60),
        lambda w: nd.array(w).reshape((2, 3, 4, 5)).transpose((0, 2, 3, 1)).reshape((2, 60)),
        lambda w: w.reshape(2, 3, 4, 5).transpose(0, 2, 3, 1).reshape(2, 60).tolist(),
        lambda w: w.astype("float16").reshape(2, 3, 4, 5).transpose(0, 2, 3, 1).reshape(2, 60),
    ],
}

# Plausible wrong answers to each, and what its check must say of them.
WRONG = {
    "1.1": [(1.0, "1.0 is too small"), (2.1, "2.1 is too large")],
    "1.2": [
        (lambda x: 0.7 * x, "it does not bend: its slope is 0.700 everywhere"),
        (lambda x: nd.relu(x) - 0.7 * nd.relu(-x), r"f'\(x\) is not the slope of f\(x\) at x = 0.000"),
        (nn.LeakyReLU(0.499), "at x = -10.000, its slope is 0.49900"),
        (nn.LeakyReLU(0.4999), "at x = -10.000, its slope is 0.499900"),
        (lambda x: x - 0.501 * nd.tanh(x), "at x = 0.000, its slope is 0.49900"),
        (nd.tanh, "at x = -10.000, its slope is 0.000"),
        (lambda x: x + 0.7 * nd.sin(x), r"at x = -?\d+\.\d+, its slope is 0.30"),
        (lambda x: x - 0.03 * nd.tanh(20 * x), "at x = -?0.000, its slope is 0.400"),
        (lambda x: x - 0.01 * nd.tanh(100 * x), r"at x = -?0.000, its slope is 0.000"),
        (lambda x: x - 0.6 * nd.tanh(50 * (x - 3.3)) / 50, "at x = 3.300, its slope is 0.400"),
        (lambda x: x - 0.9 * nd.clip(x, -0.02, 0.02), r"at x = -?0.0\d+, its slope is 0.100"),
        (lambda x: x + 0.3 * nd.tanh(x) - 3 * (x > 20), r"at x = (20.0|19.9)\d* it jumps"),
        (lambda x: x - x**3 / 1000, r"at x = -?\d+\.\d+, its slope is -"),
        (lambda x: x + 0.3 * nd.tanh(x) - 0.9 * nd.relu(x - 60), r"at x = \d+\.\d+, its slope is 0.100"),
        (
            function(lambda x: 0 * x + 1, lambda x, dy: dy * (1 + 0.3 * nd.cos(x))),
            r"f'\(x\) is not the slope of f\(x\)",
        ),
        (lambda x: x + 0.3 * nd.tanh(x) - 3 * (x > 0), "at x = -?0.000 it jumps"),
        (lambda x: 0.7 * x + 0.1 * nd.relu(x) + 2 * (x > 3.21), "at x = 3.2.. it jumps"),
        (lambda x: x + 0.02 * nd.sin(x * 2 * PI / 0.04), "at x = .*, its slope is -2"),
        (lambda x: x + 1000 * nd.relu(x - 0.01) + 2 * (x > 0.01), "at x = 0.010 it jumps"),
        (nd.sqrt, r"at x = -10.000, f\(x\) is nan"),
        (nd.floor, "at x = .*, its slope is 0.000"),
        (
            function(lambda x: x + 0.3 * nd.tanh(x), lambda x, dy: 1.3 - 0.3 * nd.tanh(x) ** 2),
            ".* does not scale with dy",
        ),
    ],
    "1.3": [
        (function(nd.sigmoid, lambda x, dy: dy * nd.sigmoid(x) * nd.sigmoid(-x) / 2), r"f'\(x\) is not the slope of f"),
        (function(nd.sigmoid, lambda x, dy: nd.sigmoid(x) * nd.sigmoid(-x)), ".* does not scale with dy"),
        (nd.tanh, r"at x = -?\d+\.\d+, f\(x\) is -"),
    ],
    "2.1": [
        (2.0, "the slope at zero is 0.500, and tanh's is 1"),
        (-4, "the slope at zero is -1.000"),
        (1e38, "the slope"),
    ],
    "2.2": [
        (nd.arctan, "it runs from -1.571 to 1.571"),
        (lambda x: nd.arctan(x) / (PI / 2), "its slope at zero is 0.637"),
        (nd.tanh, r"at x = -?\d+\.\d+, f\(x\) is -?0.\d+, not -?0.\d+ as the arctangent's would be"),
        (nd.softsign, r"at x = .* as the arctangent's would be"),
        (lambda x: nd.clip(x, -1, 1), r"at x = .* as the arctangent's would be"),
        (lambda x: nd.erf(x * np.sqrt(PI) / 2), r"at x = .* as the arctangent's would be"),
        (
            function(lambda x: nd.arctan(PI / 2 * x) / PI * 2, lambda x, dy: dy / (1 + x * x)),
            r"f'\(x\) is not the slope",
        ),
    ],
    "2.3": [(1.8, "1.8 is too large"), (1.4, "1.4 is too small")],
    "3.1": [
        (lambda x: nd.relu(6 - x), r"at x = -10.000, f\(x\) is 16.000, not 0.000"),
        (nd.relu, r"at x = 10.000, f\(x\) is 10.000, not 6.000"),
        (lambda x: nd.clip(x, 0, 6) + nd.relu(x - 11), r"at x = 100.000, f\(x\) is 95.000, not 6.000"),
        (function(lambda x: nd.clip(x, 0, 6), lambda x, dy: dy * (x > 0)), r"f'\(x\) is not the slope"),
    ],
    "3.2": [
        (lambda x: nd.relu(x) - nd.relu(-x), r"at x = -10.000, f\(x\) is -10.000, not 10.000"),
        (lambda x: 1.0001 * nd.abs(x), r"at x = .*, f\(x\) is 10.00100, not 10.00000"),
        (lambda x: nd.clip(nd.abs(x), 0, 20), r"at x = -100.000, f\(x\) is 20.000, not 100.000"),
    ],
    "3.3": [
        (71, "a smaller k is enough"),
        (69, "at zero it is still 0.01005 above ReLU"),
        (70.5, "answer must be a whole number above zero, not 70.5"),
        (0, "answer must be a whole number above zero"),
        (-70, "answer must be a whole number above zero"),
    ],
    "4.1": [(lambda x: nd.LeakyReLU(x, slope=1), r"at x = -10.000, f\(x\) is -10.000, not 10.000")],
    "4.2": [(-2.5, "-2.5 is too large"), (-3.0, "-3.0 is too large")],
    "4.3": [
        (prelu(0.0), "alpha is 0.000"),
        (prelu(1e-5), "alpha is 0.0000100"),
        (taught(nn.LeakyReLU(0.7)), r"alpha is 0.70"),
        (taught(nd.log), "alpha is nan"),
        (prelu(-np.inf), "alpha is -inf"),
        (nn.LeakyReLU(0.7), "answer must be a PReLU block, as `prelu` is, not LeakyReLU"),
        (nd.abs, "answer must be a PReLU block, as `prelu` is, not function abs"),
        (nn.PReLU(), "it raises RuntimeError: Parameter .* has not been initialized"),
    ],
    "5.1": [(1.5, "the mean output is 0.041"), (1.64, "the mean output is 0.008"), (1.7, "the mean output is -0.006")],
    "5.2": [(-2.0, "-2.0 is too large"), (-3.1, "-3.1 is too small")],
    "5.3": [
        (nn.SELU(), r"f'\(x\) is not the slope of f\(x\)"),
        (selu(1.67, 1.05), r"at x = .*, f\(x\) is "),
        (
            lambda x: 1.0507 * nd.where(x > 0, x, 1.67326 * nd.expm1(-nd.relu(-x))),  # 0 at zero
            r"f'\(x\) is not the slope of f\(x\) at x = 0.000",
        ),
        (nn.ELU(1.67326), r"at x = .*, f\(x\) is "),
        (lambda x: 1.0507 * nd.where(x > 0, x, 1.67326 * (nd.exp(x) - 1)), r"at x = \d+\.\d+, f'\(x\) is nan"),
        (
            lambda x: 1.0507 * (nd.relu(x) - 1.67326 * nd.relu(1 - nd.exp(nd.minimum(x, 0)))),
            r"f'\(x\) is not the slope",
        ),
    ],
    "6.1": [(-1.28, "-1.28 is too small"), (-0.6, "-0.6 is too large")],
    "6.2": [
        (0.5, "answer must be a function, the gate, not 0.5"),
        (nd.tanh, r"at x = .*, f\(x\) - f\(-x\) is "),
        (lambda x: nd.sigmoid(x) ** 2, r"at x = -?1.560, f\(x\) - f\(-x\) is -?1.112, not -?1.560"),
        (nd.sigmoid, "it is a sigmoid again, of steepness 1.000"),
        (lambda x: nd.sigmoid(40 * x), "it is a sigmoid again, of steepness 40.000"),
        (lambda x: (nd.tanh(x) + 1) / 2, "it is a sigmoid again, of steepness 2.000"),
        (lambda x: nd.sigmoid(0.01 * x), "it is a sigmoid again, of steepness 0.010"),
        (lambda x: nd.sigmoid(1e8 * x), "it is a sigmoid again, of steepness (1000|999)"),
        (lambda x: nd.sigmoid(1e30 * x), "it is a sigmoid again, of steepness"),
        (lambda x: 0 * x + 0.5, "it goes from 0.500 to 0.500, not from 0 to 1"),
        (lambda x: x + 0.5, "it goes from -9999.500 to 10000.500, not from 0 to 1"),
        (lambda x: nd.clip(0.5 - x, 0, 1), "it goes from 1.000 to 0.000, not from 0 to 1"),
        (lambda x: nd.sigmoid(-x), "it goes from 1.000 to 0.000, not from 0 to 1"),
        (lambda x: function(lambda x: nd.clip(x + 0.5, 0, 1), lambda x, dy: 0 * dy)(x), r"f'\(x\) is not the slope"),
    ],
    "6.3": [(1.5, "1.5 is too small"), (1.702, "1.702 is too small"), (1.85, "1.85 is too large")],
    "7.1": [
        ("Xavier", "with Xavier the gradient is 0.*, and with another "),
        ("SELU", "answer must be one of .*, 'Xavier', 'He'; not 'SELU'"),
    ],
    "7.2": [
        (0.15, "the first gradient is .*; the scale is too small"),
        (-5, "answer must be above zero"),
        (1.0, "the first gradient is .*; the scale is too large"),
        (1e30, "the first gradient is 0; the scale is too large"),
    ],
    "7.3": [
        ("ReLU", "with ReLU the gradient is .*, and with another 0.0"),
        ("tanh", "with tanh the gradient is .*, and with another 0.0"),
        ("SELU", "answer must be one of 'tanh', 'ReLU', 'GELU'; not 'SELU'"),
    ],
    "8.1": [
        (0.6, "0.6 is too large"),
        (0.1, "0.1 is too small"),
        (33, "answer must lie between 0, for none, and 1, for all; 33 does not"),
    ],
    "8.2": [
        (lambdas(lambda F, x: F.sigmoid(2 * x)), "its accuracy stays below 0.38"),
        (lambdas(lambda F, x: F.relu(x)), r"at x = .*, f\(x\) is .* as sigmoid\(.* x\) is"),
        (lambdas(lambda F, x: F.tanh(x)), r"at x = .* as sigmoid\(4.000 x\) is"),
        (lambdas(lambda F, x: F.clip(2 * x + 0.5, 0, 1)), r"at x = .* as sigmoid\(8.000 x\) is"),
        (nn.GELU, r"at x = .* as sigmoid\(2.000 x\) is"),
        (lambda x: nd.sigmoid(8 * x), ".* missing 1 required positional argument"),
        (lambda: nd.sigmoid, "answer must make a block, as a class does; it makes function sigmoid"),
        (nn.HybridLambda("sigmoid"), "answer must make a new block in each call, as a class does; HybridLambda"),
    ],
    "8.3": [
        (0, "0.0 is too small"),
        (0.1, "0.1 is too large"),
        (0.25, "0.25 is too large"),
        (0.4, "0.4 is too large"),
        (-0.005, "answer must lie between 0, for none, and 1, for all; -0.005 does not"),
        (4, "answer must lie between 0, for none, and 1, for all; 4 does not"),
    ],
    "9.1": [
        (lambda x: nd.log(nd.cosh(x)), r"at x = -100.000, f\(x\) is inf, not 99.307"),
        (
            lambda x: nd.maximum(x, -x) + nd.log1p(nd.exp(-2 * nd.abs(x))) - np.log(2),  # 1 at zero
            r"f'\(x\) is not the slope of f\(x\) at x = 0.000",
        ),
        (lambda x: nd.abs(x) - np.log(2), r"at x = 0.000, f\(x\) is -0.693, not 0.000"),
        (
            lambda x: nd.where(nd.abs(x) > 50, nd.abs(x) - np.log(2), nd.log(nd.cosh(x))),
            r"at x = -100.000, f'\(x\) is nan",
        ),
    ],
    "9.2": [
        (function(lambda x: x**3, lambda x, dy: dy), r"f'\(x\) is not the slope of f\(x\) from x = -10.000"),
        (function(lambda x: x**3, lambda x, dy: dy * 3 * x), r"f'\(x\) is not the slope of f\(x\) from x = -10.000"),
        (function(lambda x: x**3, lambda x, dy: dy * 3.05 * x**2), r"f'\(x\) is not the slope of f\(x\)"),
        (function(lambda x: x**3, lambda x, dy: 3 * x**2), r"f'\(x\) is .*but the gradient does not scale with dy"),
        (function(lambda x: x**2, lambda x, dy: dy * 2 * x), r"at x = -10.000, f\(x\) is 100.000, not -1000.000"),
    ],
    "9.3": [
        (nn.Activation, ".*missing 1 required positional argument"),
        (nn.GELU, "it has 0 parameters, not one"),
        (two_heights, "it has 2 parameters, not one"),
        (tall(lambda F, x, h: h * F.tanh(x)), "it fails once it is hybridised, as a plain \\* does: see broadcast_mul"),
        (OwnForward, "it fails once it is hybridised"),
        (OwnHeight, "it fails once it is hybridised: does it use F, and the height that it is given?"),
        (tall(lambda F, x, h: F.broadcast_mul(h, nd.tanh(x))), "it fails once it is hybridised: does it use F"),
        (tall(lambda F, x, h: nd.broadcast_mul(h, nd.tanh(x))), "it fails once it is hybridised: does it use F"),
        (tall(lambda F, x, h: h * nd.tanh(x)), "it fails once it is hybridised"),
        (tall(lambda F, x, h: h * F.tanh(x), plain=True), "it fails once it is hybridised, as a plain"),
        (
            tall(lambda F, x, h: F.broadcast_mul(h, 2 * F.tanh(x))),
            r"at x = .*, f\(x\) is -?5.000, not -?2.500 where the",
        ),
        (tall(lambda F, x, h: F.broadcast_mul(F.abs(h), F.tanh(x))), r"at x = .* where the height is -0.5"),
        (tall(lambda F, x, h: F.broadcast_mul(h, F.sin(x))), r"at x = .* where the height is 2.5"),
        (
            tall(lambda F, x, h: F.broadcast_mul(F.BlockGrad(h), F.tanh(x))),
            "the gradient of the height is 0.000 where it",
        ),
        (
            tall(lambda F, x, h: F.broadcast_mul((h + F.BlockGrad(h)) / 2, F.tanh(x))),
            "the gradient of the height is -0.602 where it should be -1.204",
        ),
        (tall(shape=(3,)), r"its parameter is of shape \(3,\)"),
        (tall(grad_req="null"), r"its parameter is of shape \(1,\), grad_req 'null'"),
        (tall()(), "answer must make a new block in each call, as a class does; Tall"),
        (
            functools.partial(lambda block: block, tall()()),
            "answer must make a new block in each call; it gives the same",
        ),
    ],
    "10.1": [
        (3072, "the gated layer has 7077888 weights, the plain one 4718592"),
        (4096, "the gated layer has 9437184 weights"),
        (1024, "the gated layer has 2359296 weights"),
        (2047.5, "the gated layer has 4717440 weights"),
        (-2048, "the gated layer has -4718592 weights"),
        (1e300, r"the gated layer has 2.304e\+303 weights"),
    ],
    "10.2": [
        (nn.GELU(), r"at x = 10.000, f\(x\) is 100.000, not 10.000"),
        (nd.tanh, r"at x = -10.000, f\(x\) is 10.000, not 0.000"),
        (nd.sigmoid, r"at x = -?1.960, f\(x\) is"),
        (lambda x: nd.sigmoid(1.702 * x), r"at x = .*, f\(x\) is"),
        (lambda x: (1 + nd.tanh(0.79788 * (x + 0.044715 * x**3))) / 2, r"at x = .*, f\(x\) is"),
        (
            function(lambda x: (1 + nd.erf(x / 2**0.5)) / 2, lambda x, dy: dy * nd.exp(-x * x / 2)),
            r"f'\(x\) is not the slope",
        ),
        (
            function(lambda x: (1 + nd.erf(x / 2**0.5)) / 2, lambda x, dy: nd.exp(-x * x / 2) / (2 * PI) ** 0.5),
            r".* does not scale with dy",
        ),
        (nn.GELU, "gate must be a function or a HybridBlock"),
        ("erf", "gate must be a function or a HybridBlock, .* not 'erf'"),
        (None, "answer must be a gate, .* not None"),
    ],
    "10.3": [
        (1.0, "at temperature 1.000 the first has 0.6652"),
        (2.0, "at temperature 2.000 the first has 0.506"),
        (2.0551, "at temperature 2.055 the first has 0.5019"),
        (2.1025, "at temperature 2.102 the first has 0.4981"),
        (2.2, "at temperature 2.200 the first has 0.4908"),
        (0, "answer must be above zero, not 0.0"),
        (-2.078, "answer must be above zero"),
        (1e-9, "at temperature .* the first has 1.000"),
    ],
    "11.1": [
        (nd.hard_sigmoid, r"at x = 2.480, f\(x\) is 0.9960, not 0.9133"),
        (lambda x: nd.hard_sigmoid(x, alpha=6), r"at x = .*, f\(x\) is"),
        (lambda x: nd.hard_sigmoid(x, alpha=1 / 6, beta=0), r"at x = .*, f\(x\) is"),
        (lambda x: x / 6 + 0.5, r"at x = -10.000, f\(x\) is -1.167, not 0.000"),
        (nd.sigmoid, r"at x = .*, f\(x\) is"),
        (
            function(lambda x: nd.clip(x / 6 + 0.5, 0, 1), lambda x, dy: dy / 6),
            r"f'\(x\) is not the slope of f\(x\) from x = -10.000",
        ),
    ],
    "11.2": [
        (nn.ELU(2), r"at x = -1.400, f\(x\) is -1.507, not -1.007"),
        (lambda x: nn.ELU()(x / 2), r"at x = 10.000, f\(x\) is 5.000, not 10.000"),
        (lambda x: nn.ELU(2)(x / 2), r"at x = 10.000, f\(x\) is 5.000, not 10.000"),
        (nn.ELU, ".*"),
    ],
    "11.3": [
        (lambda w: w, "on images with their channels last, the outputs differ by up to"),
        (lambda w: w.reshape(-1, 4, 5, 3).reshape(-1, 60), "on images with their channels last, the outputs differ"),
        (lambda w: w.reshape(2, 3, 4, 5).transpose(0, 3, 2, 1).reshape(2, 60), "on images with their channels last"),
        (
            lambda w: 1.01 * w.reshape(2, 3, 20).swapaxes(1, 2).reshape(2, 60),
            "on images with their channels last, the outputs differ by up to 0.176",
        ),
        (lambda w: w.T, r"the weights must stay of shape \(2, 60\); they become \(60, 2\)"),
        (lambda w: w * np.nan, "on images with their channels last, the outputs differ by up to nan"),
        (lambda w: None, r"the weights must stay of shape \(2, 60\); they become \(\)"),
        (lambda w: "w", r"the weights must stay of shape"),
        (3, "answer must be a function of the weights, not 3"),
    ],
}


def answers(table):
    for exercise, listed in table.items():
        yield from (pytest.param(exercise, answer, id=f"{exercise}-{i}") for i, answer in enumerate(listed))


@pytest.mark.parametrize(("exercise", "answer"), list(answers(RIGHT)))
def test_a_right_answer_is_right_however_it_is_built(exercise, answer, capfd):
    check(exercise, answer)
    assert capfd.readouterr() == ("right\n", "")


@pytest.mark.parametrize(("exercise", "answer_and_why"), list(answers(WRONG)))
def test_a_wrong_answer_is_told_why(exercise, answer_and_why, capfd):
    answer, why = answer_and_why
    check(exercise, answer)
    out, err = capfd.readouterr()
    assert re.match(f"not yet: {why}", out)
    assert (out.count("\n"), err) == (1, "")


class Rude:
    def __repr__(self):
        raise RuntimeError("no")

    __eq__ = __float__ = __array__ = __call__ = __repr__
    __hash__ = object.__hash__


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no")


def raises(error):
    def raising(*args, **kwargs):
        raise error

    return raising


class FailsInside(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.no_such_operator(x)


RUBBISH = {
    "nothing": [
        None,
        "",
        "two",
        b"2",
        [],
        [2.0],
        (2,),
        {},
        {2},
        ...,
        NotImplemented,
        Rude(),
        object(),
        np,
        ValueError(),
    ],
    "no numbers": [True, False, np.bool_(True), np.array([True]), 2j, "2.0", np.array("2"), np.array([None])],
    "not finite": [
        np.nan,
        np.inf,
        -np.inf,
        np.float32("nan"),
        10**400,
        Decimal("sNaN"),
        Fraction(10**400),
        nd.array([np.nan]),
    ],
    "arrays": [np.zeros(0), np.zeros(3), np.full((2, 2), np.nan), nd.zeros(2), nd.zeros((2, 2)), mx.sym.Variable("x")],
    "classes": [int, Rude, nn.Dense, nn.SELU, autograd.Function, FailsInside],
    "blocks": [nn.Dense(3), nn.PReLU(), nn.Sequential(), nn.BatchNorm(), FailsInside(), nn.Lambda(raises(OSError()))],
    "functions": [
        len,
        np.sin,
        functools.partial(nd.LeakyReLU, act_type="none"),
        lambda: 0,
        lambda: nn.Dense(3),
        lambda: nn.SELU,
        lambda *args: None,
        lambda *args: np.zeros(3),
        lambda x: x[:3],
        lambda x: x.reshape((-1, 1)),
        lambda x: x.asnumpy(),
        lambda x: x.astype("float64"),
        lambda x: x * float("nan"),
        lambda x: nd.log(x),
        lambda x: nd.softmax(x),
        lambda x: nd.dot(x, nd.ones((2, 2))),
        lambda x: nd.random.normal(shape=x.shape),
        lambda x: nd.ones(x.shape),
    ],
    "raising": [
        raises(error)
        for error in (ZeroDivisionError("a\nb" * 10**4), Mute(), SystemExit(1), mx.MXNetError(""), KeyError())
    ],
    "functions of MXNet's": [
        function(raises(OSError()), lambda x, dy: dy),
        function(nd.exp, raises(OSError())),
        function(nd.exp, lambda x, dy: None),
        function(nd.exp, lambda x, dy: dy[:3]),
    ],
}


@pytest.mark.parametrize("kind", RUBBISH)
@pytest.mark.parametrize("exercise", CHECKS)
def test_an_answer_of_any_kind_gets_one_line(exercise, kind, capfd):
    for answer in RUBBISH[kind]:
        check(exercise, answer)
        out, err = capfd.readouterr()
        assert re.fullmatch("not yet: [^\n]{1,500}\n", out)
        assert err == ""
        assert not re.search("Traceback|CHECKS|lambda guess", out)


@pytest.mark.parametrize(
    "exercise", ["1.1", "2.1", "2.3", "3.3", "4.2", "5.1", "5.2", "6.1", "6.3", "7.2", "8.1", "8.3"]
)
def test_what_is_no_finite_number_is_told_so_where_one_is_asked_for(exercise, capfd):
    for kind, told in (("no numbers", "a number"), ("not finite", "a finite number"), ("functions", "a number")):
        for answer in RUBBISH[kind]:
            check(exercise, answer)
            assert capfd.readouterr().out.startswith(f"not yet: answer must be {told}, not ")


def broken(x):
    return x + no_such_name  # noqa: F821


class BrokenBlock(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return broken(x)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("1.2", broken),
        ("1.3", function(broken, lambda x, dy: dy)),
        ("9.2", function(lambda x: x**3, lambda x, dy: broken(dy))),
        ("9.1", lambda x: function(nd.abs, lambda x, dy: broken(dy))(x)),
        ("6.2", broken),
        ("8.2", BrokenBlock),
    ],
)
def test_an_error_in_the_readers_code_is_told_with_the_readers_line(exercise, answer, capfd):
    check(exercise, answer)
    line = broken.__code__.co_firstlineno + 1
    told = f"it raises NameError: name 'no_such_name' is not defined, in line {line}: return x + no_such_name"
    assert capfd.readouterr().out.startswith(f"not yet: {told}")


def test_what_mxnet_says_of_the_readers_code_is_told_with_the_readers_line(capfd):
    check("1.2", lambda x: nd.dot(x, nd.ones((2, 2))))
    assert re.match(r"not yet: activation .*shape \(501,\): .*, in line \d+: .*nd.dot\(x", capfd.readouterr().out)


def test_what_the_readers_code_prints_is_kept(capfd):
    def talks(x):
        print("hello")
        return nd.abs(x)

    check("3.2", talks)
    lines = capfd.readouterr().out.splitlines()
    assert set(lines[:-1]) == {"hello"}
    assert lines[-1] == "right"


def test_an_interrupt_goes_through():
    with pytest.raises(KeyboardInterrupt):
        check("1.2", raises(KeyboardInterrupt()))


@pytest.mark.parametrize("exercise", ["1.9", "nope", "", 1.1, None, ["1.1"]])
def test_what_does_not_exist_is_refused(exercise):
    with pytest.raises(ValueError, match=r"^exercise must be one of 1.1, .*; not "):
        check(exercise, 1)


def test_nothing_of_the_readers_is_changed():
    block, numpys = prelu(0.3), np.random.get_state()[1].copy()
    with autograd.record():
        total = block(nd.array([-2.0])).sum()
    total.backward()
    for exercise in ("1.2", "3.2", "4.1", "4.3", "6.2", "7.2", "9.3"):
        check(exercise, block if exercise != "7.2" else 0.24)
    assert block.alpha.data().asscalar() == np.float32(0.3)
    assert block.alpha.grad().asscalar() == -2
    assert (np.random.get_state()[1] == numpys).all()


def test_mxnets_generator_goes_on_differently_after_each_check():
    drawn = []
    for _ in range(2):
        check("7.2", 0.24)
        drawn.append(nd.random.uniform(shape=3).asnumpy().tolist())
    assert drawn[0] != drawn[1]


def test_numbers_do_as_well_after_set_np(arrays, capfd):
    for exercise in ("1.1", "2.1", "2.3", "3.3", "4.2", "5.1", "5.2", "6.1", "6.3"):
        check(exercise, arrays.array([float(RIGHT[exercise][0])]))
        assert capfd.readouterr().out == "right\n"


def outcomes(notebook):
    """Each exercise that a notebook checks, and what is stored of the verdict."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and "check(" in cell.source]
    return [(re.search(r'check\("([\d.]+)"', cell.source)[1], cell.outputs[-1].text) for cell in cells]


def test_a_notebook_starts_with_wrong_answers_and_its_solutions_are_right(path, notebook):
    solutions = nbformat.read(path.parent / "solutions" / path.name, as_version=4)
    numbers = [number for number in CHECKS if number.startswith(f"{int(path.stem[:2])}.")]
    assert 2 <= len(numbers) <= 4
    assert [number for number, _ in outcomes(notebook)] == numbers
    assert all(verdict.startswith("not yet: ") for _, verdict in outcomes(notebook))
    assert outcomes(solutions) == [(number, "right\n") for number in numbers]


def test_every_exercise_is_tried():
    assert list(RIGHT) == list(WRONG) == list(CHECKS)
