"""Small nets: build them, train them, look inside, and repeat over seeds. Needs the extra ``experiments``."""

from gluon_activations.experiments.data import Data, hold_out, mnist1d
from gluon_activations.experiments.layers import Layer, Layers, layer_statistics
from gluon_activations.experiments.nets import mlp
from gluon_activations.experiments.pictures import plot_layers, plot_norms
from gluon_activations.experiments.sweeps import sweep
from gluon_activations.experiments.training import History, seconds, train

__all__ = [
    "Data",
    "History",
    "Layer",
    "Layers",
    "hold_out",
    "layer_statistics",
    "mlp",
    "mnist1d",
    "plot_layers",
    "plot_norms",
    "seconds",
    "sweep",
    "train",
]
