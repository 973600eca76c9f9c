"""Nets as people write them, for tests: branches, skips, heads, gates, and activations inside layers."""

import mxnet as mx
from mxnet import gluon, nd
from mxnet.gluon import nn
from mxnet.gluon.contrib.nn import HybridConcurrent
from mxnet.gluon.model_zoo import vision


def chain(*blocks):
    net = nn.HybridSequential()
    net.add(*blocks)
    return net


def lenet():
    return chain(
        nn.Conv2D(6, 5, padding=2, activation="sigmoid"),
        nn.MaxPool2D(2, 2),
        nn.Conv2D(16, 5, activation="sigmoid"),
        nn.MaxPool2D(2, 2),
        nn.Dense(120, activation="sigmoid"),
        nn.Dense(84, activation="sigmoid"),
        nn.Dense(10),
    )


def nin():
    def stage(channels, kernel):
        return chain(
            nn.Conv2D(channels, kernel, padding=1, activation="relu"),
            nn.Conv2D(channels, 1, activation="relu"),
            nn.Conv2D(channels, 1, activation="relu"),
        )

    return chain(
        stage(8, 5), nn.MaxPool2D(3, 2), stage(12, 3), nn.MaxPool2D(3, 2), nn.Dropout(0.5), stage(10, 3),
        nn.GlobalAvgPool2D(), nn.Flatten(),
    )  # fmt: skip


class Inception(nn.HybridBlock):
    """Four ways through, side by side."""

    def __init__(self, channels):
        super().__init__()
        self.a = nn.Conv2D(channels, 1, activation="relu")
        self.b = chain(nn.Conv2D(channels, 1, activation="relu"), nn.Conv2D(channels, 3, padding=1, activation="relu"))
        self.c = chain(nn.Conv2D(channels, 1, activation="relu"), nn.Conv2D(channels, 5, padding=2, activation="relu"))
        self.d = chain(nn.MaxPool2D(3, 1, 1), nn.Conv2D(channels, 1, activation="relu"))

    def hybrid_forward(self, F, x):
        return F.concat(self.a(x), self.b(x), self.c(x), self.d(x), dim=1)


def googlenet():
    return chain(
        nn.Conv2D(8, 7, strides=2, padding=3, activation="relu"), nn.MaxPool2D(3, 2, 1),
        Inception(4), Inception(6), nn.MaxPool2D(3, 2, 1), Inception(4), nn.GlobalMaxPool2D(), nn.Dense(10),
    )  # fmt: skip


class Residual(nn.HybridSequential):
    """A subclass of a chain that is none: it adds its input."""

    def hybrid_forward(self, F, x):
        return F.relu(x + super().hybrid_forward(F, x))


class TwoHeads(nn.HybridSequential):
    """A subclass of a chain that gives two outputs."""

    def hybrid_forward(self, F, x):
        body, left, right = self._children.values()
        x = body(x)
        return left(x), right(x)


def residual():
    unit = Residual()
    unit.add(nn.Conv2D(6, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"), nn.Conv2D(6, 3, padding=1))
    return chain(nn.Conv2D(6, 3, padding=1), unit, nn.MaxPool2D(), nn.Dense(10))


def two_heads():
    net = TwoHeads()
    net.add(chain(nn.Dense(8), nn.LayerNorm(), nn.ELU()), nn.Dense(10), nn.Dense(3, activation="tanh"))
    return net


def concurrent():
    sides = HybridConcurrent(axis=1)
    sides.add(nn.Conv2D(3, 3, padding=1, activation="tanh"), chain(nn.Conv2D(5, 1), nn.BatchNormReLU()))
    return chain(sides, nn.PReLU(), nn.MaxPool2D(4), nn.Dense(10))


class LanguageModel(nn.HybridBlock):
    """Tokens in, shape (t, n), and scores out, shape (t, n, words)."""

    def __init__(self, words=11):
        super().__init__()
        self.embedding = nn.Embedding(words, 6)
        self.drop = nn.Dropout(0.3)
        self.lstm = gluon.rnn.LSTM(7, num_layers=2, dropout=0.4)
        self.scores = nn.Dense(words, flatten=False)

    def hybrid_forward(self, F, tokens):
        return self.scores(self.drop(self.lstm(self.drop(self.embedding(tokens)))))


class Transformer(nn.HybridBlock):
    """One block of attention and one of a gated mix, each with a skip, over sequences of shape (n, t, units)."""

    def __init__(self, units=8):
        super().__init__()
        self.position = self.params.get("position", shape=(1, 5, units))
        self.ask, self.key, self.value = (nn.Dense(units, flatten=False, use_bias=False) for _ in range(3))
        self.norms = chain(nn.LayerNorm(), nn.LayerNorm())
        self.up, self.act, self.down = nn.Dense(2 * units, flatten=False), nn.GELU(), nn.Dense(units, flatten=False)
        self.scores = nn.Dense(10)

    def hybrid_forward(self, F, x, position):
        x = F.broadcast_add(x, position)
        seen = F.softmax(F.batch_dot(self.ask(x), self.key(x), transpose_b=True) / 3)
        x = self.norms[0](x + F.batch_dot(seen, self.value(x)))
        return self.scores(self.norms[1](x + self.down(self.act(self.up(x)))))


# Name: the net, the shape of its samples, its weights, its activations that are blocks, and those that are functions.
NETS = {
    "lenet": (lenet, (3, 1, 28, 28), 5, 4, 0),
    "nin": (nin, (3, 1, 32, 32), 9, 9, 0),
    "googlenet": (googlenet, (3, 1, 32, 32), 20, 19, 0),
    "residual": (residual, (3, 2, 8, 8), 4, 1, 1),
    "concurrent": (concurrent, (3, 2, 8, 8), 3, 3, 0),
    "transformer": (Transformer, (3, 5, 8), 7, 1, 0),
    "alexnet": (vision.alexnet, (2, 3, 64, 64), 8, 7, 0),
    "vgg11_bn": (vision.vgg11_bn, (2, 3, 32, 32), 11, 10, 0),
    "resnet18_v1": (vision.resnet18_v1, (2, 3, 32, 32), 21, 9, 8),
    "resnet18_v2": (vision.resnet18_v2, (2, 3, 32, 32), 21, 2, 16),
    "squeezenet1_1": (vision.squeezenet1_1, (2, 3, 224, 224), 26, 26, 0),
    "densenet": (lambda: vision.DenseNet(32, 16, [2, 2, 2, 2], classes=10), (2, 3, 224, 224), 21, 21, 0),
    "mobilenet0_25": (vision.mobilenet0_25, (2, 3, 32, 32), 28, 27, 0),
    "mobilenet_v2_0_25": (vision.mobilenet_v2_0_25, (2, 3, 32, 32), 54, 36, 0),
    "inception_v3": (vision.inception_v3, (1, 3, 299, 299), 95, 94, 0),
}


def make(name):
    """Return a net, initialised, and samples for it."""
    factory, shape, *_ = NETS[name]
    mx.random.seed(1)
    net = factory()
    net.initialize(mx.init.Xavier())
    return net, nd.random.normal(shape=shape)
