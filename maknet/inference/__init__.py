"""Using a trained network: scores, and labels made of scores."""

from maknet.inference.pseudo_label import pseudo_label

__all__ = ["pseudo_label"]
