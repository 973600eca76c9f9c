"""Write what other frameworks make of the same activations into gluon_activations/experiments/frameworks.json.

PyTorch, Keras, JAX and ONNX Runtime, in their newest versions, cannot share an environment with MXNet 1.9.1. Nothing
but this script needs them all, so give it an environment of its own:

    python3 -m venv ../frameworks
    ../frameworks/bin/pip install torch==2.15.0 keras==3.15.1 jax==0.12.0.1 flax==0.12.12
    ../frameworks/bin/pip install onnx==1.23.2 onnxruntime==1.32.0
    ../frameworks/bin/python tools/write_framework_reference.py

Each activation is called as its framework calls it by default, unless its name here says otherwise. Defaults are read
from signatures, modules and schemas, not typed.
"""

import datetime
import inspect
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

REFERENCE = Path(__file__).parent.parent / "gluon_activations" / "experiments" / "frameworks.json"
FAR = [0.001, 0.01, 0.05, 12, 15, 20, 30, 50, 100]
X = np.array(sorted({*np.arange(-100, 101) / 10, *FAR, *(-x for x in FAR)}), dtype="float32")
ROWS = (np.arange(24, dtype="float32") % 7).reshape(2, 3, 4)  # for what is not elementwise: softmax and dense layers
CLOSE = np.array([10, 19.9, 20.1, 25])  # to where a softplus may become a line, which only float64 can tell


def numbers(array):
    """Return a list in which each number has as few digits as tell it from all others of its type."""
    return [numbers(part) for part in array] if np.ndim(array) else float(str(array))


def default(function, name):
    value = inspect.signature(function).parameters[name].default
    return list(value) if isinstance(value, tuple) else value


def torch_curve(activation, points=X):
    import torch

    x = torch.tensor(points, requires_grad=True)
    y = activation(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    return y.detach().numpy(), gradient.numpy()


def jax_curve(activation, points=X):
    import jax

    with jax.enable_x64(points.dtype == np.float64):  # without it, JAX makes float32 of float64
        y, pull = jax.vjp(activation, jax.numpy.asarray(points))
        return np.asarray(y), np.asarray(pull(jax.numpy.ones_like(y))[0])


def pytorch():
    import torch
    from torch import nn
    from torch.nn import functional

    activations = {
        "sigmoid": nn.Sigmoid(),
        "tanh": nn.Tanh(),
        "softsign": nn.Softsign(),
        "ReLU": nn.ReLU(),
        "softReLU": nn.Softplus(),
        "Leaky ReLU": nn.LeakyReLU(),
        "Leaky ReLU, slope 0.1": nn.LeakyReLU(0.1),
        "PReLU": nn.PReLU(),
        "PReLU, slope 0.25": nn.PReLU(init=0.25),
        "RReLU": nn.RReLU().eval(),  # with its mean slope
        "ELU": nn.ELU(),
        "ELU, alpha 2": nn.ELU(2),
        "CELU, alpha 2": nn.CELU(2),
        "SELU": nn.SELU(),
        "Swish": nn.SiLU(),
        "GELU": nn.GELU(),
        "GELU, tanh form": nn.GELU("tanh"),
        "Mish": nn.Mish(),
        "hard sigmoid": nn.Hardsigmoid(),
        "hard swish": nn.Hardswish(),
        "hard tanh": nn.Hardtanh(),
        "ReLU6": nn.ReLU6(),
        "squared ReLU": lambda x: nn.functional.relu(x) ** 2,
    }
    rows, norm = torch.tensor(ROWS), nn.BatchNorm2d(3)
    defaults = {
        "Leaky ReLU slope": nn.LeakyReLU().negative_slope,
        "PReLU slope": nn.PReLU().weight.item(),
        "PReLU slopes for (1, 3, 4, 4)": nn.PReLU().weight.numel(),
        "RReLU slopes": [nn.RReLU().lower, nn.RReLU().upper],
        "ELU alpha": nn.ELU().alpha,
        "CELU alpha": nn.CELU().alpha,
        "GELU approximation": nn.GELU().approximate,
        "softplus beta": nn.Softplus().beta,
        "softplus threshold": nn.Softplus().threshold,
        "softmax axis": nn.Softmax().dim,
        "dense weights for 4 to 5": list(nn.Linear(4, 5).weight.shape),
        "convolution weights for 3 to 8, 5 x 6": list(nn.Conv2d(3, 8, (5, 6)).weight.shape),
        "batch norm epsilon": norm.eps,
        "batch norm keeps": 1 - norm.momentum,
    }
    others = {"softmax": functional.softmax(rows).numpy(), "dense": list(nn.Linear(4, 5)(rows).shape)}
    others["GLU"] = nn.GLU()(rows).numpy()
    others["softplus"] = torch_curve(nn.Softplus(), CLOSE)
    version = torch.__version__.partition("+")[0]
    return {"PyTorch": version}, defaults, {name: torch_curve(f) for name, f in activations.items()}, others


def keras():
    import keras
    from keras import activations as f
    from keras import layers, ops

    curve = {"jax": jax_curve, "torch": torch_curve}[keras.backend.backend()]
    activations = {
        "sigmoid": f.sigmoid,
        "tanh": f.tanh,
        "softsign": f.softsign,
        "ReLU": f.relu,
        "softReLU": f.softplus,
        "Leaky ReLU": layers.LeakyReLU(),
        "Leaky ReLU, as a function": f.leaky_relu,
        "Leaky ReLU, slope 0.1": layers.LeakyReLU(0.1),
        "PReLU": lambda x: layers.PReLU()(x[None])[0],
        "PReLU, slope 0.25": lambda x: layers.PReLU(keras.initializers.Constant(0.25))(x[None])[0],
        "ELU": f.elu,
        "ELU, alpha 2": lambda x: f.elu(x, 2.0),
        "CELU, alpha 2": lambda x: f.celu(x, 2.0),
        "SELU": f.selu,
        "Swish": f.silu,
        "GELU": f.gelu,
        "GELU, tanh form": lambda x: f.gelu(x, approximate=True),
        "Mish": f.mish,
        "hard sigmoid": f.hard_sigmoid,
        "hard swish": f.hard_silu,
        "hard tanh": f.hard_tanh,
        "ReLU6": f.relu6,
    }
    prelu, dense, convolution = layers.PReLU(), layers.Dense(5), layers.Conv2D(8, (5, 6))
    norm = layers.BatchNormalization()
    prelu.build((1, 4, 4, 3))
    shared = layers.PReLU(shared_axes=[1, 2])
    shared.build((1, 4, 4, 3))
    convolution.build((1, 9, 9, 3))
    rows = ops.convert_to_tensor(ROWS)
    others = {"softmax": ops.convert_to_numpy(f.softmax(rows)), "dense": list(dense(rows).shape)}
    others.update({"GLU": ops.convert_to_numpy(f.glu(rows)), "softplus": curve(f.softplus, CLOSE)})
    defaults = {
        "Leaky ReLU slope": layers.LeakyReLU().negative_slope,
        "Leaky ReLU slope, as a function": default(f.leaky_relu, "negative_slope"),
        "PReLU slope": float(ops.max(prelu.alpha)),
        "PReLU slopes for (1, 3, 4, 4)": int(ops.size(prelu.alpha)),
        "PReLU slopes with shared_axes=[1, 2]": int(ops.size(shared.alpha)),
        "ELU alpha": layers.ELU().alpha,
        "CELU alpha": default(f.celu, "alpha"),
        "GELU approximation": {False: "none", True: "tanh"}[default(f.gelu, "approximate")],
        "softmax axis": default(f.softmax, "axis"),
        "dense weights for 4 to 5": list(dense.kernel.shape),
        "convolution weights for 3 to 8, 5 x 6": list(convolution.kernel.shape),
        "batch norm epsilon": norm.epsilon,
        "batch norm keeps": norm.momentum,
    }
    return {"Keras": keras.__version__}, defaults, {name: curve(f) for name, f in activations.items()}, others


def jax():
    import flax
    import jax
    from flax import nnx
    from jax import nn

    activations = {
        "sigmoid": nn.sigmoid,
        "tanh": nn.tanh,
        "softsign": nn.soft_sign,
        "ReLU": nn.relu,
        "softReLU": nn.softplus,
        "Leaky ReLU": nn.leaky_relu,
        "Leaky ReLU, slope 0.1": lambda x: nn.leaky_relu(x, 0.1),
        "PReLU": nnx.PReLU(),
        "PReLU, slope 0.25": nnx.PReLU(0.25),
        "ELU": nn.elu,
        "ELU, alpha 2": lambda x: nn.elu(x, 2.0),
        "CELU, alpha 2": lambda x: nn.celu(x, 2.0),
        "SELU": nn.selu,
        "Swish": nn.silu,
        "GELU": nn.gelu,
        "GELU, tanh form": lambda x: nn.gelu(x, approximate=True),
        "Mish": nn.mish,
        "hard sigmoid": nn.hard_sigmoid,
        "hard swish": nn.hard_silu,
        "hard tanh": nn.hard_tanh,
        "ReLU6": nn.relu6,
    }
    rngs = nnx.Rngs(0)
    dense, convolution = nnx.Linear(4, 5, rngs=rngs), nnx.Conv(3, 8, (5, 6), rngs=rngs)
    norm = nnx.BatchNorm(3, rngs=rngs)
    others = {"softmax": np.asarray(nn.softmax(ROWS)), "dense": list(dense(ROWS).shape)}
    others.update({"GLU": np.asarray(nn.glu(ROWS)), "softplus": jax_curve(nn.softplus, CLOSE)})
    defaults = {
        "Leaky ReLU slope": default(nn.leaky_relu, "negative_slope"),
        "PReLU slope": numbers(np.asarray(nnx.PReLU().negative_slope[...])[()]),
        "PReLU slopes for (1, 3, 4, 4)": nnx.PReLU().negative_slope[...].size,
        "ELU alpha": default(nn.elu, "alpha"),
        "CELU alpha": default(nn.celu, "alpha"),
        "GELU approximation": {False: "none", True: "tanh"}[default(nn.gelu, "approximate")],
        "softmax axis": default(nn.softmax, "axis"),
        "dense weights for 4 to 5": list(dense.kernel.shape),
        "convolution weights for 3 to 8, 5 x 6": list(convolution.kernel.shape),
        "batch norm epsilon": norm.epsilon,
        "batch norm keeps": norm.momentum,
    }
    versions = {"JAX": jax.__version__, "Flax": flax.__version__}
    return versions, defaults, {name: jax_curve(f) for name, f in activations.items()}, others


def onnx():
    import onnx
    import onnxruntime
    from onnx import helper

    float32 = onnx.TensorProto.FLOAT

    def run(operator, x=X, **attributes):
        constants = [helper.make_tensor("slope", float32, [], [0.25])] * (operator == "PRelu")
        node = helper.make_node(operator, ["x", *(constant.name for constant in constants)], ["y"], **attributes)
        ends = [helper.make_tensor_value_info(name, float32, x.shape) for name in "xy"]
        graph = helper.make_graph([node], operator, ends[:1], ends[1:], constants)
        imports = [helper.make_opsetid("", min(onnx.defs.onnx_opset_version(), 24))]  # the last that the runtime knows
        model = helper.make_model(graph, opset_imports=imports, ir_version=10)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {"x": x})[0]

    activations = {
        "sigmoid": run("Sigmoid"),
        "tanh": run("Tanh"),
        "softsign": run("Softsign"),
        "ReLU": run("Relu"),
        "softReLU": run("Softplus"),
        "Leaky ReLU": run("LeakyRelu"),
        "Leaky ReLU, slope 0.1": run("LeakyRelu", alpha=0.1),
        "PReLU, slope 0.25": run("PRelu"),
        "ELU": run("Elu"),
        "ELU, alpha 2": run("Elu", alpha=2.0),
        "CELU, alpha 2": run("Celu", alpha=2.0),
        "SELU": run("Selu"),
        "Swish": run("Swish"),
        "Swish, beta 2": run("Swish", alpha=2.0),
        "GELU": run("Gelu"),
        "GELU, tanh form": run("Gelu", approximate="tanh"),
        "Mish": run("Mish"),
        "hard sigmoid": run("HardSigmoid"),
        "hard swish": run("HardSwish"),
    }

    def attribute(operator, name):
        value = helper.get_attribute_value(onnx.defs.get_schema(operator).attributes[name].default_value)
        return value.decode() if isinstance(value, bytes) else numbers(np.float32(value))

    defaults = {
        "Leaky ReLU slope": attribute("LeakyRelu", "alpha"),
        "ELU alpha": attribute("Elu", "alpha"),
        "CELU alpha": attribute("Celu", "alpha"),
        "Swish alpha": attribute("Swish", "alpha"),
        "GELU approximation": attribute("Gelu", "approximate"),
        "hard sigmoid alpha": attribute("HardSigmoid", "alpha"),
        "softmax axis": int(attribute("Softmax", "axis")),
        "batch norm epsilon": attribute("BatchNormalization", "epsilon"),
        "batch norm keeps": attribute("BatchNormalization", "momentum"),
    }
    versions = {"ONNX": onnx.__version__, "ONNX Runtime": onnxruntime.__version__}
    return versions, defaults, {name: (y, None) for name, y in activations.items()}, {"softmax": run("Softmax", ROWS)}


# By the name under which results are stored: what makes them, and Keras's backend.
FRAMEWORKS = {
    "PyTorch": (pytorch, ""),
    "Keras": (keras, "jax"),
    "Keras on PyTorch": (keras, "torch"),
    "JAX": (jax, ""),
    "ONNX": (onnx, ""),
}


def one(name):
    """Return one framework's versions, defaults, curves and the rest, ready for JSON."""
    warnings.simplefilter("ignore")
    versions, defaults, curves, others = FRAMEWORKS[name][0]()
    if "hard sigmoid" in curves and curves["hard sigmoid"][1] is not None:
        defaults["hard sigmoid slope"] = numbers(curves["hard sigmoid"][1][X == 0][0])
    for curve in (*curves.values(), others.get("softplus", ())):
        assert all(part is None or np.isfinite(part).all() for part in curve)
    named = {
        key: dict(zip(["value", "gradient"], [numbers(part) for part in curve if part is not None]))
        for key, curve in curves.items()
    }
    shaped = {key: value if key == "dense" else [numbers(part) for part in value] for key, value in others.items()}
    return {"versions": versions, "defaults": defaults, "activations": named, "others": shaped}


def write(path=REFERENCE):
    found = {}
    for name, (_, backend) in FRAMEWORKS.items():
        here = {**os.environ, "KERAS_BACKEND": backend or "jax", "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
        said = subprocess.run([sys.executable, __file__, name], env=here, stdout=subprocess.PIPE, check=True).stdout
        found[name] = json.loads(said)
    versions = {key: value for results in found.values() for key, value in results.pop("versions").items()}
    head = {
        "date": f"{datetime.date.today():%-d %B %Y}",
        "python": sys.version.split()[0],
        "versions": versions,
        "x": numbers(X),
    }
    head.update({"rows": numbers(ROWS), "close": numbers(CLOSE)})
    # One line for each curve, so that a change can be read.
    lines = [f' "{key}": {json.dumps(value)}' for key, value in head.items()]
    for name, results in found.items():
        curves = [f'   "{key}": {json.dumps(value)}' for key, value in results.pop("activations").items()]
        parts = [f'  "{key}": {json.dumps(value)}' for key, value in results.items()]
        parts.append('  "activations": {\n' + ",\n".join(curves) + "\n  }")
        lines.append(f' "{name}": {{\n' + ",\n".join(parts) + "\n }")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(one(sys.argv[1])))
    else:
        write()
