"""Why a network says what it says."""

from maknet.explain.integrated_gradients import integrated_gradients

__all__ = ["integrated_gradients"]
