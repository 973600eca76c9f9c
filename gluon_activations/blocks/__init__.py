"""Drop-in blocks for what MXNet 1.9.1 gets wrong, does slowly, or lacks.

Every block but GLU is elementwise: floats of any shape in, floats of that shape and dtype out, ``mx.nd`` or ``mx.np``
(of the latter, SELU and the erf form of GELU refuse those without an axis). GLU halves one axis. All can be hybridised,
exported, loaded again with ``SymbolBlock.imports``, and written as ONNX. NaN stays NaN, but in a GLU whose gate loses
it, as ``nn.Activation("relu")`` does in float32.

Integers are refused with a TypeError. In the graph of a hybridised parent, or from a file, MXNet's operators refuse
them, but for Mish, HardSwish, SquaredReLU and GLU with some gates, which there compute with integers.
"""

from gluon_activations.blocks.gated import GLU
from gluon_activations.blocks.rectifiers import SELU, RReLU, SoftReLU, SquaredReLU
from gluon_activations.blocks.smooth import GELU, HardSwish, Mish, Swish

__all__ = ["GELU", "GLU", "SELU", "HardSwish", "Mish", "RReLU", "SoftReLU", "SquaredReLU", "Swish"]
