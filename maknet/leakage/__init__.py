"""Scans that are in two sets: found, listed, and left out."""
