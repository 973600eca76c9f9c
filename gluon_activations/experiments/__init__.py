"""Small nets: build them, train them, look inside, and repeat over seeds. Needs the extra ``experiments``."""

from gluon_activations.experiments.boundaries import best_line, plot_boundaries, rings
from gluon_activations.experiments.data import Data, hold_out, mnist1d
from gluon_activations.experiments.differences import paired_differences, plot_differences
from gluon_activations.experiments.elsewhere import Elsewhere
from gluon_activations.experiments.export import in_onnx_runtime, to_onnx
from gluon_activations.experiments.layers import Layer, Layers, layer_statistics
from gluon_activations.experiments.nets import mlp
from gluon_activations.experiments.pictures import plot_layers, plot_norms, plot_signals, plot_spread
from gluon_activations.experiments.shares import joints, plot_fits, plot_shares
from gluon_activations.experiments.sweeps import sweep
from gluon_activations.experiments.training import History, seconds, train

__all__ = [
    "Data",
    "Elsewhere",
    "History",
    "Layer",
    "Layers",
    "best_line",
    "hold_out",
    "in_onnx_runtime",
    "joints",
    "layer_statistics",
    "mlp",
    "mnist1d",
    "paired_differences",
    "plot_boundaries",
    "plot_differences",
    "plot_fits",
    "plot_layers",
    "plot_norms",
    "plot_shares",
    "plot_signals",
    "plot_spread",
    "rings",
    "seconds",
    "sweep",
    "to_onnx",
    "train",
]
