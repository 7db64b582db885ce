"""The networks of the paper."""

from maknet.models.build import build_network, count_parameters, load_weights, save_weights

__all__ = ["build_network", "count_parameters", "load_weights", "save_weights"]
