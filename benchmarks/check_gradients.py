"""How little the gradient check sees, whom it accuses wrongly, and what it costs. Run by ``make bench``."""

import io
import sys
import time
from pathlib import Path

import mxnet_compat  # noqa: F401  before MXNet

# isort: split
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from mxnet import autograd, nd

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from right_functions import GRIDS, draw, evaluator

from gluon_activations import activation_blocks, trace_activation, visualize_activation
from gluon_activations.evaluation import differentiate, find_context
from gluon_activations.slopes import check_gradient

FUNCTIONS, TURNS = 1000, 7


def least_error_seen(block, x):
    """Return the least share of itself by which a gradient, everywhere too large or too small, is seen to be off."""
    ctx = find_context(block, None)
    sample = {}

    def evaluate(points, share=0.0):
        key = points.tobytes()
        if key not in sample:
            sample[key] = differentiate(block, points, ctx)
        y, gradient = sample[key]
        return y, gradient * np.float32(1 + share)

    def seen(share):
        def spoilt(points):
            return evaluate(points, share)

        return bool(check_gradient(spoilt, x, *spoilt(x)).stretches)

    shares = np.geomspace(1e-6, 1e-2, 41)
    return next((share for share in shares if seen(share) and seen(-share)), np.inf)


def sensitivity():
    print(f"{'the least error seen, as a share':34}" + "".join(f"{grid:>10}" for grid in ("default", "narrow", "wide")))
    for name, block in activation_blocks().items():
        least = (least_error_seen(block, GRIDS[grid]) for grid in ("default", "narrow", "wide"))
        print(f"  {name:32}" + "".join(f"{share:10.1e}" for share in least))


def false_alarms():
    rng, accused, unsure = np.random.RandomState(0), 0, 0
    for _ in range(FUNCTIONS):
        (_, pair), x = draw(rng), GRIDS[rng.choice(list(GRIDS))]
        evaluate = evaluator(pair)
        found = check_gradient(evaluate, x, *evaluate(x))
        accused += bool(found.stretches)
        unsure += bool(found.doubts)
    print(f"\nof {FUNCTIONS} right functions: {accused} accused, {unsure} on which float32 is said not to tell")


def plainly(block):
    """What one would write by hand: the curve and its gradient, drawn."""
    x = nd.array(np.linspace(-10, 10, 501))
    x.attach_grad()
    with autograd.record():
        y = block(x)
    y.backward()
    _, ax = plt.subplots(figsize=(6, 3.6), dpi=100)
    ax.plot(x.asnumpy(), y.asnumpy(), label="f(x)")
    ax.plot(x.asnumpy(), x.grad.asnumpy(), "--", label="f'(x)")
    ax.set(title=type(block).__name__, xlabel="x")
    ax.grid(alpha=0.3)
    ax.legend()


def seconds(draw_it, block):
    start = time.perf_counter()
    draw_it(block)
    plt.gcf().savefig(io.BytesIO(), bbox_inches="tight")
    plt.close()
    return time.perf_counter() - start


def cost():
    ratios = {}
    for name, block in activation_blocks().items():
        seconds(plainly, block), seconds(visualize_activation, block)  # the first is slow
        took = np.array([[seconds(plainly, block), seconds(visualize_activation, block)] for _ in range(TURNS)])
        ratios[name] = np.median(took[:, 1] / took[:, 0])
    low, high = min(ratios, key=ratios.get), max(ratios, key=ratios.get)
    middle = np.median(list(ratios.values()))
    print(f"\na picture, checked and rendered, against the plain one: {middle:.2f} times as long")
    print(f"  ({low} {ratios[low]:.2f} to {high} {ratios[high]:.2f})")
    block = activation_blocks()["GELU"]
    trace_activation(block)
    for size in (501, 10**4, 10**5, 10**6, 10**7):
        start = time.perf_counter()
        trace_activation(block, np.linspace(-10, 10, size))
        print(f"  tracing GELU at {size:>10,} points: {time.perf_counter() - start:7.3f} s")


if __name__ == "__main__":
    matplotlib.use("agg")
    sensitivity()
    false_alarms()
    cost()
