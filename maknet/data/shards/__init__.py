"""Prepared images on disk, and reading them in batches."""
