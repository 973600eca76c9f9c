import mxnet_compat  # noqa: F401  first: it makes MXNet importable, or says what is wrong
from gluon_activations.catalogue import activation_blocks
from gluon_activations.curves import Curve, trace_activation
from gluon_activations.explore import explore_activation
from gluon_activations.jacobians import Jacobian, trace_jacobian
from gluon_activations.planes import visualize_jacobian, visualize_surface
from gluon_activations.plots import compare_activations, visualize_activation
from gluon_activations.surfaces import Surface, trace_surface

__all__ = [
    "Curve",
    "Jacobian",
    "Surface",
    "activation_blocks",
    "compare_activations",
    "explore_activation",
    "trace_activation",
    "trace_jacobian",
    "trace_surface",
    "visualize_activation",
    "visualize_jacobian",
    "visualize_surface",
]
