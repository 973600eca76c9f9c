from gluon_activations.catalogue import activation_blocks

__all__ = ["activation_blocks"]
