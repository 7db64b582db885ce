"""LesaNet: batches, losses, recipe."""
