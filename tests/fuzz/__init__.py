"""Damaged input of every kind that the workflow reads: `make fuzz`, and a short part of it."""
